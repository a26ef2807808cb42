"""What the ledger says about a copy beside *created #m*: a change that is under way, and what acts did to it last.

```
pending   close|retire|reopen|edit #m until <ms> <nonce>     a write may be under way, or may have happened
recall    closed|reopened #m <ms> <request> [with-ticket]    what a recall, the undoing of it, or an update did to #m last
edited    #m <ms> <request>                                  which update has edited #m last
```

They stand in fields of their own beside the record of the copy, so older code still reads that record and skips the
ticket: a recalled copy is there, only closed. How a copy stands is decided in `core.after.standing`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monarch.core.after.acts import Change
from monarch.core.timing import SETTLING_MS


@dataclass(frozen=True, slots=True)
class Pending:
    """A change of copy `number` whose result is not known. `nonce` names that one write.

    `at_ms` is the latest moment at which its bytes can have left, by the server's clock.
    """

    change: Change
    number: int
    at_ms: int
    nonce: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recall closed copy `number`; with `is_reopened` the undoing of it opened it again.

    `with_ticket`: no person asked for this very copy, but an update closed it with its ticket.
    """

    number: int
    at_ms: int
    is_reopened: bool = False
    with_ticket: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """An update edited copy `number`, at `at_ms` by the server's clock."""

    number: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Later:
    """What is on record about one ticket's copy after it was created.

    `unreadable` is a record in words that this code does not know, `""` if it knows them.
    """

    pending: Pending | None = None
    recall: Recalled | None = None
    unreadable: str = ""
    edited: Edited | None = None

    def was_edited(self, number: int, since_ms: int) -> bool:
        """Whether an update has edited copy `number` since then, or was about to when its worker died."""
        is_pending = self.pending is not None and self.pending.change is Change.EDIT
        edits: tuple[Edited | Pending | None, ...] = (
            self.edited,
            self.pending if is_pending else None,
        )
        return any(one and one.number == number and one.at_ms >= since_ms for one in edits)

    def is_retired(self, number: int) -> bool:
        """Whether an update closed copy `number` with its ticket, and nothing was done to it by Monarch since."""
        recall = self.recall
        return recall is not None and recall.with_ticket and recall.number == number


NOTHING: Final = Later()


def settled_at_ms(all_later: Iterable[Later]) -> int:
    """When a look can decide about every pending change; 0 if none is pending."""
    waiting = (later.pending.at_ms for later in all_later if later.pending is not None)
    return max((at_ms + SETTLING_MS for at_ms in waiting), default=0)
