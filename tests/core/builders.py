"""Valid things to start from; a test names only what it is about."""

from dataclasses import replace
from typing import Any

from monarch.core.copy.render import Touched, rewriting
from monarch.core.copy.style import Copying
from monarch.core.ids import RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.core.target.evidence import Evidence
from monarch.core.target.logins import Us
from monarch.core.ticket import Author, Issue, Ticket

SOURCE = "org/template"
OWN = "monarch-bot"
TEAM = TargetId(7)


def an_issue(number: int = 1, **changes: Any) -> Issue:
    """An open issue of our own account; its id is derived from its number."""
    issue = Issue(
        id=1000 + number,
        number=number,
        title=f"Ticket {number}",
        body="Do it.",
        state="open",
        is_pull=False,
        author=OWN,
        association="MEMBER",
        url=f"https://github.com/org/team/issues/{number}",
        created_at="2026-01-01T00:00:00Z",
    )
    return replace(issue, **changes)


def a_ticket(number: int = 1, **changes: Any) -> Ticket:
    """A ticket of the template; its id is 100 + its number."""
    ticket = Ticket(
        id=TicketId(100 + number),
        number=number,
        title=f"Ticket {number}",
        body="Do it.",
        url=f"https://github.com/{SOURCE}/issues/{number}",
        author="teacher",
        created_at="2026-01-01T00:00:00Z",
    )
    return replace(ticket, **changes)


def a_plan(*numbers: int) -> Plan:
    """A plan with a ticket for each of `numbers`."""
    return Plan(SOURCE, tuple(a_ticket(number) for number in numbers))


COPYING = Copying(a_plan(), "org/team-a", TEAM)

US = Us((Author(OWN),))
OURS = Evidence(TEAM, US)
"""We are `OWN`, and the ledger knows nothing."""


def a_migration(target: str = "org/team-a", **changes: Any) -> MigrationView:
    """A migration that copied all of 20 tickets."""
    view = MigrationView(
        target=target, state=State.DONE, copied=20, present=0, refused=0, strays=(), reason=""
    )
    return replace(view, **changes)


def a_view(*migrations: MigrationView, **changes: Any) -> RequestView:
    """A request of 20 tickets that is done."""
    view = RequestView(
        id=RequestId("1732406400000-0"),
        state=State.DONE,
        version=1,
        run=1,
        source=SOURCE,
        channel="C06GHMZB3M3",
        tickets=20,
        reason="",
        appended_ms=0,
        ended_ms=None,
        migrations=migrations,
    )
    return replace(view, **changes)


def refers(ticket: Ticket, copying: Copying) -> bool:
    """Whether a ticket refers to tickets of the plan: then the second pass reads its copy, and sees that a person wrote it."""
    return rewriting("a person's words", ticket, copying) == Touched()
