"""Revision: what an update does with one copy."""

from typing import Any

import pytest

from monarch.core.after.edit import Edit
from monarch.core.after.revision import Earlier, LeftToPeople, detail_changes, revision
from monarch.core.after.touch import Happening, Touch
from monarch.core.copy.details import Details
from monarch.core.copy.render import render
from monarch.core.ticket import Author, Issue, Label, Milestone
from tests.core.builders import COPYING, OWN, US, a_ticket, an_issue

OLD = a_ticket(1, body="Do it.", labels=(Label("easy", "00ff00", ""),))
NEW = a_ticket(1, title="Better", body="Do it well.", labels=OLD.labels)
OLDER = a_ticket(1, title="First", body="Do.")
EARLIER = (Earlier(OLD, COPYING), Earlier(OLDER, COPYING))
STUDENT = Author("student", 7)
EASY, HARD = Label("easy", "00ff00", ""), Label("hard", "ff0000", "")


def a_copy(**changes: Any) -> Issue:
    """The copy as Monarch wrote it for the earlier ticket."""
    written = render(OLD, COPYING)
    known = {"title": written.title, "body": written.body, "labels": (EASY,)}
    return an_issue(4, **{**known, **changes})


def revised(issue: Issue, ticket: Any = NEW, details: Details | None = None) -> Edit | LeftToPeople:
    """What becomes of it."""
    return revision(issue, ticket, COPYING, EARLIER, details or Details(("easy",)), US)


def test_a_copy_as_an_earlier_plan_has_it_is_edited() -> None:
    """Title and text, of the newest plan or of one before; and nothing of what is the same."""
    wanted = render(NEW, COPYING)
    first = render(OLDER, COPYING)

    assert revised(a_copy()) == Edit(wanted.title, wanted.body)
    assert revised(a_copy(title=first.title, body=first.body)) == Edit(wanted.title, wanted.body)
    titled = a_ticket(1, title="Better", body="Do it.", labels=OLD.labels)
    assert revised(a_copy(), titled) == Edit(title="Better")


def test_a_copy_that_says_what_its_ticket_says_is_not_edited() -> None:
    """So running it again edits nothing."""
    wanted = render(NEW, COPYING)

    assert revised(a_copy(title=wanted.title, body=wanted.body)) == Edit()


@pytest.mark.parametrize("changes", [{"title": "Mine"}, {"body": "Mine."}])
def test_what_people_wrote_is_theirs(changes: dict[str, Any]) -> None:
    """Whichever of the two they have changed."""
    assert revised(a_copy(**changes)) == LeftToPeople(Touch.EDITED)


def test_what_monarch_did_not_write_is_left() -> None:
    """By another account, or adopted; as long as it says the same there is nothing to tell."""
    assert revised(a_copy(author="student")) == LeftToPeople(Touch.NOT_OURS)
    assert revised(an_issue(4, title=NEW.title, body=NEW.body)) == Edit()
    adopted = an_issue(4, title=OLDER.title, body=f"${OLDER.body}\n")
    assert revised(adopted) == LeftToPeople(Touch.NOT_OURS)


def test_only_what_the_template_has_added_is_added() -> None:
    """A label that people took away is not put back, and one that they gave stays."""
    ticket = a_ticket(1, body="Do it.", labels=(EASY, HARD))
    mine = Label("mine", "0000ff", "")
    details = Details(("easy", "hard"))

    assert revised(a_copy(labels=(mine,)), ticket, details) == Edit(labels=("mine", "hard"))
    assert revised(a_copy(labels=(EASY, HARD)), ticket, details) == Edit()


def test_what_some_earlier_plan_lacks_is_added_unless_people_took_it_away() -> None:
    """The message was sent again since, and that one left the copy as it was; the timeline tells whose deed a lack is."""
    again = a_ticket(1, body="Do it.", labels=(EASY, HARD), milestone=Milestone("S"), type="Bug")
    earlier = (Earlier(again, COPYING), *EARLIER)
    details = Details(("easy", "hard"), 7, "Bug")

    def now(*happenings: Happening) -> Edit | LeftToPeople:
        theirs = detail_changes(happenings, US)
        return revision(a_copy(), again, COPYING, earlier, details, US, theirs)

    assert now() == Edit(labels=("easy", "hard"), milestone=7, type="Bug")
    assert now(Happening("unlabeled", STUDENT, "Hard")) == Edit(milestone=7, type="Bug")
    assert now(Happening("unlabeled", Author(OWN), "hard")) == now()
    assert now(Happening("demilestoned", STUDENT)) == Edit(labels=("easy", "hard"), type="Bug")
    assert now(Happening("issue_type_removed", STUDENT)) == Edit(
        labels=("easy", "hard"), milestone=7
    )


def test_a_milestone_follows_the_template_unless_people_have_moved_it() -> None:
    """And so does a type."""
    ticket = a_ticket(1, body="Do it.", milestone=Milestone("Sprint 2"), type="Bug")
    details = Details(milestone=7, type="Bug")

    assert revised(a_copy(), ticket, details) == Edit(milestone=7, type="Bug")
    moved = a_copy(milestone=Milestone("Ours"), type="Task")
    assert revised(moved, ticket, details) == Edit()
