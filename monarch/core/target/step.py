"""What to do next for one ticket in one target: the ledger's word against what was seen.

```
ledger says        a look shows a copy   a look shows none
-----------        -------------------   -----------------
nothing            Adopt #n              Create
intended           Adopt #n              Reconcile until 20 s after departure, then Create over that intent
  says the same    as on the right, then Adopt #n
created #m         Skip                  Skip (what became of it is asked when the target is read back)
  while healing    Skip                  Inspect #m; if it was deleted, Create over "#m", else Skip
refused, this run  Skip                  Skip
refused, before    Adopt #n              Create
unreadable         Skip                  Stop
```

*Says the same*: the issue has no marker (`core.target.adoption`), so the intended write did not make it, and what that write
made may still appear beside it. Only a look after 20 s that shows no marker proves that the write came to nothing.

*Before* is an earlier run, or an earlier request: sending the message again asks for another try.

A record that this code cannot read was written by newer code, or by a person: it is never taken for absence, and
never overwritten. If a look shows the copy, there is nothing to do; else the migration stops, loudly.

What a person has deleted stays deleted until a person asks for it: a migration that heals makes again exactly the copies
that it was sent for, over the very record that says which issue is gone.

The look that decides over an intent must have begun 20 s after the last moment at which its bytes can have left, or
later. GitHub ends requests after 10 s; one that acts later than 20 s is one of the three windows (docs/protocols.md).
`core.timing` has the argument.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from monarch.core.timing import SETTLING_MS


@dataclass(frozen=True, slots=True)
class Intended:
    """A write may be under way, or may have happened. `nonce` names that one write.

    `at_ms` is the latest moment at which its bytes can have left, by the server's clock.
    """

    at_ms: int
    nonce: str


@dataclass(frozen=True, slots=True)
class CreatedAs:
    """The ticket's copy is issue `number` of the target.

    `issue` is GitHub's id of that issue; 0 if a version that did not keep it wrote the record.
    """

    number: int
    at_ms: int
    issue: int = 0

    def is_issue(self, issue: int) -> bool:
        """Whether the issue of this number that GitHub shows, with this id, is the copy.

        A ledger is about one repository by its id, in which no number is given twice. So another id means an answer
        about another repository, or a ledger that is wrong: in neither case is it the copy.
        """
        return self.issue in {0, issue}


@dataclass(frozen=True, slots=True)
class Refused:
    """GitHub refused this ticket, in that run of the migration, for this reason."""

    run: int
    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """Something is on record, in words that this code does not know."""

    text: str


class Fate(Enum):
    """What `GET #m` says about a copy on record that no look shows."""

    THERE = auto()
    """It is there; a person has edited its marker away."""

    DELETED = auto()
    """It was there, and a person has deleted it or moved it away."""

    NEVER = auto()
    """There is no such issue, and there never was one that we may see."""


LedgerRecord = Intended | CreatedAs | Refused | UnreadableRecord


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to do."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The target holds a copy that the ledger does not know as one: write it down."""

    number: int


@dataclass(frozen=True, slots=True)
class Create:
    """Create it, over the intent of that nonce if there was one and it came to nothing.

    `#<number>` instead of a nonce: over the record of that copy, which a person has deleted.
    """

    reconciled: str | None


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Wait until `at_ms` (the server's clock), look, and decide again."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Inspect:
    """Read issue `number`, and decide again knowing its fate."""

    number: int


@dataclass(frozen=True, slots=True)
class Stop:
    """It is not known whether the copy may be created: a person, or newer code, has to decide."""

    record: UnreadableRecord


Action = Skip | Adopt | Create | Reconcile | Inspect | Stop


@dataclass(frozen=True, slots=True)
class Heal:
    """The ticket has to be healed. `fate` is that of its copy on record, `None` until GitHub was asked."""

    fate: Fate | None = None


def next_action(
    record: LedgerRecord | None,
    seen_number: int | None,
    looked_at_ms: int,
    run: int,
    healing: Heal | None = None,
    asked_ms: int = 0,
    *,
    says_the_same: bool = False,
) -> Action:
    """Decide for one ticket.

    Args:
        record: the ledger's word; `None` if it has none.
        seen_number: number of the copy that the last look showed, or `None`.
        looked_at_ms: when that look began, by the server's clock.
        run: which run of the migration this is, from 1; a replay begins another.
        healing: `None` for an ordinary migration.
        says_the_same: that copy has no marker and is not on record; it only says what the ticket says.
        asked_ms: when its request was made, by the server's clock: an earlier refusal belongs to another request.
    """
    match record:
        case CreatedAs(number):
            return Skip() if healing is None or seen_number else _heal(number, healing)
        case Refused() if record.run == run and record.at_ms >= asked_ms:
            return Skip()
        case Refused() | None:
            return Create(None) if seen_number is None else Adopt(seen_number)
        case UnreadableRecord():
            return Stop(record) if seen_number is None else Skip()
        case Intended(at_ms, nonce):
            settled = at_ms + SETTLING_MS
            if looked_at_ms < settled and (seen_number is None or says_the_same):
                return Reconcile(settled)
            return Create(nonce) if seen_number is None else Adopt(seen_number)
        case _:
            assert_never(record)


def _heal(number: int, healing: Heal) -> Action:
    match healing.fate:
        case None:
            return Inspect(number)
        case Fate.DELETED:
            return Create(f"#{number}")
        case _:
            return Skip()


def first_look_at_ms(records: list[LedgerRecord]) -> int:
    """When a look can decide about every intent in `records`; 0 if there is none."""
    return max((r.at_ms + SETTLING_MS for r in records if isinstance(r, Intended)), default=0)


def highest_on_record(records: Iterable[LedgerRecord]) -> int:
    """The highest number that a copy was created as, 0 if none was: that number was used, whatever became of the copy."""
    return max((one.number for one in records if isinstance(one, CreatedAs)), default=0)
