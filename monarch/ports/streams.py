"""The streams of work, as a worker sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monarch.core.delivery import Delivery, Stream, Token
from monarch.core.ids import TargetId
from monarch.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker renews: its delivery, and the target whose lock goes with it (`None`: none yet)."""

    token: Token
    target: TargetId | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep of the reclaimer found.

    Attributes:
        deliveries: taken over; they go into the same loop as any other.
        promoted: parked entries that were due and are in their streams again.
        trimmed: entries that were removed from outside while they were pending; their work was put back if it is
            known, and dead-lettered if it is not.
        paused_by: who has paused the fleet, `""` if it runs. While it is paused only notices are taken over.
        left: the streams in which more could be taken over than there were places for.
    """

    deliveries: tuple[Delivery, ...]
    promoted: int
    trimmed: int
    paused_by: str = ""
    left: frozenset[Stream] = frozenset()


@dataclass(frozen=True, slots=True)
class Audited:
    """What one audit found: how much was put back, given up with a reason, and how many consumers removed."""

    restored: int = 0
    given_up: int = 0
    consumers: int = 0


class Streams(Protocol):
    """The streams of work, seen by one consumer."""

    async def receive(self, stream: Stream, places: int) -> tuple[Delivery, ...]:
        """Wait up to 2 s for up to `places` new entries of `stream`; empty if none came.

        Heals a missing stream or group by making it again from the beginning.

        Raises:
            StoreError: Valkey cannot be read; back off and call again.
        """

    async def renew(self, held: Sequence[Held]) -> frozenset[Token]:
        """Renew the leases of all of `held`, and say which of them are lost.

        Renewing checks and extends in one step: a lost delivery is never taken back.
        """

    async def settle(self, delivery: Delivery, verdict: Verdict) -> bool:
        """Carry the verdict out, whole and once; `False` if the delivery was lost (nothing changed).

        Also releases the target's lock and wakes one delivery that waits for it.
        """

    async def sweep(self, places: Mapping[Stream, int]) -> Swept:
        """Take over what is idle for longer than the lease, and promote what is due.

        Reclaims at most `places` deliveries of each stream, and names the streams with more.
        """

    async def audit(self) -> Audited:
        """Look for work that was removed from outside, and for consumers that are gone.

        One worker of the fleet does so every few seconds; for the others the call does nothing.
        """

    async def retire(self) -> None:
        """End: hand back all that this consumer still holds, heard of or not, and remove it."""
