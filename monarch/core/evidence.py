"""Evidence: what makes an issue of a target the copy of a ticket.

It is ranked, and what is not listed proves nothing. Being an owner, a member or a collaborator does not: an owner of a
team's repository is a student there.

```
1  the ledger     its *created #m*, and #m is there (by GitHub's id of the issue, where that is on record)
2  our account    the last marker of an issue that one of our accounts has opened
3  the signature  a marker that this installation has signed for this target, whoever opened the issue; only for a ticket
                  of which the ledger has no copy
```

- One issue stands for one ticket: the one that the ledger says, else the one that its last marker names. So a text that is
  pasted into a copy, above its marker, speaks for nothing, and a marker that somebody puts into a copy cannot make it the
  copy of another ticket while the ledger remembers.
- A marker that names another target proves nothing here. One that names none is of an older version: it counts in issues
  by our accounts alone.
- Of several issues for one ticket the better evidence is the copy, and then the lower number. The others are strays
  where one of our accounts has opened them. Whatever else carries a marker was planted, in malice or by pasting a copy's
  text: it is reported, and changes nothing.

What can still go wrong: people who may edit our copies can change the marker in one of them. As long as the ledger
remembers, that changes nothing. Once it is lost (30 days after the last write, or with Valkey's memory), the copy stands
for the ticket that they wrote into it, signed or not, since a signature can be copied within its target.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from monarch.core.ids import TargetId, TicketId
from monarch.core.marker import Marker, read_marker
from monarch.core.seal import Seal
from monarch.core.step import CreatedAs, LedgerRecord
from monarch.core.ticket import Issue


class Rank(IntEnum):
    """How much a marker says of its issue, the most first."""

    OURS = 1
    SIGNED = 2
    PLANTED = 3
    ELSEWHERE = 4
    """In an issue of our own, and about another target: somebody has moved it here, or pasted it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the issues of one target are judged by.

    Attributes:
        target: GitHub's id of it.
        logins: those of our accounts, present and former, in lower case.
        records: the target's ledger, as far as it is known.
        seal: `None` where the installation has no key.
    """

    target: TargetId
    logins: frozenset[str] = frozenset()
    records: Mapping[TicketId, LedgerRecord] = field(default_factory=dict)
    seal: Seal | None = None

    def rank(self, issue: Issue, marker: Marker) -> Rank:
        """How much this marker says, the last one of the issue."""
        is_ours = self.is_ours(issue)
        if is_ours and marker.target in {None, self.target}:
            return Rank.OURS
        if self.seal is not None and self.seal.proves(marker, self.target):
            return Rank.SIGNED
        return Rank.ELSEWHERE if is_ours else Rank.PLANTED

    def is_ours(self, issue: Issue) -> bool:
        """Whether one of our accounts has opened it; the author of a deleted account (`None`) is never one."""
        return issue.author is not None and issue.author.lower() in self.logins

    def created(self) -> Mapping[TicketId, CreatedAs]:
        """What the ledger says was created."""
        return {i: r for i, r in self.records.items() if isinstance(r, CreatedAs)}


@dataclass(frozen=True, slots=True)
class Claims:
    """What the issues of a target claim to be, each in one place only.

    Attributes:
        copies: the number of each ticket's copy.
        seconds: numbers of further copies by our accounts, ascending, with their tickets.
        planted: numbers of issues whose marker is not believed, ascending.
    """

    copies: Mapping[TicketId, int]
    seconds: tuple[tuple[int, TicketId], ...]
    planted: tuple[int, ...]


def weigh(issues: Iterable[Issue], evidence: Evidence) -> Claims:
    """Say what these issues are; each comes once, pull requests are nothing."""
    known = {issue.number: issue for issue in issues if not issue.is_pull}
    told = _told(known, evidence)
    on_record = frozenset(told.values())
    marked = [
        (evidence.rank(issue, marker), number, marker.ticket)
        for number, issue in sorted(known.items())
        if number not in on_record and (marker := read_marker(issue.body)) is not None
    ]
    copies = dict(told)
    for rank, number, ticket in sorted(marked):
        if rank is Rank.OURS or (rank is Rank.SIGNED and ticket not in evidence.created()):
            copies.setdefault(ticket, number)
    rest = [one for one in marked if copies.get(one[2]) != one[1]]
    return Claims(
        copies,
        tuple((number, ticket) for rank, number, ticket in rest if rank is Rank.OURS),
        tuple(number for rank, number, _ in rest if rank in {Rank.SIGNED, Rank.PLANTED}),
    )


def _told(known: Mapping[int, Issue], evidence: Evidence) -> dict[TicketId, int]:
    """The copies that the ledger knows and that are there.

    A ledger is about one repository by its id, and GitHub never gives a number twice: #m is the issue that was created.
    """
    return {
        ticket: record.number
        for ticket, record in evidence.created().items()
        if record.number in known and record.is_issue(known[record.number].id)
    }
