"""Dependencies between issues."""

from __future__ import annotations

from typing import Any

import pytest

from monarch.sandbox.github.relations.dependencies import MOST
from tests.sandbox.world import BOT, TEAM, Bench


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """GitHub with three issues of the team's."""
    for title in ("First", "Then", "Last"):
        bench.send("POST", f"{TEAM}/issues", {"title": title})
    return bench


def issue(bench: Bench, number: int) -> dict[str, Any]:
    """An issue."""
    found: dict[str, Any] = bench.send("GET", f"{TEAM}/issues/{number}").json()
    return found


def block(bench: Bench, number: int, blocker: int, token: str = BOT) -> Any:
    """Have an issue wait for the one with that number."""
    wish = {"issue_id": issue(bench, blocker)["id"]}
    url = f"{TEAM}/issues/{number}/dependencies/blocked_by"
    return bench.send("POST", url, wish, token=token)


def listed(bench: Bench, number: int, which: str = "blocked_by") -> list[int]:
    """What a list shows."""
    found = bench.send("GET", f"{TEAM}/issues/{number}/dependencies/{which}")
    return [each["number"] for each in found.json()]


def test_an_issue_waits_for_others_in_the_order_in_which_that_was_said(bench: Bench) -> None:
    """Both sides show it, and the summary counts what is open."""
    made = block(bench, 3, 2)
    block(bench, 3, 1)
    bench.send("PATCH", f"{TEAM}/issues/1", {"state": "closed"})

    assert made.status == 201
    assert listed(bench, 3) == [2, 1]
    assert listed(bench, 1, "blocking") == [3]
    assert issue(bench, 3)["issue_dependencies_summary"] == {
        "blocked_by": 1,
        "total_blocked_by": 2,
        "blocking": 0,
        "total_blocking": 0,
    }


def test_what_cannot_be_is_refused(bench: Bench) -> None:
    """Twice the same, itself, an issue that is none, and more than fit."""
    block(bench, 2, 1)
    url = f"{TEAM}/issues/2/dependencies/blocked_by"

    assert block(bench, 2, 1).status == 422
    assert block(bench, 2, 2).status == 422
    assert bench.send("POST", url, {"issue_id": 1}).status == 404
    assert bench.send("POST", url, {"issue_id": "1"}).status == 422
    for number in range(4, MOST + 4):
        bench.send("POST", f"{TEAM}/issues", {"title": "More"})
        block(bench, 2, number)
    assert len(bench.world.dependencies.of(issue(bench, 2)["id"])) == MOST


def test_whoever_may_only_read_arranges_nothing(bench: Bench) -> None:
    """As with sub-issues."""
    assert block(bench, 2, 1, token="github_pat_reader").status == 403


def test_a_dependency_ends_with_its_issue_or_is_taken_back(bench: Bench) -> None:
    """What is deleted blocks nothing."""
    block(bench, 2, 1)
    block(bench, 3, 1)
    blocker = issue(bench, 1)["id"]
    gone = bench.send("DELETE", f"{TEAM}/issues/2/dependencies/blocked_by/{blocker}")
    again = bench.send("DELETE", f"{TEAM}/issues/2/dependencies/blocked_by/{blocker}")

    assert (gone.status, again.status) == (200, 404)
    assert listed(bench, 2) == []
    [team] = [one for one in bench.world.repositories.values() if one.full_name == "org/team-a"]
    bench.world.delete_issue(team, 1)
    assert listed(bench, 3) == []
