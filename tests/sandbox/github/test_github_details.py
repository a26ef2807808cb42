"""Labels and milestones: listed, created, refused; and when a milestone is due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.sandbox.control.planting import plant
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.github.pacific import midnight
from tests.sandbox.world import BASE_URL, TEAM, TEMPLATE, Bench

if TYPE_CHECKING:
    import httpx

    from monarch.sandbox.control.client import SandboxClient


def test_those_who_can_be_assigned_are_listed_and_assigned(bench: Bench) -> None:
    """Every account with any right in the repository; another one refuses the whole issue."""
    listed = bench.send("GET", f"{TEAM}/assignees").json()
    wish = {"title": "T", "assignees": ["bot"]}
    made = bench.send("POST", f"{TEAM}/issues", wish)
    refused = bench.send("POST", f"{TEAM}/issues", wish | {"assignees": ["stranger"]})

    assert [each["login"] for each in listed] == ["bot", "org"]
    assert [each["login"] for each in made.json()["assignees"]] == ["bot"]
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "assignees")


def test_labels(bench: Bench) -> None:
    """Listed by name, created with their colour, refused when they cannot be."""
    url = f"{TEAM}/labels"
    wish = {"name": "Bug", "color": "D73A4A", "description": "Broken"}
    made = bench.send("POST", url, wish)
    bad = [{}, {"name": "bUG"}, {"name": "x", "color": "#d73a4a"}, {"name": 1}, {"name": "x" * 51}]
    bad.append({"name": "x", "description": "x" * 101})
    statuses = [bench.send("POST", url, each).status for each in bad]

    assert (made.status, made.json()["color"]) == (201, "d73a4a")
    assert made.header("Location") == made.json()["url"]
    assert statuses == [422] * len(bad)
    listed = bench.send("GET", url).json()
    assert [label["name"] for label in listed] == ["Bug"]
    stranger = bench.send("POST", "/repos/org/public/labels", wish)
    assert stranger.status == 404


def test_milestones(bench: Bench) -> None:
    """Listed when open, numbered per repository, unique by title."""
    url = f"{TEAM}/milestones"
    wish = {"title": "Sprint", "description": "D", "due_on": "2026-12-01T00:00:00Z"}
    made = bench.send("POST", url, wish)
    bad = [{}, {"title": "Sprint"}, {"title": "x", "state": "ajar"}, {"title": "x", "due_on": "?"}]
    statuses = [bench.send("POST", url, each).status for each in bad]
    bench.send("POST", url, {"title": "Past", "state": "closed"})

    assert (made.status, made.json()["number"]) == (201, 1)
    assert made.json()["due_on"] == "2026-11-30T08:00:00Z"
    assert statuses == [422] * len(bad)
    assert len(bench.send("GET", url).json()) == 1
    assert len(bench.send("GET", f"{url}?state=all").json()) == 2
    [sprint] = bench.send("GET", f"{TEMPLATE}/milestones").json()
    assert (sprint["open_issues"], sprint["closed_issues"]) == (1, 0)


@pytest.mark.parametrize("kind", ["labels", "milestones"])
def test_following_links_finds_all_of_them_once(bench: Bench, kind: str) -> None:
    """More than a page of a hundred, followed by ``Link``."""
    field = "name" if kind == "labels" else "title"
    for number in range(130):
        bench.send("POST", f"{TEAM}/{kind}", {field: f"{number:03}"})
    url, found = f"{TEAM}/{kind}?per_page=100", []
    while url:
        page = bench.send("GET", url)
        found += [each[field] for each in page.json()]
        links = [part.split("; ") for part in (page.header("Link") or "").split(", ")]
        url = next((each[0][1:-1] for each in links if each[-1] == 'rel="next"'), "")

    assert sorted(found) == [f"{number:03}" for number in range(130)]


@pytest.mark.parametrize(
    ("kind", "wish", "error"),
    [
        ("labels", {"name": "BUG"}, ("Label", "name", "already_exists")),
        ("labels", {"name": "x" * 51}, ("Label", "name", "custom")),
        ("labels", {"name": "x", "color": "red"}, ("Label", "color", "invalid")),
        ("milestones", {"title": "Sprint 1"}, ("Milestone", "title", "already_exists")),
        ("milestones", {"title": "Past"}, ("Milestone", "title", "already_exists")),
    ],
)
def test_what_is_there_or_cannot_be_says_which_field(
    bench: Bench, kind: str, wish: dict[str, Any], error: tuple[str, str, str]
) -> None:
    """Labels compare without case; a closed milestone is there all the same."""
    url = f"{TEMPLATE}/{kind}"
    refused = bench.send("POST", url, wish, token="ghp_admin")

    [told] = refused.json()["errors"]
    assert (told["resource"], told["field"], told["code"]) == error


@pytest.mark.parametrize(
    ("repo", "token", "status"),
    [
        ("/repos/org/public", "ghp_bot", 404),
        ("/repos/org/archived", "ghp_bot", 403),
        (TEAM, "github_pat_reader", 403),
        (TEAM, "ghp_noscope", 404),
        (TEAM, None, 401),
        ("/repos/org/no-issues", "ghp_bot", 201),
    ],
)
def test_who_may_create_details(bench: Bench, repo: str, token: str | None, status: int) -> None:
    """Pushers; of no archive; where issues are off there are labels and milestones still."""
    for kind, wish in (("labels", {"name": "x"}), ("milestones", {"title": "x"})):
        reply = bench.send("POST", f"{repo}/{kind}", wish, token=token)
        assert reply.status == status


def test_a_private_repository_keeps_its_details_from_a_blind_token(bench: Bench) -> None:
    """As it keeps its issues."""
    blind = {"token": "blind", "login": "org", "kind": "fine-grained", "issues": "none"}
    plant(bench.world, bench.workspace, Seed.model_validate({"tokens": [blind]}))

    for kind in ("labels", "milestones"):
        assert bench.send("GET", f"/repos/org/private/{kind}", token="blind").status == 403


def test_milestones_are_listed_by_due_date(bench: Bench) -> None:
    """Those without one come last; the other way round when asked; nonsense is refused."""
    for title, due_on in (
        ("b", None),
        ("c", "2026-12-24T12:00:00Z"),
        ("a", "2026-11-11T12:00:00Z"),
    ):
        wish = {"title": title, "due_on": due_on} if due_on else {"title": title}
        bench.send("POST", f"{TEAM}/milestones", wish)
    url = f"{TEAM}/milestones"

    def titles(query: str) -> list[str]:
        listed = bench.send("GET", f"{url}{query}")
        return [each["title"] for each in listed.json()]

    assert titles("") == ["a", "c", "b"]
    assert titles("?direction=desc") == ["b", "c", "a"]
    assert titles("?sort=completeness") == ["b", "c", "a"]
    assert bench.send("GET", f"{url}?state=ajar").status == 422


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("2020-09-24T06:59:00Z", "2020-09-23T07:00:00Z"),
        ("2020-09-24T07:01:00Z", "2020-09-24T07:00:00Z"),
        ("2022-11-14T07:00:00Z", "2022-11-13T08:00:00Z"),
        ("2022-11-13T12:00:00Z", "2022-11-13T08:00:00Z"),
        ("2026-03-08T23:00:00Z", "2026-03-08T08:00:00Z"),
        ("2026-11-01T20:00:00Z", "2026-11-01T07:00:00Z"),
    ],
)
def test_a_due_date_is_a_day_in_california(bench: Bench, asked: str, answered: str) -> None:
    """The hour is dropped over there; what was answered once stays when it is sent again."""
    for title, due_on in (("first", asked), ("again", answered)):
        made = bench.send("POST", f"{TEAM}/milestones", {"title": title, "due_on": due_on})
        assert made.json()["due_on"] == answered


@given(st.integers(1_200_000_000, 2_200_000_000))
def test_the_rule_of_summer_time_is_that_of_the_database(moment: int) -> None:
    """Where there is a time zone database; and midnight is a fixed point."""
    try:
        pacific = datetime.fromtimestamp(moment, ZoneInfo("America/Los_Angeles"))
    except ZoneInfoNotFoundError:
        pytest.skip("no time zone database")
    wanted = pacific.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    assert midnight(moment) == wanted
    assert midnight(wanted) == wanted


@pytest.mark.anyio
async def test_every_write_is_on_record(sandbox: SandboxClient, github: httpx.AsyncClient) -> None:
    """Labels, milestones, issues, edits and hierarchy with what was sent; reads are none."""
    url = "repos/org/team-a"
    await github.get(f"{url}/labels")
    await github.post(f"{url}/labels", json={"name": "a"})
    await github.post(f"{url}/milestones", json={"title": "m"})
    await github.post(f"{url}/issues", json={"title": "x"})
    await github.patch(f"{url}/issues/1", json={"body": "y"})
    await github.post(f"{url}/issues/1/sub_issues", json={"sub_issue_id": 1})
    await github.post("app/installations/1/access_tokens")
    await github.post("repos/org/public/issues", json={"title": "x"})
    writes = await sandbox.writes("org/Team-A")

    assert [(each.method, each.path, each.body) for each in writes] == [
        ("POST", "/repos/org/team-a/labels", {"name": "a"}),
        ("POST", "/repos/org/team-a/milestones", {"title": "m"}),
        ("POST", "/repos/org/team-a/issues", {"title": "x"}),
        ("PATCH", "/repos/org/team-a/issues/1", {"body": "y"}),
        ("POST", "/repos/org/team-a/issues/1/sub_issues", {"sub_issue_id": 1}),
    ]
    assert len(await sandbox.writes()) == 6


def test_a_label_in_any_script_has_an_address(bench: Bench) -> None:
    """Percent-encoded, as a header and a URI want it."""
    reply = bench.send("POST", f"{TEAM}/labels", {"name": "ünï/code ☕", "color": "00ff00"})

    url = f"{BASE_URL}/github{TEAM}/labels/%C3%BCn%C3%AF%2Fcode%20%E2%98%95"
    assert reply.status == 201
    assert reply.json()["url"] == dict(reply.headers)["Location"] == url
