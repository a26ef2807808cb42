"""The frozen tickets of a request."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from monarch.core.ticket import Issue, Repository, Ticket, as_ticket

MAX_TEXT: Final = 16_000_000
"""Characters of titles and texts in one plan: 240 of the longest texts that GitHub takes, or thousands
of ordinary ones. Every target's migration holds the whole plan in memory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The tickets of one source, ascending by number, shared by all targets of the request.

    `private`: whether the source was not public when the plan was made. A plan of an older version does not say, and
    counts as made from a public source.
    `others`: the source's other open tickets, if the request asks for a portion (`core.portions`). None of them is
    copied; copies of this plan refer to copies that another request has made of them, and the other way round.
    `nests`, `blocks`: whether the server has addresses for sub-issues, and for dependencies; true if it was not asked.
    `lacks_others`: whether other tickets were left out, since the plan would have been too large.
    `left_out`: what the tickets have and their copies will not, a line each.
    """

    source: str
    tickets: tuple[Ticket, ...]
    private: bool = False
    nests: bool = True
    blocks: bool = True
    left_out: tuple[str, ...] = ()
    others: tuple[Ticket, ...] = ()
    lacks_others: bool = False

    @property
    def everything(self) -> tuple[Ticket, ...]:
        """The tickets and the others, ascending by number."""
        return tuple(sorted((*self.tickets, *self.others), key=lambda ticket: ticket.number))


def make_plan(source: str, issues: Iterable[Issue], *, private: bool = False) -> Plan:
    """Freeze the open issues of `source` (`owner/repo`): no pull requests, each once, in order.

    A listing that changes while it is paged can show an issue twice; the first one counts.
    """
    once: dict[int, Issue] = {}
    for issue in issues:
        if not issue.is_pull and issue.state == "open":
            once.setdefault(issue.number, issue)
    return Plan(source, tuple(as_ticket(once[number]) for number in sorted(once)), private)


def unseen_tickets(repository: Repository, issues: Collection[Issue], plan: Plan) -> str | None:
    """Why a plan without tickets is not believed yet; `None` if it is, or if there are tickets.

    GitHub counts the open issues of a repository in another place than it lists them. If it counts more than a complete
    look has shown, the repository is too new for the list, and is read again.
    """
    shown = sum(issue.state == "open" for issue in issues)
    if plan.tickets or repository.open_issues <= shown:
        return None
    return (
        f"GitHub counts {repository.open_issues} open issues and pull requests in {repository.full_name} and shows"
        f" {shown} of them"
    )


def oversize(plan: Plan) -> str | None:
    """Why a plan is too large to be carried out; `None` if it is not."""
    found = characters(plan.tickets)
    if found <= MAX_TEXT:
        return None
    return (
        f"the {len(plan.tickets)} open tickets of {plan.source} hold {found:,} characters of text, and a request may"
        f" have {MAX_TEXT:,}"
    )


def characters(tickets: Iterable[Ticket]) -> int:
    """How much text these tickets hold; `MAX_TEXT` bounds it."""
    return sum(len(ticket.title) + len(ticket.body) for ticket in tickets)
