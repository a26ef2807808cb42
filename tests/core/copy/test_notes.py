"""Sentences about what a copy was not given."""

import pytest

from monarch.core.copy import notes
from monarch.core.outcome import Code, Permanent, Scope

REFUSAL = Permanent(Scope.TICKET, Code.REFUSED, 'GitHub said "no"; ask it')


@pytest.mark.parametrize(
    ("note", "begins", "says"),
    [
        (notes.no_push(["labels"]), "labels: ", "write access"),
        (
            notes.no_push(["labels", "milestones", "issue types"]),
            "labels, milestones and issue types: ",
            "push",
        ),
        (notes.dropped('label "bug"'), "labels: ", "write access"),
        (notes.dropped("milestone"), "milestones: ", "dropped"),
        (notes.dropped("type"), "issue types: ", "dropped"),
        (notes.dropped("colour"), "colour: ", "dropped"),
        (notes.refused("labels", ["bug"], REFUSAL), "labels bug: ", 'GitHub said "no"; ask it'),
        (
            notes.refused_fields(("milestone", "type"), REFUSAL),
            "milestones and issue types: ",
            "left out",
        ),
        (notes.not_listed("milestones", "S"), "milestones S: ", "does not list it"),
        (
            notes.lacking(notes.TYPES, ["Task", "Bug"]),
            "issue types Task, Bug: ",
            "none of that name",
        ),
        (notes.touched([3, 4]), "references in #3, #4: ", "a person edited"),
        (notes.not_rewritten([3], REFUSAL), "references in #3: ", "not put right"),
        (notes.not_nested([3], REFUSAL), "sub-issues #3: ", "ask it"),
    ],
)
def test_a_note_begins_with_what_it_is_about(note: str, begins: str, says: str) -> None:
    """And says why."""
    assert note.startswith(begins)
    assert says in note


def test_of_many_only_some_are_named() -> None:
    """The others are counted."""
    assert "#1, #2, #3, #4, #5 and 3 more" in notes.touched(range(1, 9))


def test_the_same_cause_gives_the_same_sentence() -> None:
    """Whatever the label's name, so that forty tickets give one note."""
    assert notes.dropped('label "a"') == notes.dropped('label "b"')


def test_names_from_outside_stay_on_one_line() -> None:
    """Lines are what parts notes in the store."""
    assert "\n" not in notes.refused("labels", ["a\nb" * 100], REFUSAL)


def test_a_plan_names_no_request_beside_a_repository_of_another_name() -> None:
    """It said "that this request has reached" where there was no request yet."""
    note = notes.renamed("org/old", "org/new")

    assert note == (
        "the repository that was reached is called org/new now: one that is called org/old may be another"
    )
    assert notes.renamed("Org/new", "org/new") == ""
