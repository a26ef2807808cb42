"""The two worlds that every contract is tried in: the same adapters and scripts on a real Valkey, and in memory."""

import itertools
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.cards import ValkeyCards
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.inbox import ValkeyInbox
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.ledger.ledger import ValkeyLedger
from monarch.adapters.valkey.logins import ValkeyLogins
from monarch.adapters.valkey.meter import ValkeyMeter
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import ValkeyStreams, make_group
from monarch.adapters.valkey.views.plans import ValkeyPlans
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.delivery import Delivery, Stream, Token
from monarch.core.ids import MigrationId, RequestId, TargetId
from monarch.core.verdict import Verdict
from monarch.ports import Budget, Cards, Hands, Inbox, Ledger, Logins, Meter, Plans, Streams
from monarch.stages.support.aside import on_the_loop
from scripts.memory.client import MemoryClient
from scripts.memory.clock import LoopTime
from scripts.memory.server import Server
from tests.contracts.shifting import end_sayings, run_out, shift
from tests.contracts.showing import show

LEASE_S = 20.0
RETENTION_MS = 86_400_000
_Fields = Awaitable[dict[bytes, bytes]]
NO_CEILINGS = Ceilings(per_minute=0, per_hour=0, interval_ms=0, at_once=0)


class World:
    """An installation: the adapters over a namespace of its own, its ports, and what a test may look at or do behind them."""

    def __init__(self, client: Valkey, namespace: str) -> None:
        self.client = client
        self.keys = Keys(namespace)
        self.scripts = Scripts(client, self.keys.prefix)
        self.logins: Logins = ValkeyLogins(self.scripts, self.keys)
        self.plans: Plans = ValkeyPlans(client, self.keys, on_the_loop)
        self.cards: Cards = ValkeyCards(self.scripts, self.keys)
        self.budget: Budget = ValkeyBudget(self.scripts, self.keys)
        self.hands: Hands = ValkeyHands(self.scripts, self.keys, retention_ms=RETENTION_MS)
        self._nonces = itertools.count(1)
        self._seen: dict[str, NewestMemory] = defaultdict(NewestMemory)

    async def open(self) -> None:
        """Make the groups, and an epoch that is not quiet."""
        for stream in Stream:
            await make_group(self.client, self.keys.stream(stream))
        await self.scripts.call("open_epoch", [self.keys.epoch])
        await cast("Awaitable[int]", self.client.hset(self.keys.epoch, "quiet_until", "0"))
        await cast("Awaitable[int]", self.client.hdel(self.keys.epoch, "is_first"))

    def streams(self, consumer: str = "worker-1") -> Streams:
        """The streams, seen by one consumer."""
        return ValkeyStreams(
            dict.fromkeys(Stream, self.client),
            self.scripts,
            self.scripts,
            self.keys,
            consumer,
            self._seen[consumer],
            on_the_loop,
            lease_ms=round(LEASE_S * 1000),
            retention_ms=RETENTION_MS,
        )

    async def next(self, stream: Stream, consumer: str = "worker-1") -> Delivery:
        """Receive exactly one delivery."""
        (delivery,) = await self.streams(consumer).receive(stream, 1)
        return delivery

    async def settle(
        self, delivery: Delivery, verdict: Verdict, consumer: str = "worker-1"
    ) -> None:
        """Settle a delivery that is still held."""
        assert await self.streams(consumer).settle(delivery, verdict)

    def ledger(
        self,
        ceilings: Ceilings = NO_CEILINGS,
        consumer: str = "worker-1",
        pace: Pace | None = None,
    ) -> Ledger:
        """The ledger, under these ceilings, seen by the process of one consumer."""
        return ValkeyLedger(
            self.scripts,
            self.keys,
            ValkeyBudget(self.scripts, self.keys, ceilings, pace),
            self.nonce,
            self._seen[consumer],
            lease_ms=round(LEASE_S * 1000),
            retention_ms=RETENTION_MS,
        )

    def nonce(self) -> str:
        """A name that no other write has."""
        return f"nonce-{next(self._nonces)}"

    def gates(self, ceilings: Ceilings = NO_CEILINGS) -> Budget:
        """The budget, under these ceilings."""
        return ValkeyBudget(self.scripts, self.keys, ceilings)

    def meter(self, ceilings: Ceilings = NO_CEILINGS) -> Meter:
        """Where reads are counted, under these ceilings."""
        return ValkeyMeter(self.scripts, self.keys, ceilings)

    def inbox(self, replica: str, subscribed_ms: int = 0) -> Inbox:
        """The inbox of one replica."""
        return ValkeyInbox(self.scripts, self.keys, replica, lambda: subscribed_ms)

    async def now_ms(self) -> int:
        """The store's clock."""
        seconds, micros = await self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    async def advance(self, seconds: float) -> None:
        """Let so many seconds have passed, for everything in it."""
        await shift(self.client, self.keys, round(seconds * 1000))

    async def forget(self) -> None:
        """Another memory: as after a restart that lost the last writes."""
        await cast("Awaitable[int]", self.client.hset(self.keys.epoch, "run_id", "another"))

    async def lose_a_permit(self) -> None:
        """The memory goes back to before the newest permit, and nothing that the server says of itself changes."""
        await cast("Awaitable[int]", self.client.hincrby(self.keys.epoch, "count", -1))

    async def run(self, *command: str | bytes | int) -> None:
        """Run a command as a person would; the client has no types for it."""
        client: Any = self.client
        await client.execute_command(*command)

    async def append(self, stream: Stream, fields: Mapping[bytes, bytes], entry: str = "*") -> str:
        """Put an entry into a stream, as any producer could; its id."""
        appended: bytes = await self.client.xadd(self.keys.stream(stream), dict(fields), entry)
        return appended.decode()

    async def drop(self, stream: Stream) -> None:
        """Delete a stream, its group included."""
        await self.client.delete(self.keys.stream(stream))

    async def remove(self, stream: Stream, entry: str) -> None:
        """Delete an entry, as a person could."""
        await self.client.xdel(self.keys.stream(stream), entry)

    async def length(self, stream: Stream) -> int:
        """How many entries a stream has."""
        return int(await self.client.xlen(self.keys.stream(stream)))

    async def dead(self) -> list[dict[str, str]]:
        """The dead letters."""
        found = await self.client.xrange(self.keys.dead)
        return [{"id": letter.decode(), **_text(fields)} for letter, fields in found]

    async def parked(self) -> int:
        """How many entries are parked."""
        return int(await self.client.zcard(self.keys.parked))

    async def request(self, request: RequestId) -> dict[str, str]:
        """The fields of a request."""
        return await self._hash(self.keys.request(request))

    async def migration(self, migration: MigrationId) -> dict[str, str]:
        """The fields of a migration."""
        return await self._hash(self.keys.migration(migration))

    async def lock(self, target: TargetId) -> bool:
        """Whether a worker holds this target."""
        return bool(await self.client.exists(self.keys.target(target)))

    async def held_by(self, stream: Stream) -> dict[str, str]:
        """Each pending entry and its consumer."""
        found = await self.client.xpending_range(self.keys.stream(stream), GROUP, "-", "+", 100)
        return {item["message_id"].decode(): item["consumer"].decode() for item in found}

    async def is_quiet(self) -> bool:
        """Whether there is no work anywhere, at one moment.

        Asked for one after the other, a parked entry that is promoted meanwhile is in no place: not yet in its stream,
        and then not parked any more.
        """
        async with self.client.pipeline(transaction=True) as pipe:
            for stream in Stream:
                pipe.xlen(self.keys.stream(stream))
            pipe.zcard(self.keys.parked)
            return not any(await pipe.execute())

    async def run_out(self, is_held: Callable[[Token], bool], seconds: float) -> None:
        """Let these seconds have passed for the deliveries that no worker holds, and for nothing else."""
        await run_out(self.client, self.keys, is_held, round(seconds * 1000))

    async def end_sayings(self, is_held: Callable[[Token], bool]) -> None:
        """End the locks on telling whose delivery no worker holds."""
        await end_sayings(self.client, self.keys, is_held)

    async def show(self) -> str:
        """All that stands there, to find out why a promise broke."""
        return await show(self.client, self.keys)

    async def _hash(self, key: str) -> dict[str, str]:
        return _text(await cast("_Fields", self.client.hgetall(key)))


class MemoryWorld(World):
    """The same in memory, where time is let pass by the clock."""

    def __init__(self, namespace: str = "monarch") -> None:
        self._time = LoopTime()
        super().__init__(MemoryClient(Server(self._time.now_ms)), namespace)

    async def advance(self, seconds: float) -> None:
        """See `World.advance`."""
        self._time.skip(seconds)


def a_message(
    *targets: str, source: str = "org/template", channel: str | None = "C1", **more: object
) -> bytes:
    """A message as the platform publishes it, with `more` keys beside the usual ones."""
    names = list(targets) or ["org/team-a"]
    fields = {"source_repo": source, "all_target_repositories": names, **more}
    return json.dumps(fields | ({"notification_channel": channel} if channel else {})).encode()


def _text(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {k.decode(): v.decode("utf-8", "replace") for k, v in fields.items()}
