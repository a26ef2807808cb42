"""The frozen tickets of a request."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.ids import TicketId
from monarch.core.plan import Plan, make_plan
from monarch.core.ticket import Label, Milestone, Ticket
from tests.core.builders import SOURCE, an_issue


def test_a_ticket_is_an_open_issue_as_it_stood() -> None:
    """Everything that a copy may need is frozen with it."""
    label = Label("bug", "ededed", "")
    milestone = Milestone("Sprint 1", due_on="2026-02-01T00:00:00Z", number=4)
    issue = an_issue(3, labels=(label,), milestone=milestone, author=None, parent=1, type="Task")

    assert make_plan(SOURCE, [issue]) == Plan(
        SOURCE,
        (
            Ticket(
                id=TicketId(1003),
                number=3,
                title="Ticket 3",
                body="Do it.",
                url=issue.url,
                author=None,
                created_at=issue.created_at,
                labels=(label,),
                milestone=Milestone("Sprint 1", due_on="2026-02-01T00:00:00Z"),
                parent=1,
                type="Task",
            ),
        ),
    )


def test_pull_requests_and_closed_issues_are_no_tickets() -> None:
    """GitHub lists pull requests among the issues."""
    issues = [an_issue(1, is_pull=True), an_issue(2, state="closed"), an_issue(3)]

    assert [t.number for t in make_plan(SOURCE, issues).tickets] == [3]


def test_the_first_sight_of_an_issue_counts() -> None:
    """A listing that moves while it is paged shows one twice."""
    plan = make_plan(SOURCE, [an_issue(1, title="first"), an_issue(1, title="again")])

    assert [t.title for t in plan.tickets] == ["first"]


@given(st.lists(st.integers(1, 50)))
def test_tickets_ascend_each_once(numbers: list[int]) -> None:
    """In whatever order they were listed."""
    plan = make_plan(SOURCE, [an_issue(number) for number in numbers])

    assert [t.number for t in plan.tickets] == sorted(set(numbers))
