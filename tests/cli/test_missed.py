"""`missed` as the one who gives it sees it; that it finds the right ones is tried in tests/contracts and tests/system."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from monarch.app import missing as module
from monarch.app.missing import SweptOwners
from monarch.core.ids import RequestId, TargetId
from monarch.core.missed.judging import LeftAlone, Missed
from monarch.core.missed.sighting import Listed
from monarch.core.ticket import Origin
from monarch.stages.missed.sweeper import Sweep
from tests.cli.conftest import Give

TEAM = Listed(TargetId(7), "org/team-b", 1_795_761_496_000)
MISSED = Missed(TEAM, Origin(3, "org/template"), "C06GHMZB3M3")
SWEEP = Sweep("org", (MISSED,), {LeftAlone.ASKED: 4, LeftAlone.UNKNOWN_TEMPLATE: 2}, 7, reads=3)
FOUND = SweptOwners((SWEEP,))
TOKEN = {"GH_PAT": "ghp_x"}

Find = Callable[..., Any]


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch, give: Give) -> Find:
    """Give the command where this is found; `asked` is what it was asked for."""

    def told(found: SweptOwners, *arguments: str, **environment: str) -> Any:
        async def swept(_settings: object, *asked: object) -> SweptOwners:
            told.asked = asked  # type: ignore[attr-defined]  # where a test looks
            return found

        monkeypatch.setattr(module, "swept", swept)
        return give("missed", *arguments, **TOKEN, **environment)

    return told


def test_what_was_missed_is_listed_with_what_can_be_done(find: Find) -> None:
    """And what was left alone is counted."""
    result = find(FOUND, "org")

    assert result.exit_code == 0
    assert "org/team-b" in result.stdout
    assert "org: 7 looked at, 1 missed; left alone: 4 asked, 2 unknown-template (3 reads)" in (
        result.stdout
    )
    assert "`monarch missed --submit` asks for their tickets" in result.stdout


def test_requests_are_shown_where_it_was_asked_for(find: Find) -> None:
    """In the name of the one who gives the command."""
    found = SweptOwners((SWEEP,), {TargetId(7): RequestId("17-0")})

    result = find(found, "org", "--submit", "--by", "ada")

    assert "17-0" in result.stdout
    assert "--submit" not in result.stdout
    assert find.asked[:3] == (["org"], 7 * 86_400_000, "ada")  # type: ignore[attr-defined]  # see find


def test_the_document_has_everything(find: Find) -> None:
    """For programs."""
    shown = json.loads(find(FOUND, "org", "--since", "2h", "--json").stdout)

    assert shown["since_seconds"] == 7200
    assert shown["missed"] == [
        {
            "repository": "org/team-b",
            "id": 7,
            "created_at": "2026-11-27 06:38:16 UTC",
            "source": "org/template",
            "channel": "C06GHMZB3M3",
            "request": None,
        }
    ]
    assert shown["owners"][0]["left_alone"] == {"asked": 4, "unknown-template": 2}


def test_nothing_missed_is_said(find: Find) -> None:
    """It is no failure."""
    result = find(SweptOwners((Sweep("org", repositories=3, reads=1),)), "org")

    assert (result.exit_code, "no repository was missed" in result.stdout) == (0, True)


def test_an_owner_that_cannot_be_looked_through_is_a_failure(find: Find) -> None:
    """And nothing is said of what it would have missed."""
    result = find(SweptOwners((Sweep("org", problem="GitHub answered 500"),)), "org")

    assert result.exit_code == 1
    assert "org: not looked through: GitHub answered 500" in result.stdout
    assert "no repository was missed" not in result.stdout


def test_the_owners_of_the_settings_are_taken_where_none_is_named(find: Find) -> None:
    """Each once."""
    find(FOUND, MONARCH_MISSED_OWNERS="Org, org, other")

    assert find.asked[0] == ["Org", "other"]  # type: ignore[attr-defined]  # see find


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say whose repositories: OWNER, one or more, or set MONARCH_MISSED_OWNERS"),
        (("org/team",), "OWNER should be the name of an organisation or a user, not org/team"),
        (("org", "--since", "soon"), "--since should be an age such as 90s, 15min, 2h or 3d"),
        (("org", "--since", "31d"), "--since should be more than 0 and at most 30d"),
        (("org", "--since", "0s"), "--since should be more than 0 and at most 30d"),
        (("org", "--submit", "--by", " "), "--by should be a name"),
    ],
)
def test_wrong_usage_is_told(find: Find, arguments: tuple[str, ...], says: str) -> None:
    """With what was expected."""
    result = find(FOUND, *arguments)

    assert result.exit_code == 2
    assert says in result.stderr
