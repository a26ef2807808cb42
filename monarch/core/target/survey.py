"""A survey: what is read of a target to report what a migration has done to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monarch.core.after.later import Later
from monarch.core.ids import TicketId
from monarch.core.target.logins import Us
from monarch.core.target.look import Seen
from monarch.core.target.step import Fate, LedgerRecord
from monarch.core.ticket import Issue, Repository


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read of one target.

    Attributes:
        seen: what a complete look shows.
        issues: what it read, by number.
        numbers: the plan's copies: what the look shows, and those on record that are there without their marker.
        records: the target's ledger; empty if it cannot be asked.
        fates: the fate of each copy on record that the look does not show, by number.
        later: what the ledger says about copies after they were created.
        us: our accounts, as far as they are known for this target.
    """

    repository: Repository
    seen: Seen = field(default_factory=Seen)
    issues: Mapping[int, Issue] = field(default_factory=dict)
    numbers: Mapping[TicketId, int] = field(default_factory=dict)
    records: Mapping[TicketId, LedgerRecord] = field(default_factory=dict)
    fates: Mapping[int, Fate] = field(default_factory=dict)
    later: Mapping[TicketId, Later] = field(default_factory=dict)
    us: Us = field(default_factory=Us)
