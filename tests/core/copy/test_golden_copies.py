"""The golden copies: what both passes make of a whole template, byte for byte."""

from dataclasses import replace

import pytest

from monarch.core.copy.marker import Marker
from monarch.core.copy.render import Keep, Rewrite, render, rewriting
from monarch.core.copy.style import Copying, Style
from monarch.core.ids import TicketId
from monarch.core.ticket import Ticket
from tests.core.builders import TEAM, refers
from tests.golden import Copy, golden, golden_plan

WEBS = ("https://github.com", "https://code.school.example:8443")


def pairs(web_url: str) -> tuple[Copying, list[tuple[Ticket, Copy]]]:
    """The plan in a virgin target, and each ticket beside its copy."""
    found = golden(web_url)
    plan = golden_plan(found)
    copying = Copying(plan, found.target, TEAM, Style(web_url))
    return copying, list(zip(plan.tickets, found.copies, strict=True))


def text_of(ticket: Ticket, copy: Copy, source: str) -> str:
    """The copy's whole text in the end."""
    return copy.text(str(Marker(source, ticket.number, ticket.id, TEAM)))


@pytest.mark.parametrize("web_url", WEBS)
def test_the_copies_of_the_golden_template_are_the_golden_copies(web_url: str) -> None:
    """Created one by one, each with what is known by then, and finished when all are there."""
    copying, both = pairs(web_url)
    written: dict[TicketId, str] = {}
    known: dict[TicketId, int] = {}
    for ticket, copy in both:
        now = replace(copying, numbers=dict(known), highest=len(known))
        draft = render(ticket, now)
        assert draft.title == copy.title
        written[ticket.id] = draft.body
        known[ticket.id] = copy.number
    done = replace(copying, numbers=known, highest=len(known))

    for ticket, copy in both:
        final = rewriting(written[ticket.id], ticket, done)
        text = final.body if isinstance(final, Rewrite) else written[ticket.id]

        assert text == text_of(ticket, copy, copying.plan.source), f"#{ticket.number}"
        assert rewriting(text, ticket, done) == Keep()


@pytest.mark.parametrize("highest", [0, 7, 60])
def test_whatever_the_target_held_while_they_were_created(highest: int) -> None:
    """Nothing was known at first, and so many numbers were taken."""
    copying, both = pairs(WEBS[0])
    done = replace(copying, numbers={t.id: copy.number for t, copy in both}, highest=60)

    for ticket, copy in both:
        first = render(ticket, replace(copying, highest=highest)).body
        text = text_of(ticket, copy, copying.plan.source)
        assert rewriting(first, ticket, done) == (Keep() if first == text else Rewrite(text))


def test_the_golden_template_has_what_a_template_can_have() -> None:
    """So that no change thins it out unnoticed."""
    copying, both = pairs(WEBS[0])
    tickets = [ticket for ticket, _ in both]

    assert len(tickets) == 40
    assert [copy.number for _, copy in both] == list(range(1, 41))
    assert sum(refers(ticket, copying) for ticket in tickets) == 36
    assert sum("\r\n" in ticket.body for ticket in tickets) == 3
    assert sum(ticket.parent is not None for ticket in tickets) == 23
    assert {"", "Task", "Bug", "Feature"} == {ticket.type for ticket in tickets}
    assert any(ticket.author is None for ticket in tickets)
    assert any(ticket.body == "" for ticket in tickets)


def test_families_are_kept_in_the_golden_copies() -> None:
    """A copy's parent is the copy of its ticket's parent."""
    _, both = pairs(WEBS[0])
    numbers = {ticket.number: copy.number for ticket, copy in both}

    for ticket, copy in both:
        assert copy.parent == (None if ticket.parent is None else numbers[ticket.parent])
        assert copy.labels == tuple(label.name for label in ticket.labels)
        assert copy.milestone == (ticket.milestone and ticket.milestone.title)
        assert (copy.type or "") == ticket.type
