"""What tickets have beside their text, and what a target has of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.details import (
    ASSIGNEES,
    LABELS,
    MAX_ASSIGNEES,
    MILESTONES,
    TYPES,
    Details,
    Stock,
    details_of,
)
from monarch.core.copy.style import Style
from monarch.core.ids import TicketId
from monarch.core.ticket import Label, Milestone, Ticket

BUG, HELP = Label("bug", "d73a4a", "It is broken"), Label("help", "008672", "")
SPRINT = Milestone("Sprint 1", "closed", "The first", "2026-02-01T00:00:00Z")
ALL, NONE = Style(), Style(labels=False, milestones=False)


def a_ticket(
    *labels: Label, milestone: Milestone | None = None, type_: str = "", number: int = 1
) -> Ticket:
    """A ticket with these details."""
    known = {"labels": labels, "milestone": milestone, "type": type_}
    return Ticket(TicketId(number), number, "T", "", "", None, "", **known)  # type: ignore[arg-type]  # as named


names = st.sampled_from(["bug", "Bug", "BUG", "help", "Help", "wanted", "Äpfel", "äpfel"])
labels = st.builds(Label, names, st.sampled_from(["ededed", "d73a4a"]), st.just(""))
tickets = st.lists(st.lists(labels, max_size=4).map(lambda some: a_ticket(*some)), max_size=5)


def test_a_label_that_is_missing_comes_with_its_colour_and_description() -> None:
    """Once, however many tickets have it, and in the order in which they name it."""
    both = [a_ticket(HELP), a_ticket(BUG, HELP, number=2)]

    assert LABELS.missing(both, ALL, ()) == (HELP, BUG)


def test_a_label_is_the_same_whatever_its_case() -> None:
    """What the target has stays as it is, and its spelling is used."""
    theirs = Label("BUG", "000000", "ours")

    assert LABELS.missing([a_ticket(BUG)], ALL, [theirs]) == ()
    assert details_of(a_ticket(BUG), ALL, Stock((theirs,))) == Details(("BUG",))


def test_a_milestone_is_known_by_its_title() -> None:
    """And without case where no title is just the same."""
    shouted = Milestone("SPRINT 1", number=1)
    same = Milestone("Sprint 1", number=2)

    assert MILESTONES.find("Sprint 1", [shouted, same]) is same
    assert MILESTONES.find("Sprint 1", [shouted]) is shouted
    assert MILESTONES.find("Sprint 2", [shouted, same]) is None
    assert MILESTONES.missing([a_ticket(milestone=SPRINT)], ALL, [shouted]) == ()
    assert MILESTONES.missing([a_ticket(milestone=SPRINT)] * 2, ALL, ()) == (SPRINT,)


def test_what_an_installation_does_not_copy_is_not_needed() -> None:
    """Nothing is created for it, and nothing asked for."""
    ticket = a_ticket(BUG, milestone=SPRINT, type_="Task")
    stock = Stock((BUG,), (Milestone("Sprint 1", number=3),), ("Task",))

    assert not LABELS.missing([ticket], NONE, ())
    assert not MILESTONES.missing([ticket], NONE, ())
    assert details_of(ticket, NONE, stock) == Details(type="Task")
    assert details_of(ticket, ALL, stock) == Details(("bug",), 3, "Task")


def test_what_the_target_lacks_after_all_is_left_out() -> None:
    """A label that GitHub refused must not be made up in grey by asking for it."""
    ticket = a_ticket(BUG, HELP, milestone=SPRINT, type_="Task")

    assert details_of(ticket, ALL, Stock((HELP,))) == Details(("help",))


def test_what_github_refused_for_a_ticket_is_left_out_of_it() -> None:
    """By the name of the field that its validation gave."""
    ticket = a_ticket(BUG, milestone=SPRINT, type_="Task")
    stock = Stock((BUG,), (Milestone("Sprint 1", number=3),), ("Task",))

    assert details_of(ticket, ALL, stock, {"milestone"}) == Details(("bug",), None, "Task")
    assert details_of(ticket, ALL, stock, {"type", "labels"}) == Details((), 3, "")


def test_an_issue_type_that_is_not_there_cannot_be_made() -> None:
    """It belongs to the organisation."""
    some = [a_ticket(type_="Task"), a_ticket(type_="task"), a_ticket(type_="Bug"), a_ticket()]

    assert TYPES.missing(some, ALL, ()) == ("Task", "Bug")
    assert TYPES.missing(some, ALL, ("TASK",)) == ("Bug",)


@given(tickets, st.lists(labels))
def test_with_what_is_wanted_every_label_is_there(
    some: list[Ticket], existing: list[Label]
) -> None:
    """Creating just that is enough for every copy to have all its labels, and creates nothing that is there."""
    wanted = LABELS.missing(some, ALL, existing)
    stock = Stock((*existing, *wanted))

    for ticket in some:
        asked = details_of(ticket, ALL, stock).labels
        assert {name.lower() for name in asked} == {one.name.lower() for one in ticket.labels}
        assert len(asked) == len({name.lower() for name in asked})
    assert len({one.name.lower() for one in wanted}) == len(wanted)
    assert {one.name.lower() for one in wanted}.isdisjoint(one.name.lower() for one in existing)
    assert LABELS.missing(some, ALL, stock.labels) == ()
    assert set(wanted) <= set(LABELS.needed(some, ALL))


def test_assignees_come_along_where_an_installation_says_so_and_they_can_be_assigned() -> None:
    """Off by default; GitHub takes ten at most."""
    ticket = replace(a_ticket(), assignees=("Ada", "bob", "cyd"))
    stock = Stock(assignees=("ada", "bob"))
    copied = Style(assignees=True)

    assert details_of(ticket, ALL, stock) == Details()
    assert details_of(ticket, copied, stock) == Details(assignees=("ada", "bob"))
    assert details_of(ticket, copied, stock, {"assignees"}) == Details()
    assert ASSIGNEES.missing([ticket], copied, stock.assignees) == ("cyd",)
    many = tuple(f"student-{n}" for n in range(12))
    assert details_of(replace(ticket, assignees=many), copied, Stock(assignees=many)) == Details(
        assignees=many[:MAX_ASSIGNEES]
    )
