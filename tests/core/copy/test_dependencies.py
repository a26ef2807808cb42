"""Which copies are blocked by which."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.dependencies import Blocking, blocked, blockings, with_blockers
from monarch.core.copy.left_out import Unread, left_out, with_left_out
from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.ticket import Issue, Ticket


def a_plan(*blockers: int) -> Plan:
    """Tickets from #1 on, each with how many issues block it; their ids are their numbers and a hundred."""
    tickets = (
        Ticket(TicketId(100 + n), n, f"T{n}", "", "", None, "", blockers=many)
        for n, many in enumerate(blockers, start=1)
    )
    return Plan("org/template", tuple(tickets))


def an_issue(number: int, **more: object) -> Issue:
    """An issue of the target."""
    plain = Issue(number, number, "T", "", "open", False, None, "", "", "")
    return replace(plain, **more)  # type: ignore[arg-type]  # as named


def test_only_what_is_blocked_is_asked_and_what_is_no_ticket_is_left_out() -> None:
    """And that something is left out is known."""
    plan = with_blockers(a_plan(0, 2, 1), {2: [101, 999], 3: [102]})

    assert blocked(plan) == (2, 3)
    assert [ticket.blocked_by for ticket in plan.tickets] == [(), (101,), (102,)]
    assert with_left_out(plan, [], Unread()).left_out == (
        "dependencies of #2 on issues that are no open tickets",
    )
    assert with_left_out(replace(plan, blocks=False), [], Unread()).left_out == ()


def test_what_github_did_not_show_is_called_that() -> None:
    """It was said to be about issues that are no open tickets."""
    plan = with_blockers(a_plan(1, 2, 1), {2: [101, 102]})
    unread = Unread(parents=frozenset({1, 9}), blocked=frozenset({1, 3, 9}))

    assert with_left_out(plan, [], unread).left_out == (
        "the order of the sub-issues of #1, which GitHub did not show",
        "dependencies of #1, #3, which GitHub did not show",
    )


def test_blockers_are_named_by_the_targets_numbers() -> None:
    """Of tickets that have a copy, and of copies that do not have as many already."""
    plan = with_blockers(a_plan(0, 1, 2), {2: [101], 3: [101, 102]})
    numbers = {TicketId(101): 11, TicketId(102): 12, TicketId(103): 13}

    assert blockings(plan.tickets, numbers, {}) == (
        Blocking(12, 11),
        Blocking(13, 11),
        Blocking(13, 12),
    )
    seen = {12: an_issue(12, blockers=1), 13: an_issue(13, blockers=1)}
    assert blockings(plan.tickets, numbers, seen) == (Blocking(13, 11), Blocking(13, 12))
    del numbers[TicketId(101)]
    assert blockings(plan.tickets, numbers, {}) == (Blocking(13, 12),)


@given(st.lists(st.lists(st.integers(101, 108), unique=True), max_size=8))
def test_nothing_blocks_itself_and_each_pair_comes_once(lists: list[list[int]]) -> None:
    """Whatever GitHub says."""
    plan = a_plan(*map(len, lists))
    plan = with_blockers(plan, dict(enumerate(lists, start=1)))
    numbers = {ticket.id: ticket.number + 20 for ticket in plan.tickets}

    found = blockings(plan.tickets, numbers, {})

    assert all(one.blocked != one.blocker for one in found)
    assert len(set(found)) == len(found)


def test_what_no_copy_will_have_is_named_by_its_kind() -> None:
    """A few numbers, and how many more."""
    issues = [an_issue(n, comments=1) for n in range(1, 8)]
    issues.append(an_issue(9, is_locked=True, fields=("Size", "Priority")))

    assert left_out(issues) == (
        "comments of #1, #2, #3, #4, #5 and 2 more",
        "locks of #9",
        "issue fields (Size, Priority) of #9",
    )
    assert left_out([an_issue(1)]) == ()
    portion = a_plan(0)
    assert with_left_out(
        portion, [an_issue(101, comments=1), an_issue(7, comments=1)], Unread()
    ).left_out == ("comments of #101",)
