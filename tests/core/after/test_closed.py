"""Which tickets the template has closed since their copies were made."""

from dataclasses import replace

from monarch.core.after.closed import closed_since
from monarch.core.plan import Plan
from tests.core.builders import SOURCE, a_plan, a_ticket


def test_what_earlier_plans_have_and_the_plan_of_now_has_not_is_closed() -> None:
    """Ascending, as the newest plan says it, with every version of it; also after an update that closed nothing."""
    older, newer = a_plan(1, 2, 3, 4), Plan(SOURCE, (a_ticket(1), a_ticket(3, title="Better")))

    found = closed_since(a_plan(1), (a_plan(1), newer, older))

    assert [one.ticket.number for one in found] == [2, 3, 4]
    assert found[1].ticket.title == "Better"
    assert found[1].versions == ((newer.tickets[1], newer), (older.tickets[2], older))


def test_a_ticket_of_another_portion_is_open() -> None:
    """It stands beside the portion; and a plan that left such tickets out says nothing of them."""
    portion = replace(a_plan(1), others=(a_ticket(2),))

    assert closed_since(portion, (a_plan(1, 2),)) == ()
    assert closed_since(replace(a_plan(1), lacks_others=True), (a_plan(1, 2),)) == ()
    assert [one.ticket.number for one in closed_since(a_plan(1), (portion,))] == [2]
