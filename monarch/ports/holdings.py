"""What is known about a target of a request, ticket by ticket: its ledger and the last look for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from monarch.core.after.later import NOTHING, Later
from monarch.core.ids import RequestId, TicketId
from monarch.core.report.verification import Finding, Mark, Verification
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket of a plan: GitHub's id of it, its number in the source, and its title, which may be cut."""

    id: TicketId
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class KeptLook:
    """What a target held when it was last read for people, at `at_ms` (milliseconds since 1970)."""

    at_ms: int
    found: Verification


@dataclass(frozen=True, slots=True)
class Holding:
    """What is known about a target of a request: its ledger, and the last look that a person asked for, if one is kept.

    `ended_ms` is when its migration ended, in milliseconds since 1970, `None` if it has not. A migration that ends well
    has read the target back and found every ticket. `later` is what the ledger says about copies after they were created.
    """

    request: RequestId
    target: str
    ended_ms: int | None
    records: Mapping[TicketId, LedgerRecord]
    look: KeptLook | None
    later: Mapping[TicketId, Later] = field(default_factory=dict)

    @property
    def findings(self) -> Mapping[TicketId, Finding]:
        """What the look found about each ticket, without tickets about which the ledger knows something newer."""
        if self.look is None:
            return {}
        return {
            one.id: one
            for one in self.look.found.findings
            if self._written_ms(one.id) <= self.look.at_ms
        }

    @property
    def to_heal(self) -> tuple[Finding, ...]:
        """The tickets to heal: copies to make again, and recalled copies to open again, also those recalled since the look."""
        if self.look is None:
            return ()
        wanted, current = {Mark.MISSING, Mark.RECALLED}, self.findings
        found: list[Finding] = []
        for one in self.look.found.findings:
            if one.id not in current and self.is_recalled(one.id):
                found.append(replace(one, marks=(Mark.RECALLED,)))
            elif one.id in current and wanted & set(one.marks):
                found.append(one)
        return tuple(found)

    def is_recalled(self, ticket: TicketId) -> bool:
        """Whether the ledger's newest word is that a recall has closed this copy."""
        record, recall = self.records.get(ticket), self._later(ticket).recall
        if not isinstance(record, CreatedAs) or recall is None:
            return False
        return recall.number == record.number and not recall.is_reopened

    def _written_ms(self, ticket: TicketId) -> int:
        """When the ledger's newest word was written down; 0 if that is not known."""
        record, recall = self.records.get(ticket), self._later(ticket).recall
        of_record = record.at_ms if isinstance(record, CreatedAs | Intended | Refused) else 0
        return max(of_record, 0 if recall is None else recall.at_ms)

    def _later(self, ticket: TicketId) -> Later:
        return self.later.get(ticket, NOTHING)


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """What is on record of a target: its ledger, the server's time in ms, and whether a migration writes to it now.

    `later` is what the ledger says of copies after they were created.
    """

    records: Mapping[TicketId, LedgerRecord]
    now_ms: int
    is_busy: bool = False
    later: Mapping[TicketId, Later] = field(default_factory=dict)
