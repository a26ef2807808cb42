"""The words for an act."""

from monarch.cli.after.telling import acted_lines
from monarch.cli.terminal.progress import migration_line
from monarch.core.after.touch import Left, Touch
from monarch.core.card.messages import Places, card_words
from monarch.core.card.view import CohortView
from monarch.core.ids import CohortId
from monarch.core.report.summary import RequestView, State
from tests.core.builders import a_migration, a_view

LEFT = (Left(2, 12, (Touch.COMMENTED, Touch.LABELLED)),)
RECALLED = a_migration(acted="recall", acted_by="ada", changed=19, left=LEFT)


def card(request: RequestView) -> str:
    """The card of a cohort of one request."""
    view = CohortView(CohortId("1-0"), 1, "org/template", 1, 0, 0, (request,))
    return card_words(view, Places()).text


def test_a_recall_is_told_as_one_with_who_asked_and_what_was_left() -> None:
    """Each copy that is left has its address, and what people did to it."""
    text = card(a_view(RECALLED, run=2))

    assert (
        "19 copies recalled in 1 of 1 repository, 1 left to people, as ada asked (run 2)." in text
    )
    left = "<https://github.com/org/team-a/issues/12|#12> (commented, labelled)"
    assert f"19 copies recalled; left, since people have touched them: {left}" in text
    assert "copied" not in text


def test_an_update_is_told_with_what_it_has_copied() -> None:
    """It was "0 copies updated" where four new tickets had come into an emptied repository. A recall copies nothing."""
    updated = a_migration(acted="update", acted_by="ada", copied=4, changed=0)
    closing = a_migration(acted="update-close", acted_by="ada", copied=1, changed=2)
    recalled = a_migration(acted="recall", acted_by="ada", copied=4, changed=4)

    assert card(a_view(updated)).count("4 tickets copied, 0 copies updated") == 2
    assert card(a_view(closing)).count("1 ticket copied, 2 copies updated") == 2
    assert "copied" not in card(a_view(recalled))
    assert migration_line(updated, 4) == "done, 4 tickets copied, 0 copies updated"
    assert list(acted_lines(updated, "")) == ["org/team-a: 4 copied, 0 updated"]


def test_a_recall_that_runs_does_not_say_that_it_copies() -> None:
    """Nor does its undoing."""
    running = a_migration(act="recall", state=State.RUNNING)
    undoing = a_migration(act="undo", state=State.RUNNING)

    assert "closing untouched copies in 1 repository" in card(a_view(running, state=State.RUNNING))
    assert "opening recalled copies again in 1 repository" in card(
        a_view(undoing, state=State.RUNNING)
    )


def test_of_many_copies_that_are_left_some_are_named() -> None:
    """The rest is counted."""
    many = tuple(Left(n, n, (Touch.CLOSED,)) for n in range(1, 9))

    text = card(a_view(a_migration(acted="undo", changed=1, left=many)))

    assert "1 copy reopened; left" in text
    assert "#5> (closed or reopened) and 3 more" in text
