"""People's hands: what they can do to running work, and the answers that they get."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monarch.core.after.acts import Act
from monarch.core.ids import RequestId, TicketId


@dataclass(frozen=True, slots=True)
class Paused:
    """`changed` is false if it was so already; `by` is who paused the fleet, `""` if it was not paused."""

    changed: bool
    by: str


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What is left of the request ends as dead letters; `targets` of them had not ended when it was called off."""

    targets: int


@dataclass(frozen=True, slots=True)
class NotDone:
    """Nothing was changed, because of this; `is_unknown`: there is no such request."""

    reason: str
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class PutFirst:
    """It goes first; `by` is who put it there, `changed` is false if it was so already."""

    by: str
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one dead letter.

    `work` is the id of the migration or request that goes on, `""` if `refused` says why it does not.
    """

    letter: str
    work: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Healing:
    """What became of the wish to heal one target.

    `migration` is the id of the migration that goes on, `""` if `refused` says why it does not.
    """

    target: str
    migration: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of the wish for an act in one target.

    `migration` is the id of the migration that goes on, `""` if `refused` says why it does not. `remark` is what a person
    should know beforehand, `""` if there is nothing.
    """

    target: str
    migration: str
    refused: str = ""
    remark: str = ""


class Hands(Protocol):
    """What people do to running work. Each is one script: whole or not at all, and harmless when repeated."""

    async def pause(self, by: str) -> Paused:
        """Stop taking on requests and migrations; what runs, runs on, and notices are still sent."""

    async def resume(self, by: str) -> Paused:
        """Go on."""

    async def cancel(self, request: RequestId, by: str) -> Cancelling | NotDone:
        """Call a request off: what has not been copied is not."""

    async def first(self, request: RequestId, by: str) -> PutFirst | NotDone:
        """Put a request first: its writes go before those of all requests that were not, until it has ended."""

    async def hurry(self, request: RequestId, by: str) -> int | NotDone:
        """Bring forward to now what the request would try later; returns how many pieces of work that moved."""

    async def replay(self, letters: Sequence[str], by: str) -> tuple[Replayed, ...]:
        """Send dead letters back, under the same ids and without attempts; a refused one stays."""

    async def foresee_replay(self, letters: Sequence[str]) -> tuple[Replayed, ...]:
        """What `replay` would answer now; nothing is changed."""

    async def drop(self, letters: Sequence[str], by: str) -> int:
        """Throw dead letters away; returns how many there were."""

    async def heal(
        self, request: RequestId, missing: Mapping[str, Collection[TicketId]], by: str
    ) -> tuple[Healing, ...]:
        """Have deleted copies made again: those of these tickets, for each target of the request.

        The request must have ended, its plan must be there, and the target's migration must be done; else that target is
        refused. The same wish again, while it is under way, changes nothing and gets the same answer.
        """

    async def begin(
        self, request: RequestId, act: Act, targets: Sequence[str], by: str
    ) -> tuple[Begun, ...]:
        """Have an act done in these targets of a request: its untouched copies closed, or reopened.

        The request must have ended, its plan must be there, and the target must have been worked on before; else that
        target is refused. The migration ends again as it had ended before. The same wish again, while it is under way,
        changes nothing and gets the same answer.
        """
