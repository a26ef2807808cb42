"""One account's budget, as it is shipped: ledger, budget and their scripts, over a Valkey in memory.

The simulation of `scripts/bench budget` asks it, so there is no second arithmetic of windows, slots, gate and line. Its
clock is the simulation's. Nothing in it waits: each call is over at its first step.
"""

import itertools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar, cast

from monarch.adapters.valkey.budget import Spent, ValkeyBudget
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.ledger.ledger import ValkeyLedger
from monarch.adapters.valkey.scripts import SCRIPTS, Answer, Arg, Scripts
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token
from monarch.core.ids import Epoch, RequestId, TargetId
from monarch.core.target.permission import (
    Credential,
    Fact,
    Permission,
    Taken,
    WasAnswered,
    WasNotCreated,
    Wish,
)
from scripts.memory.server import Server

CREDENTIAL = Credential("user:1", "00000000")
REQUEST = RequestId("1-0")
FOR_EVER_MS = 10**11

T = TypeVar("T")


class StraightScripts(Scripts):
    """Runs scripts in memory, with no connection between."""

    def __init__(self, server: Server, prefix: str) -> None:
        self._server = server
        self._prefix_word = prefix.encode()

    async def call(self, name: str, keys: Sequence[str], *args: Arg) -> Answer:
        """See `Scripts.call`."""
        words = [one if isinstance(one, bytes) else str(one).encode() for one in args]
        named = [key.encode() for key in keys]
        digest, count = SCRIPTS[name].digest.encode(), b"%d" % len(named)
        answer: Answer = self._server.do(
            b"EVALSHA", [digest, count, *named, self._prefix_word, *words]
        )
        return answer


class Writer:
    """One delivery that holds its target, and writes into it for ever."""

    def __init__(
        self, ledger: ValkeyLedger, delivery: Delivery, target: TargetId, epoch: Epoch
    ) -> None:
        self._ledger = ledger
        self._delivery = delivery
        self._target = target
        self._epoch = epoch

    def ask(self) -> Permission:
        """Ask for a write of which the ledger keeps nothing, so that a day of them fits in memory."""
        return at_once(
            self._ledger.permit(self._delivery, self._target, CREDENTIAL, Wish(self._epoch))
        )

    def answered(self, nonce: str) -> None:
        """The write was answered."""
        self._record(WasAnswered(nonce))

    def came_to_nothing(self, nonce: str) -> None:
        """The write was refused."""
        self._record(WasNotCreated(nonce))

    def _record(self, fact: Fact) -> None:
        at_once(self._ledger.record(self._delivery, self._target, None, CREDENTIAL, fact))


class Account:
    """What a fleet shares.

    Args:
        clock: now, in ms since 1970.
    """

    def __init__(self, ceilings: Ceilings, pace: Pace, clock: Callable[[], int]) -> None:
        keys = Keys("bench")
        self._server = Server(clock)
        self._stream = keys.stream(Stream.MIGRATIONS).encode()
        scripts = StraightScripts(self._server, keys.prefix)
        at_once(scripts.call("open_epoch", [keys.epoch]))
        self._server.do(b"HSET", [keys.epoch.encode(), b"quiet_until", b"0"])
        self._server.do(b"XGROUP", [b"CREATE", self._stream, GROUP.encode(), b"0", b"MKSTREAM"])
        self._budget = ValkeyBudget(scripts, keys, ceilings, pace)
        nonces = itertools.count()
        self._ledger = ValkeyLedger(
            scripts,
            keys,
            self._budget,
            lambda: str(next(nonces)),
            NewestMemory(),
            lease_ms=FOR_EVER_MS,
            retention_ms=FOR_EVER_MS,
        )

    def writer(self, order: int) -> Writer:
        """One more at work; the writer of a lower order has its turn first."""
        target, consumer = TargetId(order + 1), f"worker-{order}"
        entry = cast("bytes", self._server.do(b"XADD", [self._stream, b"*", b"v", b"2"])).decode()
        group = [b"GROUP", GROUP.encode(), consumer.encode(), b"COUNT", b"1"]
        self._server.do(b"XREADGROUP", [*group, b"STREAMS", self._stream, b">"])
        delivery = Delivery(
            Token(Stream.MIGRATIONS, consumer, entry, 1),
            MigrationEntry(REQUEST, f"school/team-{order}", order, 1),
        )
        taken = at_once(self._ledger.take(delivery, target, CREDENTIAL))
        if not isinstance(taken, Taken):
            raise SystemExit(f"the target was not given: {taken}")
        return Writer(self._ledger, delivery, target, taken.epoch)

    def refused(self, nonce: str, wait_s: float | None, cause: str) -> None:
        """Learn from a refused write and close the gate."""
        at_once(self._budget.close(CREDENTIAL, wait_s, cause, nonce))

    def spent(self) -> Spent:
        """What is known of the account now."""
        return at_once(self._budget.spent(CREDENTIAL.account))


def at_once(call: Coroutine[Any, Any, T]) -> T:
    """The result of a call that waits for nothing.

    Raises:
        RuntimeError: it waits.
    """
    try:
        call.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    call.close()
    raise RuntimeError("a call to a memory waited")
