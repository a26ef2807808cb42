"""`missed` as the one who gives it sees it; that it finds the right ones is tried in tests/contracts and tests/system."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from monarch.app import missing as module
from monarch.app.missing import SweptOwners
from monarch.core.ids import RequestId, TargetId
from monarch.core.missed.judging import LeftAlone, Missed, window_ms
from monarch.core.missed.sighting import Listed
from monarch.core.ticket import Origin
from monarch.ports import StoreError
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
    assert "`monarch missed org --submit` asks for their tickets" in result.stdout


def test_the_advice_is_the_same_command_that_asks(find: Find) -> None:
    """Without its owners and its time it was refused, or asked for something else."""
    named = find(FOUND, "org", "O-2", "--since", "2h")
    set_before = find(FOUND, MONARCH_MISSED_OWNERS="org")

    assert "`monarch missed org O-2 --since 2h --submit` asks" in named.stdout
    assert "`monarch missed --submit` asks" in set_before.stdout


def test_nothing_is_called_missed_whose_request_is_forgotten(find: Find) -> None:
    """Requests are kept for three days: by itself the command looks no further back, and asks for no other `--since`."""
    result = find(FOUND, "org", MONARCH_RETENTION_DAYS="3")

    assert result.exit_code == 0
    assert find.asked[1] == window_ms(3 * 86_400_000) < 3 * 86_400_000  # type: ignore[attr-defined]  # see find


def test_requests_are_shown_where_it_was_asked_for(find: Find) -> None:
    """In the name of the one who gives the command."""
    found = SweptOwners((SWEEP,), {TargetId(7): RequestId("17-0")})

    result = find(found, "org", "--submit", "--by", "ada")

    assert "17-0" in result.stdout
    assert "--submit" not in result.stdout
    assert find.asked[:2] == (["org"], 7 * 86_400_000)  # type: ignore[attr-defined]  # see find
    assert find.asked[3] is not None  # type: ignore[attr-defined]  # see find


class Losing:
    """Takes in what was missed, and loses an answer of Valkey after so many; notes in whose name."""

    def __init__(self, after: int) -> None:
        self.left, self.by = after, ""

    async def submit(self, missed: Missed, by: str) -> RequestId:
        """See `ports.missed.Missing`."""
        if not self.left:
            message = "submit: Timeout reading from 127.0.0.1:6379"
            raise StoreError(message)
        self.left, self.by = self.left - 1, by
        return RequestId(f"{missed.repository.id}-0")


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (3, "3 of 5 submitted, but missed --submit: {why}. The rest may have been done"),
        (0, "missed --submit: {why}. It may have been done"),
        (5, ""),
    ],
)
def test_a_lost_answer_does_not_deny_what_was_submitted_before(
    monkeypatch: pytest.MonkeyPatch, give: Give, after: int, says: str
) -> None:
    """Three repositories were asked for, and all that was said is that Valkey did not answer."""
    lost = Losing(after)
    missed = [replace(MISSED, repository=replace(TEAM, id=TargetId(n))) for n in range(5)]

    async def swept(*asked: Any) -> SweptOwners:
        return SweptOwners((SWEEP,), await asked[-1](lost, missed))

    monkeypatch.setattr(module, "swept", swept)
    result = give("missed", "org", "--submit", "--by", "ada", **TOKEN)

    why = "Timeout reading from 127.0.0.1:6379"
    told = f"monarch: {says.format(why=why)}: see `monarch requests`. See `monarch doctor`.\n"
    assert result.stderr == (told if says else "")
    assert lost.by == ("ada" if after else "")


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
