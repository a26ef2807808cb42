"""How a copy stands, and what an act does with it."""

from typing import Any

import pytest

from monarch.core.after.acts import Act, Change
from monarch.core.after.course import Course, course
from monarch.core.after.later import NOTHING, Later, Pending, Recalled, settled_at_ms
from monarch.core.after.standing import NOT_PLANNED, Standing, standing, took_effect
from monarch.core.ticket import Author
from tests.core.builders import OWN, US, an_issue

WE, STUDENT = Author(OWN), Author("student", 7)
CLOSED = {"state": "closed", "state_reason": NOT_PLANNED}
RECALLED, UNDONE = Later(recall=Recalled(4, 1)), Later(recall=Recalled(4, 1, is_reopened=True))
RETIRED = Later(recall=Recalled(4, 1, with_ticket=True))
ELSEWHERE = Later(recall=Recalled(3, 1))
CLOSING = Pending(Change.CLOSE, 4, 1000, "n")
OPENING = Pending(Change.REOPEN, 4, 2000, "n")


@pytest.mark.parametrize(
    ("issue", "later", "how"),
    [
        ({}, NOTHING, Standing.OPEN),
        ({}, RECALLED, Standing.OPEN),
        ({**CLOSED, "closed_by": WE}, RECALLED, Standing.RECALLED),
        ({**CLOSED, "closed_by": None}, RECALLED, Standing.RECALLED),
        # Valkey was emptied: GitHub knows whose deed it was.
        ({**CLOSED, "closed_by": WE}, NOTHING, Standing.RECALLED),
        ({**CLOSED, "closed_by": WE}, ELSEWHERE, Standing.RECALLED),
        ({**CLOSED, "closed_by": STUDENT}, NOTHING, Standing.CLOSED),
        ({**CLOSED, "closed_by": None}, NOTHING, Standing.CLOSED),
        # The recall was undone, and then it was closed by hand.
        ({**CLOSED, "closed_by": WE}, UNDONE, Standing.CLOSED),
        # Done is done, no matter who says so.
        ({"state": "closed", "state_reason": "completed"}, RECALLED, Standing.CLOSED),
        ({"state": "closed", "closed_by": WE}, NOTHING, Standing.CLOSED),
    ],
)
def test_the_ledger_comes_first_and_then_github(
    issue: dict[str, Any], later: Later, how: Standing
) -> None:
    """A copy is recalled where one of the two says so."""
    assert standing(an_issue(4, **issue), later, US) is how


@pytest.mark.parametrize(
    ("act", "how", "later", "what"),
    [
        (Act.RECALL, Standing.OPEN, NOTHING, Course.CHANGE),
        (Act.RECALL, Standing.OPEN, UNDONE, Course.CHANGE),
        (Act.RECALL, Standing.RECALLED, RECALLED, Course.DONE),
        (Act.RECALL, Standing.CLOSED, NOTHING, Course.LEFT),
        (Act.UNDO, Standing.RECALLED, RECALLED, Course.CHANGE),
        (Act.UNDO, Standing.OPEN, UNDONE, Course.DONE),
        (Act.UNDO, Standing.OPEN, RECALLED, Course.NOTHING),
        (Act.UNDO, Standing.OPEN, NOTHING, Course.NOTHING),
        (Act.UNDO, Standing.CLOSED, NOTHING, Course.NOTHING),
        (Act.UPDATE_AND_CLOSE, Standing.OPEN, NOTHING, Course.CHANGE),
        (Act.UPDATE_AND_CLOSE, Standing.RECALLED, RETIRED, Course.DONE),
        (Act.UPDATE_AND_CLOSE, Standing.CLOSED, NOTHING, Course.LEFT),
        (Act.UPDATE, Standing.OPEN, RETIRED, Course.NOTHING),
        (Act.UPDATE, Standing.RECALLED, RETIRED, Course.CHANGE),
        (Act.UPDATE, Standing.CLOSED, RETIRED, Course.LEFT),
    ],
)
def test_an_undo_is_about_what_a_recall_has_closed_and_nothing_else(
    act: Act, how: Standing, later: Later, what: Course
) -> None:
    """What people have closed, or opened again, is no matter of it."""
    assert course(act, how, later, 4) is what


def test_an_unanswered_change_is_seen_by_what_github_shows() -> None:
    """As our deed, or where it does not say whose; a person's closing is not ours."""
    closed = an_issue(4, **CLOSED)

    assert took_effect(CLOSING, closed, US)
    assert took_effect(CLOSING, an_issue(4, **CLOSED, closed_by=WE), US)
    assert not took_effect(CLOSING, an_issue(4, **CLOSED, closed_by=STUDENT), US)
    assert not took_effect(CLOSING, an_issue(4, state="closed", state_reason="completed"), US)
    assert not took_effect(CLOSING, an_issue(4), US)
    assert not took_effect(CLOSING, an_issue(5, **CLOSED), US)
    assert took_effect(OPENING, an_issue(4), US)
    assert not took_effect(OPENING, closed, US)


def test_a_look_waits_for_every_change_that_may_be_under_way() -> None:
    """For 20 s behind the last moment at which the newest of them can have left."""
    assert settled_at_ms([]) == 0
    assert settled_at_ms([NOTHING, Later(CLOSING), Later(OPENING)]) == 22_000
