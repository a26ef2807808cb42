"""`/plan`, over real HTTP: what comes out, and what bounds it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from monarch.core.report.rehearsal import Copy, Rehearsal
from monarch.core.report.target_plan import DryRun, TargetPlan
from monarch.ports import StoreError
from monarch.web.door.guard import Guard
from monarch.web.door.visit import Doors
from monarch.web.form import RequestForm, asked_in
from monarch.web.page.planning import TARGETS, Planning
from tests.web.asking import asking
from tests.web.doubles import in_words

ADDRESS = "/plan?source=org/template&targets=org/team-a%20org/team-b"
WORD = st.text(st.characters(blacklist_categories=["Z", "C"], blacklist_characters=","), min_size=1)
PROGRAM = {"Accept": "application/json"}


class Planner:
    """Plans the same for everybody; `asked` is for what."""

    def __init__(self, answer: DryRun | str | Exception) -> None:
        self.answer = answer
        self.asked: list[RequestForm] = []

    async def plan(self, asked: RequestForm) -> DryRun | str:
        """The answer, or its failure."""
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def a_plan() -> DryRun:
    """One team gets a copy, the other cannot be read."""
    good = Rehearsal("org/team-a", create=(Copy(3, 1, "Set up"),))
    bad = Rehearsal("org/team-b", problem="<b>its issues are switched off</b>")
    targets = TargetPlan("org/team-a", good), TargetPlan("org/team-b", bad)
    return DryRun("org/template", 1, targets, seconds=5.0)


@asynccontextmanager
async def planning(planner: Planner) -> AsyncIterator[httpx.AsyncClient]:
    """The address alone, behind the door."""
    app = Starlette(routes=Planning(planner.plan, "https://github.com").routes())
    async with asking(Guard(app, Doors())) as client:
        yield client


async def test_a_plan_says_what_would_be_done() -> None:
    """Numbers, what is in the way, and nothing of it is HTML from outside."""
    planner = Planner(a_plan())
    async with planning(planner) as client:
        page = await client.get(ADDRESS)
        document = await client.get(ADDRESS, headers=PROGRAM)

    assert planner.asked == [
        RequestForm("org/template", ("org/team-a", "org/team-b"))
    ]  # once for both
    assert "1 ticket, 1 write" in page.text
    assert "#3 as #1" in page.text
    assert "&lt;b&gt;its issues are switched off" in page.text
    assert "monarch plan org/template org/team-a org/team-b" in in_words(page.text)
    assert [one["asked"] for one in document.json()["targets"]] == ["org/team-a", "org/team-b"]


async def test_a_plan_with_something_in_the_way_of_each_target_is_not_called_done() -> None:
    """It said that nothing is to be done, as if all were there."""
    whole = a_plan()
    async with planning(Planner(replace(whole, targets=whole.targets[1:]))) as client:
        page = await client.get(ADDRESS)

    assert "something is in the way of each target" in page.text
    assert "nothing is to be done" not in page.text


async def test_a_plan_of_a_portion_is_submitted_as_it_was_asked_for() -> None:
    """The button names the same source, targets, channel, date and milestones, and so does its command."""
    asked = RequestForm(
        "org/template",
        ("org/team-a",),
        "C1",
        "2026-11-30T08:00+01:00",
        ("Sprint 2", "O'Brien & co"),
    )
    planner = Planner(a_plan())
    async with planning(planner) as client:
        page = await client.get(f"/plan?{asked.query()}")
        again = await client.get(f"/plan?{replace(asked, channel='C2').query()}")

    assert planner.asked == [replace(asked, channel="")]  # whom Slack tells changes nothing of it
    [button] = re.findall(r'href="(/acts/submit[^"]+)"', page.text)
    assert asked_in(dict(parse_qsl(urlsplit(unescape(button)).query))) == asked
    assert "--milestone 'Sprint 2'" in in_words(unescape(page.text))
    assert 'value="C2"' in again.text


@given(
    st.builds(
        RequestForm,
        WORD,
        st.lists(WORD, min_size=1).map(tuple),
        st.just("") | WORD,
        st.just("") | WORD,
        st.lists(st.lists(WORD, min_size=1).map(" ".join)).map(tuple),
    )
)
def test_what_is_asked_for_stands_in_the_address(asked: RequestForm) -> None:
    """Whatever was typed: an address can be reloaded, passed on, and submitted."""
    assert asked_in(dict(parse_qsl(asked.query()))) == asked


async def test_an_empty_form_reads_nothing() -> None:
    """Nor does another site that has a browser ask: each plan costs calls of GitHub."""
    planner = Planner(a_plan())
    async with planning(planner) as client:
        form = await client.get("/plan")
        foreign = await client.get(ADDRESS, headers={"Sec-Fetch-Site": "cross-site"})
        document = await client.get("/plan", headers=PROGRAM)

    assert planner.asked == []
    assert 'name="source"' in form.text
    assert 'value="org/template"' in foreign.text
    assert "another site led here" in foreign.text
    assert document.status_code == 400


@pytest.mark.parametrize("answer", ["no such template", StoreError("no such template")])
async def test_what_cannot_be_planned_is_said(answer: str | Exception) -> None:
    """In a sentence, and not as an error of the server."""
    async with planning(Planner(answer)) as client:
        page = await client.get(ADDRESS)
        document = await client.get(ADDRESS, headers=PROGRAM)

    assert page.status_code == 200
    assert "no such template" in page.text
    assert document.status_code == 422


async def test_a_failure_is_not_shown_again() -> None:
    """It was, for a minute after Valkey had come back."""
    planner = Planner(StoreError("connection refused"))
    async with planning(planner) as client:
        failed = await client.get(ADDRESS)
        planner.answer = a_plan()
        made = await client.get(ADDRESS)

    assert "Valkey does not answer: connection refused" in failed.text
    assert "1 ticket, 1 write" in made.text


async def test_too_many_targets_are_left_to_the_command() -> None:
    """A page must not read five hundred repositories."""
    planner = Planner(a_plan())
    many = "%20".join(f"org/t{n}" for n in range(TARGETS + 1))
    async with planning(planner) as client:
        page = await client.get(f"/plan?source=org/template&targets={many}")

    assert planner.asked == []
    assert "use the command" in page.text
    assert f"org/t{TARGETS}</textarea>" in page.text  # none of what was typed is lost
