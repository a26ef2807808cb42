"""The hold: a worker's view of the lease on one delivery, and the registry that renews all of them.

Valkey is authoritative for who holds a delivery. Local time only bounds how long this process trusts the last answer:
the lease counts from *before* the renewal was sent, on a clock that runs on while the machine sleeps.

```
trusted until = (when the last confirmed renewal was sent) + lease
a write may begin while trusted until - now > the write's deadline
```

A lost lease ends the handler at its next step and never cancels a write in hand, whose answer is a fact to be recorded.
What can still go wrong: a process frozen between its last check and the bytes leaving (docs/protocols.md, "The three windows").
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio

from monarch.core.delivery import Delivery, Token
from monarch.core.ids import TargetId
from monarch.ports import Clock, Held, StoreError, Streams
from monarch.telemetry import Telemetry

RENEWALS_A_LEASE: Final = 4
"""How many renewals are tried within one lease."""

_RETRY_S: Final = 0.5


class LeaseLost(Exception):  # noqa: N818 - it is no error: it ends a handler
    """Another worker has the delivery: end, and settle nothing."""


class Draining(Exception):  # noqa: N818 - it is no error: it ends a handler
    """The worker is stopping: end at this step, and hand the delivery back."""


class Hold:
    """The right to work on one delivery.

    `target` is set by the migrator once its lock is taken, `settling` by the consumer once it settles.
    """

    def __init__(
        self, delivery: Delivery, clock: Clock, lease_s: float, received_at: float
    ) -> None:
        self.delivery = delivery
        self.target: TargetId | None = None
        self.scope = anyio.CancelScope()
        self._clock = clock
        self._lease_s = lease_s
        self._trusted_until = received_at + lease_s
        self._lost = False
        self._draining = False
        self.settling = False
        self._changed: anyio.Event | None = None

    @property
    def token(self) -> Token:
        """The fencing token of the delivery."""
        return self.delivery.token

    @property
    def is_lost(self) -> bool:
        """Whether another worker is known to have the delivery."""
        return self._lost

    @property
    def is_draining(self) -> bool:
        """Whether the worker is stopping."""
        return self._draining

    def check(self) -> None:
        """Raise if the handler must not take its next step.

        Raises:
            LeaseLost: another worker has the delivery.
            Draining: the worker is stopping.
        """
        if self._lost:
            raise LeaseLost
        if self._draining:
            raise Draining

    def outlives(self, seconds: float) -> bool:
        """Whether the lease certainly lasts longer than `seconds` from now."""
        return not self._lost and self._trusted_until - self._clock.now() > seconds

    async def until_outlives(self, seconds: float) -> None:
        """Wait for a renewal that makes the lease last longer than `seconds` from then.

        Raises:
            LeaseLost: it is lost.
            Draining: the worker is stopping.
        """
        self.check()
        while not self.outlives(seconds):
            await self._change()
            self.check()

    async def sleep(self, seconds: float) -> None:
        """Sleep while the lease is renewed; raises early when the lease is lost or the worker stops."""
        self.check()
        with anyio.move_on_after(seconds):
            while True:
                await self._change()
                self.check()

    async def _change(self) -> None:
        """Wait for the next change of the lease."""
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def renewed(self, sent_at: float) -> None:
        """Note that a renewal which was sent at `sent_at` is confirmed."""
        self._trusted_until = max(self._trusted_until, sent_at + self._lease_s)
        self._wake()

    def lose(self) -> None:
        """Note that another worker has the delivery."""
        self._lost = True
        self._wake()

    def drain(self) -> None:
        """The worker is stopping."""
        self._draining = True
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


class Holds:
    """Everything that this worker holds."""

    def __init__(
        self, streams: Streams, telemetry: Telemetry, clock: Clock, *, lease_s: float
    ) -> None:
        self._streams = streams
        self._telemetry = telemetry
        self._clock = clock
        self._lease_s = lease_s
        self._all: dict[Token, Hold] = {}
        self.draining = False
        # In hand beside one another, whatever their stream: if one of them kills this worker, all of them go down.
        self.suspects: list[Token] = []

    def has(self, token: Token) -> bool:
        """Whether this very delivery is in hand."""
        return token in self._all

    @contextmanager
    def holding(self, delivery: Delivery, received_at: float) -> Iterator[Hold]:
        """Renew the lease from here on until the block ends.

        `received_at` is when the call that brought it was sent, by this worker's clock, in seconds.
        """
        hold = Hold(delivery, self._clock, self._lease_s, received_at)
        self._all[delivery.token] = hold
        if self.draining:
            hold.drain()
        try:
            yield hold
        finally:
            del self._all[delivery.token]

    async def renew_forever(self) -> None:
        """Renew everything that is held, every quarter of a lease; ended by cancellation, last of all tasks."""
        while True:
            pause = self._lease_s / RENEWALS_A_LEASE
            try:
                await self._renew()
            except StoreError as error:
                self._telemetry.store_trouble(where="renewal", error=error)
                pause = _RETRY_S
            await anyio.sleep(pause)

    async def _renew(self) -> None:
        holds = [hold for hold in self._all.values() if not hold.is_lost]
        if not holds:
            return
        sent_at = self._clock.now()
        lost = await self._streams.renew([Held(hold.token, hold.target) for hold in holds])
        for hold in holds:
            if hold.token not in lost:
                hold.renewed(sent_at)
            # A settle that overtook this renewal has ended the lease: that one is not lost.
            elif not hold.settling and hold.token in self._all:
                self._telemetry.lease_lost(token=hold.token)
                hold.lose()

    def drain(self) -> None:
        """End every handler at its next step."""
        self.draining = True
        for hold in self._all.values():
            hold.drain()

    def give_up(self) -> None:
        """Cancel the handlers that have not ended by themselves."""
        for hold in self._all.values():
            hold.scope.cancel()
