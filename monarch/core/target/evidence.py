"""Evidence: what makes an issue of a target the copy of a ticket.

It is ranked, and what is not listed proves nothing. Being an owner, a member or a collaborator proves nothing: an owner of
a team's repository is a student there.

```
1  the ledger     its *created #m*, and #m is there (by GitHub's id of the issue, if that is on record)
2  our account    the marker of an issue that one of our accounts has opened, present or former (`core.target.logins`)
3  the signature  a marker that this installation has signed for this target, no matter who opened the issue; only for a
                  ticket without a copy in the ledger
4  the same words an issue without a marker by one of our accounts, known by its number, that says what a ticket says
                  (`core.target.adoption`); only for a ticket that has no copy by all of the above, nor one on record
```

- One issue stands for one ticket: the ticket that the ledger says, else the ticket that its marker names. If it carries
  markers of several tickets, `core.target.own_marker` says which is its own. So neither a text that is pasted into a copy
  nor a marker that a person adds to it makes it the copy of another ticket.
- A marker that names another target proves nothing here. A marker that names no target is of an older version: it counts
  only in issues by our accounts.
- Of several issues for one ticket the one with the better evidence is the copy, then the one with the lower number. The
  others are strays if one of our accounts has opened them. Any other issue with a marker was planted, in malice or by
  pasting a copy's text: it is reported, and changes nothing.

Two weaker things count beside these, since copying a ticket twice would be worse. As long as it is not certain which account
is ours: a marker in an issue by a bot. And as long as an account that has written is not known by its number: for a ticket
whose write is under way, a marker in any issue at all. The first 201 makes it certain, and the target is looked at anew
before anything more is written. Why that is enough for each target, without a turn for the whole fleet: everything written
before is *intended* in its target's ledger, under its lock, one ticket at a time, and is found by its marker whatever its
author seems to be.

*The same words* are the predecessor's copies, and those that a person made under our account. A login alone does not count
here: someone else may have taken it, and anyone can write words. A ticket whose copy was deleted keeps no copy, whatever
else says the same. A write of ours carries its marker, so such an issue is never the answer to an intent: while there is
one, it counts only when a look shows that the write came to nothing (`core.target.step`).

What can still go wrong: GitHub shows no difference between Monarch and a person whose own token it uses. If they paste the
raw text of a copy into an issue, that is a second copy and is reported as one. And people who may edit our copies can replace
the marker in one of them. As long as the ledger remembers, that changes nothing. Once it is lost (30 days after the last
write, or with Valkey's memory), the copy stands for the ticket that they wrote into it, signed or not, since a signature
can be copied within its target.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from monarch.core.copy.marker import Marker, read_markers
from monarch.core.copy.seal import Seal
from monarch.core.ids import TargetId, TicketId
from monarch.core.target.adoption import adopted
from monarch.core.target.logins import Us
from monarch.core.target.own_marker import MarkerContext, names_one, own_marker
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, UnreadableRecord
from monarch.core.ticket import Issue, Ticket


class Rank(IntEnum):
    """How much a marker says about its issue, the most first."""

    OURS = 1
    PERHAPS_OURS = 2
    SIGNED = 3
    UNDER_WAY = 4
    PLANTED = 5
    ELSEWHERE = 6
    """In an issue of our own, and about another target: a person has moved it here, or pasted it."""


_PLANTED = {Rank.SIGNED, Rank.UNDER_WAY, Rank.PLANTED}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the issues of one target are judged by.

    Attributes:
        target: GitHub's id of it.
        us: our accounts, present and former.
        records: the target's ledger, as far as it is known.
        seal: `None` if the installation has no key.
        tickets: those whose copies may be adopted, in the template's order; none if adoption is switched off.
        titles: the titles of the template's copies, as far as they are known.
    """

    target: TargetId
    us: Us = field(default_factory=Us)
    records: Mapping[TicketId, LedgerRecord] = field(default_factory=dict)
    seal: Seal | None = None
    tickets: tuple[Ticket, ...] = ()
    titles: Mapping[TicketId, str] = field(default_factory=dict)

    def marker_of(self, issue: Issue, taken: Collection[TicketId] = ()) -> Marker | None:
        """The marker that says what the issue is a copy of; `taken` are tickets whose copy clearly is another issue."""
        return own_marker(issue, MarkerContext(self.rank, self._is_signed, self.titles, taken))

    def _is_signed(self, marker: Marker) -> bool:
        return self.seal is not None and self.seal.proves(marker, self.target)

    def rank(self, issue: Issue, marker: Marker) -> Rank:
        """How much this marker says about the issue."""
        is_ours, may_be_ours = self.us.wrote(issue.by), self.us.may_have_written(issue.by)
        is_here = marker.target in {None, self.target}
        if is_here and (is_ours or may_be_ours):
            return Rank.OURS if is_ours else Rank.PERHAPS_OURS
        if self._is_signed(marker):
            return Rank.SIGNED
        if is_ours or may_be_ours:
            return Rank.ELSEWHERE
        is_under_way = isinstance(self.records.get(marker.ticket), Intended)
        weak = is_here and is_under_way and not self.us.is_complete
        return Rank.UNDER_WAY if weak else Rank.PLANTED

    def is_on_record(self, record: CreatedAs, issue: Issue) -> bool:
        """Whether the issue `#m` is the copy that the ledger knows as `#m`.

        It is if GitHub's id of it is the one on record. An older record has no id: then our account must have opened the
        issue, or a signature must prove it; while it is not certain who we are, neither is needed.
        """
        if record.issue:
            return record.is_issue(issue.id)
        if self.us.wrote(issue.by) or not self.us.is_certain:
            return True
        marker = self.marker_of(issue)
        return marker is not None and self.rank(issue, marker) is Rank.SIGNED

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
        adopted: tickets whose copies only say the same.
    """

    copies: Mapping[TicketId, int]
    seconds: tuple[tuple[int, TicketId], ...]
    planted: tuple[int, ...]
    adopted: frozenset[TicketId] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class _Claim:
    rank: Rank
    number: int
    ticket: TicketId


def weigh(issues: Iterable[Issue], evidence: Evidence) -> Claims:
    """Say what these issues are; each comes once, pull requests are ignored."""
    known = {issue.number: issue for issue in issues if not issue.is_pull}
    recorded = _recorded(known, evidence)
    claims = _claims(known, recorded, evidence)
    copies = dict(recorded)
    for claim in sorted(claims):
        outranks = claim.rank <= Rank.PERHAPS_OURS or claim.ticket not in evidence.created()
        if claim.rank <= Rank.UNDER_WAY and outranks:
            copies.setdefault(claim.ticket, claim.number)
    rest = [claim for claim in claims if copies.get(claim.ticket) != claim.number]
    seconds = [
        c for c in rest if c.rank is Rank.OURS or _is_by_the_same(c, copies, known, evidence)
    ]
    same = _adopted(known, copies, evidence)
    return Claims(
        {**copies, **same},
        tuple((claim.number, claim.ticket) for claim in seconds),
        tuple(c.number for c in rest if c.rank in _PLANTED and c not in seconds),
        frozenset(same),
    )


def _adopted(
    known: Mapping[int, Issue], copies: Mapping[TicketId, int], evidence: Evidence
) -> dict[TicketId, int]:
    """The issues that say the same as tickets without a copy.

    A record that cannot be read may be of a copy; then the migration stops, and adopts nothing.
    """
    records, taken = evidence.records, frozenset(copies.values())
    return adopted(
        (
            ticket
            for ticket in evidence.tickets
            if ticket.id not in copies
            and not isinstance(records.get(ticket.id), CreatedAs | UnreadableRecord)
        ),
        (i for n, i in known.items() if n not in taken and evidence.us.certainly_wrote(i.by)),
    )


def _claims(
    known: Mapping[int, Issue], recorded: Mapping[TicketId, int], evidence: Evidence
) -> list[_Claim]:
    """What the markers say, by number, except for issues that the ledger decides."""
    on_record = frozenset(recorded.values())
    rest = {number: one for number, one in sorted(known.items()) if number not in on_record}
    taken = {*recorded, *_clearly_copied(rest.values(), evidence)}
    return [
        _Claim(_rank(issue, marker, evidence), number, marker.ticket)
        for number, issue in rest.items()
        if (marker := evidence.marker_of(issue, taken)) is not None
    ]


def _rank(issue: Issue, marker: Marker, evidence: Evidence) -> Rank:
    """How much it claims: a write of ours ends in its marker, so only the last marker answers a write under way."""
    rank = evidence.rank(issue, marker)
    is_planted = rank is Rank.UNDER_WAY and marker != read_markers(issue.body)[-1]
    return Rank.PLANTED if is_planted else rank


def _clearly_copied(issues: Iterable[Issue], evidence: Evidence) -> Iterator[TicketId]:
    """The tickets that an issue of ours names alone, without another ticket beside it."""
    for issue in issues:
        markers = read_markers(issue.body)
        if names_one(markers) and any(evidence.rank(issue, one) is Rank.OURS for one in markers):
            yield markers[0].ticket


def _is_by_the_same(
    claim: _Claim,
    copies: Mapping[TicketId, int],
    known: Mapping[int, Issue],
    evidence: Evidence,
) -> bool:
    """Whether the author of the copy wrote this one, too, while not all our accounts are known: then both are ours."""
    copy, issue = known.get(copies.get(claim.ticket, 0)), known[claim.number]
    if evidence.us.is_complete or copy is None or copy.by is None:
        return False
    marker = evidence.marker_of(issue)
    is_here = marker is not None and marker.target in {None, evidence.target}
    return is_here and issue.by == copy.by


def _recorded(known: Mapping[int, Issue], evidence: Evidence) -> dict[TicketId, int]:
    """The copies that the ledger knows and that are there.

    A ledger is about one repository by its id, and GitHub never gives a number twice.
    """
    return {
        ticket: record.number
        for ticket, record in evidence.created().items()
        if record.number in known and evidence.is_on_record(record, known[record.number])
    }
