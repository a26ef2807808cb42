"""Which call a rule hits; how it is acted out is in test_gateway."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from monarch.sandbox.faults import Action, DropAfter, DropBefore, Fault, Faults, Hold, Match
from monarch.sandbox.http import Call

POST = Call("POST", "/repos/o/r/issues", {}, {}, b'{"title": "Second"}', "http://h")


def hits(faults: Faults, calls: int, call: Call = POST) -> list[int | None]:
    """The ids of the rules that hit a row of equal calls."""
    struck = [faults.strike("github", call) for _ in range(calls)]
    return [rule.id if rule else None for rule in struck]


def test_a_rule_hits_from_the_nth_match_on_as_often_as_told() -> None:
    """``nth`` counts matching calls from 1, ``times`` counts hits."""
    faults = Faults()
    faults.add(Fault(nth=2, times=2, action=DropAfter()))

    assert hits(faults, 5) == [None, 1, 1, None, None]


def test_a_rule_without_times_hits_for_ever() -> None:
    """``times`` of ``None`` has no end."""
    faults = Faults()
    faults.add(Fault(times=None, action=DropAfter()))

    assert hits(faults, 3) == [1, 1, 1]


def test_the_oldest_due_rule_wins_and_the_others_count_the_match() -> None:
    """Two rules for the first and the second call are given in any order."""
    faults = Faults()
    faults.add(Fault(action=DropBefore()))
    faults.add(Fault(nth=2, action=DropAfter()))

    assert hits(faults, 3) == [1, 2, None]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(api="slack"), False),
        (Match(method="post"), True),
        (Match(method="GET"), False),
        (Match(path_regex="/issues$"), True),
        (Match(path_regex="^/issues"), False),
        (Match(body_regex="Second"), True),
        (Match(body_regex="Third"), False),
    ],
)
def test_a_match_asks_only_for_what_it_names(match: Match, fits: bool) -> None:
    """What is left out matches all."""
    assert match.fits("github", POST) is fits


def test_ids_are_never_used_again() -> None:
    """A stale id cannot release another test's rule."""
    faults = Faults()
    first = faults.add(Fault(action=Hold()))
    faults.clear()

    assert faults.add(Fault(action=Hold())) == first + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"kind": "delay"},
        {"kind": "delay", "seconds": -1},
        {"kind": "drop_after", "status": 500},
    ],
)
def test_a_mistyped_action_is_refused(wrong: dict[str, Any]) -> None:
    """A test that misspells its fault must not pass by accident."""
    with pytest.raises(ValidationError):
        TypeAdapter[Action](Action).validate_python(wrong)
