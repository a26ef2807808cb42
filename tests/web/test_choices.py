"""The queries of addresses: a choice that is misspelled chose everything, and did not say so."""

import re
from typing import Never

import pytest
from starlette.applications import Starlette

from monarch.telemetry import Telemetry
from monarch.web.page.choices import mistakes, page_number
from monarch.web.page.planning import Planning
from monarch.web.page.updating import UpdatePage
from tests.web.asking import asking
from tests.web.doubles import COHORT, REQUEST, Given, a_cohort, a_line, details_of, paging

PROGRAM = {"Accept": "application/json"}
ID = "two numbers with a dash between, such as 1732406400000-0"

WRONG = [
    ("/requests?state=nope", "state should be one of queued, running, done", "not nope"),
    ("/requests?target=foo", "there is no choice by target here: it has state", ""),
    ("/requests?state=done&state=dead", "state should be given once, not 2 times", ""),
    ("/dead?code=nope", "code should be one of message_too_large", "not nope"),
    ("/dead?request=zzz", f"request should be {ID}", "not zzz"),
    ("/dead?kode=x", "there is no choice by kode here: it has request, target, code", ""),
    ("/events?request=1", f"request should be {ID}", "not 1"),
    ("/events?name=x", "there is no choice by name here: it has request, target, kind", ""),
    (f"/events?kind={'x' * 201}", "kind should be at most 200 characters", ""),
    (f"/requests/{REQUEST}?page=0", "page should be the number of a page, from 1", "not 0"),
    (f"/cohorts/{COHORT}?page=-1", "page should be the number of a page, from 1", "not -1"),
    ("/?x=1", "there is no choice by x here", ""),
    ("/workers?state=idle", "there is no choice by state here", ""),
]


@pytest.mark.parametrize(("address", "expected", "came"), WRONG)
async def test_a_choice_that_was_not_made_is_no_document(
    telemetry: Telemetry, address: str, expected: str, came: str
) -> None:
    """A program got all requests for `?state=nope`, with 200; people see what there is, and a word about it."""
    source = Given(lines=[a_line()], details=[details_of()], cohort_views=[a_cohort()])
    async with paging(source, telemetry) as (client, _):
        told = await client.get(address, headers=PROGRAM)
        seen = await client.get(address)

    assert told.status_code == 422
    assert expected in told.json()["error"]
    assert came in told.json()["error"]
    assert seen.status_code == 200
    assert f"Not understood in this address: {expected}" in re.sub("</?bdi>", "", seen.text)


@pytest.mark.parametrize(
    "address",
    [
        "/requests?state=done",
        "/requests?state=",
        "/dead?request=&target=&code=",
        f"/dead?request={REQUEST}&target=org/team-a&code=issues_disabled",
        "/events?kind=migration",
        f"/requests/{REQUEST}?page=99999",
    ],
)
async def test_a_choice_that_is_one_is_taken(telemetry: Telemetry, address: str) -> None:
    """An empty field of a form is no choice, and the page sends such fields itself."""
    async with paging(Given(details=[details_of()]), telemetry) as (client, _):
        told = await client.get(address, headers=PROGRAM)
        seen = await client.get(address)

    assert (told.status_code, seen.status_code) == (200, 200)
    assert "Not understood" not in seen.text


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("/dead", "monarch dead list"),
        ("/dead?code=nope", ""),
        ("/dead?code=issues_disabled&request=zzz", ""),
        (
            "/dead?code=issues_disabled&target=org/b",
            "monarch dead list --target org/b --code issues_disabled",
        ),
        ("/dead?target=a;b", "monarch dead list --target &#39;a;b&#39;"),
        ("/events?request=zzz", ""),
        (f"/events?request={REQUEST}&kind=migration", f"monarch events --request {REQUEST}"),
        ("/requests?state=nope", "monarch requests"),
    ],
)
async def test_a_page_offers_no_command_that_refuses_its_choice(
    telemetry: Telemetry, address: str, command: str
) -> None:
    """`monarch dead list --code nope` and `monarch events --request zzz` were "the same in a terminal": both are refused."""
    async with paging(Given(), telemetry) as (client, _):
        seen = (await client.get(address)).text

    foot = "The same in a terminal: "
    offered = seen.partition(foot)[2].partition("</footer>")[0]
    assert (foot in seen, re.sub("<[^>]*>", "", offered)) == (bool(command), command)


async def never(*_: object) -> Never:
    """GitHub is not asked."""
    raise AssertionError


@pytest.mark.parametrize(
    "address", ["/plan?sorce=org/a&targets=org/b", f"/requests/{REQUEST}/update?team=x"]
)
async def test_what_costs_calls_to_github_is_not_begun_for_another_question(address: str) -> None:
    """`?team=` made the update of every team; a plan without its source said only that it lacks one."""
    routes = [*Planning(never, "").routes(), *UpdatePage(never, "").routes()]
    async with asking(Starlette(routes=routes)) as client:
        told = await client.get(address, headers=PROGRAM)

    assert told.status_code == 422
    assert "there is no choice by" in told.json()["error"]


def test_every_mistake_is_told_in_one_line_without_secrets() -> None:
    """The names and values are anybody's."""
    asked = [("a\nb", "1"), ("state", "ghp_" + "x" * 36), ("token", " ")]

    found = "; ".join(mistakes(("state",), asked))

    assert "no choice by a b here" in found
    assert "ghp_x" not in found
    assert "token" not in found


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("99999", 99999), ("0", None), ("\u00b2", None), ("", None), ("100000", None)],
)
def test_the_number_of_a_page(text: str, number: int | None) -> None:
    """From one, and not longer than any page's."""
    assert page_number(text) == number
