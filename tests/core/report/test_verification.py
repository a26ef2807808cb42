"""What a target holds of a plan, ticket by ticket."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.render import is_ours, render
from monarch.core.copy.style import Copying, Style
from monarch.core.ids import TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.report.verification import Extra, Finding, Mark, Verification, verify
from monarch.core.target.look import see
from monarch.core.target.step import CreatedAs, Fate, LedgerRecord, Refused
from monarch.core.target.survey import Survey
from monarch.core.ticket import Issue, Repository
from tests.core.builders import OURS, SOURCE, a_plan, a_ticket, an_issue

TEAM = Repository(TargetId(7), "org/team-a", archived=False, has_issues=True, may_push=True)


def copies_of(plan: Plan, first: int = 1) -> list[Issue]:
    """The plan as Monarch copies it, in numbers from `first` on, both passes done."""
    numbers = {ticket.id: first + nth for nth, ticket in enumerate(plan.tickets)}
    copying = Copying(plan, TEAM.full_name, TEAM.id, Style(), numbers, first + len(numbers) - 1)
    drafts = [(numbers[ticket.id], render(ticket, copying)) for ticket in plan.tickets]
    return [an_issue(number, title=draft.title, body=draft.body) for number, draft in drafts]


def a_survey(
    *issues: Issue,
    records: dict[TicketId, LedgerRecord] | None = None,
    fates: dict[int, Fate] | None = None,
) -> Survey:
    """A target that shows these issues."""
    seen, known = see(issues, OURS), records or {}
    there = {
        ticket: record.number
        for ticket, record in known.items()
        if isinstance(record, CreatedAs) and (fates or {}).get(record.number) is Fate.THERE
    }
    return Survey(
        TEAM,
        seen,
        {issue.number: issue for issue in issues},
        {**there, **seen.copies},
        known,
        fates or {},
    )


def verified(plan: Plan, *issues: Issue, **known: Any) -> Verification:
    """A target with these issues, held against the plan."""
    return verify(plan, a_survey(*issues, **known), Style())


def marks(found: Verification) -> list[tuple[Mark, ...]]:
    """What is said of each ticket."""
    return [finding.marks for finding in found.findings]


PRESENT = (Mark.PRESENT,)


def test_all_that_was_copied_and_left_alone_is_present() -> None:
    """With the number that its copy has there."""
    plan = a_plan(1, 2)

    found = verified(plan, *copies_of(plan, first=5))

    assert marks(found) == [PRESENT, PRESENT]
    assert [finding.number for finding in found.findings] == [5, 6]
    assert not any(finding.is_bad for finding in found.findings)
    assert found.missing == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": "Our own words"}, (Mark.EDITED,)),
        ({"state": "closed"}, (Mark.CLOSED,)),
        ({"title": "Our own words", "state": "closed"}, (Mark.EDITED, Mark.CLOSED)),
        ({"body": "More.\n\n<!-- monarch: org/template#1 id=101 -->"}, (Mark.EDITED,)),
    ],
)
def test_what_people_did_to_a_copy_is_said_and_is_nothing_bad(
    changes: dict[str, Any], said: tuple[Mark, ...]
) -> None:
    """It is theirs."""
    plan = a_plan(1)
    (copy,) = copies_of(plan)

    found = verified(plan, replace(copy, **changes))

    assert marks(found) == [said]
    assert not found.findings[0].is_bad


def test_a_copy_without_its_marker_is_an_edited_one() -> None:
    """The ledger knows which issue it is, and reading it by its number shows it."""
    plan = a_plan(1)
    copy = replace(copies_of(plan)[0], body="Do it.")

    found = verified(plan, copy, records={TicketId(101): CreatedAs(1, 0)}, fates={1: Fate.THERE})

    assert marks(found) == [(Mark.EDITED,)]
    assert found.missing == ()


def test_a_transferred_copy_is_not_said_to_be_deleted_and_no_more() -> None:
    """GitHub answers both alike for us: a person who has moved the issue must not look for who deleted it."""
    fates = {9: Fate.DELETED}

    found = verified(a_plan(1), records={TicketId(101): CreatedAs(9, 0)}, fates=fates)

    assert [one.reason for one in found.findings] == [
        "#9 was deleted, or moved to another repository"
    ]


@pytest.mark.parametrize(
    ("record", "fate", "said", "reason"),
    [
        (None, None, Mark.MISSING, ""),
        (
            CreatedAs(9, 0),
            Fate.DELETED,
            Mark.MISSING,
            "#9 was deleted, or moved to another repository",
        ),
        (CreatedAs(9, 0), Fate.NEVER, Mark.MISSING, "GitHub does not show #9"),
        (Refused(1, 0, "no, says GitHub"), None, Mark.REFUSED, "no, says GitHub"),
    ],
)
def test_a_ticket_without_a_copy_is_missing_unless_it_was_refused(
    record: LedgerRecord | None, fate: Fate | None, said: Mark, reason: str
) -> None:
    """No matter who deleted it; and only what is missing can be made again."""
    plan = a_plan(1, 2)
    _, second = copies_of(plan)
    records = {TicketId(101): record} if record else {}

    found = verified(plan, second, records=records, fates={9: fate} if fate else {})

    assert found.findings[0] == Finding(1, TicketId(101), "Ticket 1", None, (said,), (), reason)
    assert marks(found)[1] == PRESENT
    assert found.missing == ((TicketId(101),) if said is Mark.MISSING else ())
    assert found.findings[0].is_bad == (said is Mark.MISSING)


def test_second_copies_are_named_while_they_are_open() -> None:
    """The lowest number is the copy; a closed stray was put right."""
    plan = a_plan(1)
    (copy,) = copies_of(plan)
    strays = [replace(copy, number=4), replace(copy, number=6), replace(copy, number=5)]
    strays[2] = replace(strays[2], state="closed")

    (found,) = verified(plan, copy, *strays).findings

    assert (found.number, found.marks, found.strays) == (1, (Mark.DOUBLED,), (4, 6))
    assert found.is_bad


def test_a_copy_of_a_ticket_outside_the_plan_is_extra() -> None:
    """Of the same source alone, and by an author who is believed."""
    plan = a_plan(1)
    marker = "<!-- monarch: {source}#9 id=109 -->"
    issues = [
        *copies_of(plan),
        an_issue(2, body=marker.format(source="Org/Template")),
        an_issue(3, body=marker.format(source="org/another").replace("109", "110")),
        an_issue(4, body=marker.format(source=SOURCE), author="student", association="NONE"),
        an_issue(5, body=marker.format(source=SOURCE), is_pull=True),
        an_issue(6),
    ]

    found = verified(plan, *issues)

    assert found.extra == (Extra(2, 9),)
    assert marks(found) == [PRESENT]


def test_a_copy_whose_references_are_not_final_is_what_monarch_wrote() -> None:
    """The second pass may not have come to it yet."""
    plan = Plan(SOURCE, (a_ticket(1, body="See #2"), a_ticket(2)))
    first, second = copies_of(plan, first=5)
    unfinished = render(
        plan.tickets[0], Copying(plan, TEAM.full_name, TEAM.id, Style(), {}, 4)
    ).body
    assert unfinished != first.body

    found = verified(plan, replace(first, body=unfinished), second)

    assert marks(found) == [PRESENT, PRESENT]


def test_a_copy_that_refers_to_one_that_was_healed_is_not_edited() -> None:
    """It says what Monarch wrote, of a number that is gone."""
    plan = Plan(SOURCE, (a_ticket(1, body="See #2"), a_ticket(2)))
    first, second = copies_of(plan, first=5)

    found = verified(plan, first, replace(second, number=9))

    assert marks(found) == [(Mark.REFERS,), PRESENT]
    assert not found.findings[0].is_bad


_BODY = st.lists(st.sampled_from(["Do it.", "See #1", "#2", "GH-3", "@ada"]), max_size=3)


@given(
    st.lists(_BODY.map("\n".join), min_size=1, max_size=5),
    st.dictionaries(st.integers(0, 4), st.integers(1, 9999)),
    st.integers(0, 9),
)
def test_numbers_alone_make_no_edit_and_words_do(
    bodies: list[str], numbers: dict[int, int], highest: int
) -> None:
    """Whatever was known of the other copies when a text was written, it is Monarch's; with one word more it is not."""
    plan = Plan(SOURCE, tuple(a_ticket(n, body=body) for n, body in enumerate(bodies, start=1)))
    known = {TicketId(101 + nth): number for nth, number in numbers.items()}
    then = Copying(plan, TEAM.full_name, TEAM.id, Style(), known, highest)
    now = Copying(plan, TEAM.full_name, TEAM.id)

    for ticket in plan.tickets:
        body = render(ticket, then).body
        assert is_ours(body, ticket, now)
        assert not is_ours(f"Well: {body}", ticket, now)
        assert not is_ours(body.replace("-->", "- ->"), ticket, now)
