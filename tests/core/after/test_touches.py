"""Touches: what counts as people's deed on a copy, and what does not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.after.touch import Happening, Touch
from monarch.core.after.touches import touches_in_timeline, touches_shown
from monarch.core.copy.render import render
from monarch.core.ticket import Author, Issue
from tests.core.builders import COPYING, OWN, US, a_ticket, an_issue

TICKET = a_ticket(1)
STUDENT, US_ALL = Author("student", 7), Author(OWN)
BOARD_BOT = Author("github-project-automation[bot]", 9, is_bot=True)
KINDS = {
    "commented": Touch.COMMENTED,
    "assigned": Touch.ASSIGNED,
    "unassigned": Touch.ASSIGNED,
    "labeled": Touch.LABELLED,
    "unlabeled": Touch.LABELLED,
    "milestoned": Touch.MILESTONED,
    "demilestoned": Touch.MILESTONED,
    "renamed": Touch.EDITED,
    "closed": Touch.CLOSED,
    "reopened": Touch.CLOSED,
    "cross-referenced": Touch.LINKED,
    "referenced": Touch.LINKED,
    "connected": Touch.LINKED,
    "sub_issue_added": Touch.LINKED,
    "parent_issue_added": Touch.LINKED,
    "blocked_by_added": Touch.LINKED,
    "locked": Touch.CHANGED,
    "something_of_2027": Touch.CHANGED,
}


def a_copy(**changes: Any) -> Issue:
    """The ticket's copy, as Monarch wrote it."""
    return an_issue(4, **{"title": TICKET.title, "body": render(TICKET, COPYING).body, **changes})


def test_a_copy_as_monarch_wrote_it_is_untouched() -> None:
    """Open or closed: the timeline says who closed it."""
    assert touches_shown(a_copy(), TICKET, COPYING, US) == ()
    assert touches_shown(a_copy(state="closed"), TICKET, COPYING, US) == ()


@pytest.mark.parametrize(
    ("changes", "touch"),
    [
        ({"title": "Mine"}, Touch.EDITED),
        ({"body": "Mine."}, Touch.EDITED),
        ({"comments": 1}, Touch.COMMENTED),
        ({"reactions": 1}, Touch.REACTED),
    ],
)
def test_what_the_issue_itself_shows_is_a_touch(changes: dict[str, Any], touch: Touch) -> None:
    """Without a look at its timeline."""
    assert touches_shown(a_copy(**changes), TICKET, COPYING, US) == (touch,)


def test_an_issue_that_monarch_did_not_write_is_nobodys_to_take_back() -> None:
    """By another account, whatever it says; or by hand, which looks like a copy whose marker was edited away."""
    forged = replace(a_copy(), author="student")
    adopted = a_copy(body=TICKET.body)

    assert touches_shown(forged, TICKET, COPYING, US) == (Touch.NOT_OURS,)
    assert touches_shown(adopted, TICKET, COPYING, US) == (Touch.NOT_OURS,)


def test_what_the_predecessor_wrote_is_ours_as_long_as_it_is_as_it_wrote_it() -> None:
    """It is known by its `$`; what a student has ticked, retitled or commented since is theirs."""
    ticket = a_ticket(1, body="- [ ] one\r\n- [ ] two")
    written = an_issue(4, title=ticket.title, body=f"${ticket.body}\n")

    assert touches_shown(written, ticket, COPYING, US) == ()
    for changes, touch in (
        ({"body": "$- [x] one\r\n- [ ] two\n"}, Touch.NOT_OURS),
        ({"body": ticket.body}, Touch.NOT_OURS),
        ({"body": "$Mine.\n"}, Touch.EDITED),
        ({"title": "Mine"}, Touch.EDITED),
        ({"comments": 1}, Touch.COMMENTED),
        ({"author": "student"}, Touch.NOT_OURS),
    ):
        assert touches_shown(replace(written, **changes), ticket, COPYING, US) == (touch,)


@pytest.mark.parametrize(("kind", "touch"), KINDS.items())
def test_a_deed_of_others_is_a_touch_and_ours_is_none(kind: str, touch: Touch) -> None:
    """And so is one of an account that was deleted since."""
    assert touches_in_timeline([Happening(kind, STUDENT)], US) == (touch,)
    assert touches_in_timeline([Happening(kind, None)], US) == (touch,)
    assert touches_in_timeline([Happening(kind, US_ALL)], US) == ()


def test_what_github_writes_under_the_name_of_others_is_no_deed_of_theirs() -> None:
    """A mention in our text, and a bot that puts each new issue on a board."""
    happenings = [
        Happening("mentioned", STUDENT),
        Happening("subscribed", STUDENT),
        Happening("added_to_project_v2", BOARD_BOT),
    ]

    assert touches_in_timeline(happenings, US) == ()
    assert touches_in_timeline([Happening("added_to_project_v2", STUDENT)], US) == (Touch.CHANGED,)


@given(st.lists(st.tuples(st.sampled_from([*KINDS, "mentioned"]), st.booleans())))
def test_one_deed_of_others_is_enough_whatever_stands_around_it(
    deeds: list[tuple[str, bool]],
) -> None:
    """No order and no number of our own events hides it."""
    happenings = [Happening(kind, US_ALL if is_ours else STUDENT) for kind, is_ours in deeds]
    told = touches_in_timeline(happenings, US)

    assert set(told) == {KINDS[kind] for kind, ours in deeds if not ours and kind in KINDS}
    assert list(told) == [touch for touch in Touch if touch in told]
