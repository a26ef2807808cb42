"""From GitHub's state to tickets and copies: no marker has a say in it."""

from typing import Any

import pytest

from monarch.sandbox.control.views import IssueView, RepositoryView
from scripts.chaos_machine.judge.copies import by_title, copies_of, is_text_of, plain, tickets_of
from scripts.chaos_machine.record import Ticket

MARKER = "<!-- monarch: school/small#1 id=101 target=800000001 -->"
BOTS = {"monarch-bot", "monarch-two"}


def an_issue(number: int, title: str, body: str | None = "Do it.", **changes: Any) -> IssueView:
    """An issue by the bot."""
    fields: dict[str, Any] = {
        "state": "open",
        "author": "monarch-bot",
        "author_association": "NONE",
        "milestone": None,
        "type": None,
        "parent": None,
        "pull_request": False,
        "by_api": True,
        "created_at": "2026-01-01T00:00:00Z",
        "made_at": 1_000.5,
        **dict.fromkeys(("labels", "sub_issues", "assignees"), ()),
        **changes,
    }
    return IssueView(id=number + 100, number=number, title=title, body=body, **fields)


def a_repository(*issues: IssueView, **changes: Any) -> RepositoryView:
    """A repository with these."""
    fields: dict[str, Any] = {
        "id": 800_000_001,
        "full_name": "school/small",
        **dict.fromkeys(("private", "archived"), False),
        "has_issues": True,
        **dict.fromkeys(("labels", "milestones", "deleted"), ()),
        **changes,
    }
    return RepositoryView(issues=issues, **fields)


def test_a_copy_is_known_by_the_title_that_it_was_made_with() -> None:
    """Whatever people make of it, and whichever marker they put into it."""
    edited = an_issue(1, "Ours", f"Mine.\n\n{MARKER}", former=(("First", f"Do it.\n\n{MARKER}"),))

    [copy] = copies_of(a_repository(edited), {"First": 101}, BOTS)

    assert (copy.ticket, copy.title, copy.first, copy.body) == (101, "Ours", "Do it.", "Mine.")
    assert copy.created_at == 1_000.5


def test_what_a_stranger_made_is_no_copy() -> None:
    """Not with a ticket's title, not with its marker, not through the API."""
    forged = an_issue(1, "First", MARKER, author="student")

    assert copies_of(a_repository(forged), {"First": 101}, BOTS) == ()


def test_every_account_of_monarch_makes_copies() -> None:
    """Also one that it was for a while."""
    issue = an_issue(1, "First", author="monarch-two")

    assert [copy.ticket for copy in copies_of(a_repository(issue), {"First": 101}, BOTS)] == [101]


def test_a_copy_that_was_deleted_is_still_known() -> None:
    """It was made, once."""
    target = a_repository(an_issue(2, "Second"), removed=(an_issue(1, "First"),))

    copies = copies_of(target, {"First": 101, "Second": 102}, BOTS)

    assert [(copy.ticket, copy.is_removed) for copy in copies] == [(101, True), (102, False)]


def test_a_ticket_is_what_people_opened_and_left_open() -> None:
    """A pull request is none; what was closed or deleted meanwhile is owed to nobody; each text that it had counts."""
    source = a_repository(
        an_issue(1, "First", by_api=False, former=(("First", "Before."),)),
        an_issue(2, "A change", by_api=False, pull_request=True),
        an_issue(3, "Done", by_api=False, state="closed"),
        removed=(an_issue(4, "Gone", by_api=False),),
    )

    tickets = tickets_of(source)

    assert [(one.title, one.is_open) for one in tickets] == [
        ("First", True),
        ("Done", False),
        ("Gone", False),
    ]
    assert tickets[0].bodies == ("Before.", "Do it.")
    assert by_title({"school/small": tickets})["Gone"] == 104


@pytest.mark.parametrize(
    "text",
    [
        "See #3.",
        "See #12.",
        "See school/small#3.",
        "See [#3](https://redirect.github.com/school/small/issues/3).",
        "See [school/small#3](https://github.com/school/small/issues/3).",
        f"See #3.\n\n{MARKER}",
        f"See #3.\n\n{MARKER.replace(' target=800000001', '')}\n",
    ],
)
def test_a_reference_may_have_the_targets_number(text: str) -> None:
    """Which one it should be is judged elsewhere; here a text is the same text."""
    assert plain(text) == "See #."


def test_a_marker_in_the_middle_belongs_to_the_text() -> None:
    """Only what Monarch writes at the end is its own."""
    assert (
        plain(f"{MARKER}\nDo it.")
        == f"{MARKER.replace('#1', '#').replace('school/small', '')}\nDo it."
    )


def test_a_long_text_may_be_cut_where_it_says_so() -> None:
    """What is there is its beginning, and the last paragraph leads to the rest."""
    long = "See #.\n" * 5_000
    ticket, short = Ticket(101, 1, "First", (long,)), Ticket(102, 2, "Second", ("See #.\nAnd #.",))
    note = "\n\n*The text goes on here: #*"

    assert is_text_of(long, ticket)
    assert is_text_of(long[:900] + note, ticket)
    assert not is_text_of(long[:900], ticket)
    assert not is_text_of("Other." + note, ticket)
    assert not is_text_of("See #." + note, short)
