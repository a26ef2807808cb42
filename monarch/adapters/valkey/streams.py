"""The streams of work, seen by one consumer: receive, renew, settle, sweep.

Who is authoritative: Valkey, for who holds what, at which count, and since when (its clock). This process keeps only
the cursors of its sweeps, which may be lost at any time.

```
appended --receive--> held --settle--> gone | parked | dead | handed back
                       |  ^
          lease over   |  | renew (checks and extends in one step)
                       v  |
             reclaimed by a sweep: another count, so the older token is void
```

What can still go wrong: a reply is lost. A repeated `receive` leaves the first entries pending with this very consumer:
no handler works on them, so they fall idle and a sweep (of any worker, this one too) takes them over, unless the worker
stops before that and hands them back with all the rest (`retire`). A repeated `settle` answers *lost*, which is right
either way. A repeated `renew` renews.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, cast

from anyio import to_thread
from anyio.lowlevel import checkpoint
from valkey.asyncio import Valkey
from valkey.exceptions import ResponseError

from monarch.adapters.valkey.client.connection import BLOCK_MS, IDLE_BLOCK_MS, classified
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.codec import decode_delivery
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.scripts import Arg, Scripts
from monarch.adapters.valkey.settlement import Settling, settling
from monarch.core.delivery import Delivery, Stream, Token
from monarch.core.verdict import Done, Planned, Verdict
from monarch.ports import Audited, Held, Swept

_PROMOTED_AT_ONCE = 100
_REQUEST_ENDED = 2
_AUDITED_AT_ONCE = 2000
"""About how many requests and migrations one audit looks at: some milliseconds of the server's time."""

AUDIT_EVERY_MS = 5_000
"""How often the fleet audits itself, in milliseconds, whatever its size."""

_GONE_AFTER_MS = 60_000
"""After how long, in milliseconds, an idle consumer without pending entries is removed. One that only slept (a pause,
a frozen machine) comes back with its next read.
"""

_IDLE_AFTER: Final = 15
"""After how many reads in a row without work, half a minute, reads wait for longer."""

Claimed = tuple[bytes, list[bytes], int, int]
Found = tuple[bytes, list[Claimed], list[bytes], int]


class ValkeyStreams:
    """`ports.Streams` for one consumer.

    Args:
        readers: a client for each stream that is read; a blocked read has it to itself.
        commands: sends settles and sweeps.
        renewals: sends renewals, and nothing that could hold them up.
        consumer: `<host>.<pid>.<random>`, never the same twice.
        seen: what this process has seen of the memory.
        aside: does what takes long beside the event loop.
        lease_ms: how long a delivery is left alone without a renewal.
        retention_ms: how long what ended well is kept.
        on_request_ended: called with the duration, in seconds, of a request that one of our settles has ended.
        on_emptied: awaited where a stream that was read before has lost its group: Valkey was emptied meanwhile.
    """

    def __init__(
        self,
        readers: Mapping[Stream, Valkey],
        commands: Scripts,
        renewals: Scripts,
        keys: Keys,
        consumer: str,
        seen: NewestMemory,
        aside: Callable[[Callable[[], Settling]], Awaitable[Settling]] = to_thread.run_sync,
        *,
        lease_ms: int,
        retention_ms: int,
        on_request_ended: Callable[[float], None] = lambda _: None,
        on_emptied: Callable[[], Awaitable[None]] = checkpoint,
    ) -> None:
        self._readers = readers
        self._commands = commands
        self._renewals = renewals
        self._keys = keys
        self._consumer = consumer
        self._seen = seen
        self._aside = aside
        self._lease_ms = lease_ms
        self._retention_ms = retention_ms
        self._on_request_ended = on_request_ended
        self._on_emptied = on_emptied
        self._has_read: set[Stream] = set()
        self._cursors = dict.fromkeys(Stream, "0-0")
        self._in_vain = dict.fromkeys(Stream, 0)

    async def receive(self, stream: Stream, places: int) -> tuple[Delivery, ...]:
        """See `ports.Streams.receive`."""
        reader, name = self._readers[stream], self._keys.stream(stream)
        block_ms = IDLE_BLOCK_MS if self._in_vain[stream] >= _IDLE_AFTER else BLOCK_MS
        with classified(f"reading {name}"):
            try:
                answer = await reader.xreadgroup(
                    GROUP, self._consumer, {name: ">"}, count=places, block=block_ms
                )
            except ResponseError as error:
                if not str(error).startswith("NOGROUP"):
                    raise
                await make_group(reader, name)
                # A new installation has no group either, and has lost nothing.
                if stream in self._has_read:
                    await self._on_emptied()
                return ()
        self._has_read.add(stream)
        entries = answer[0][1] if answer else []
        self._in_vain[stream] = 0 if entries else self._in_vain[stream] + 1
        return tuple(self._new(stream, entry, fields) for entry, fields in entries)

    def _new(self, stream: Stream, entry: bytes, fields: dict[bytes, bytes]) -> Delivery:
        return decode_delivery(Token(stream, self._consumer, entry.decode(), 1), fields)

    async def renew(self, held: Sequence[Held]) -> frozenset[Token]:
        """See `ports.Streams.renew`."""
        args: list[Arg] = []
        for one in held:
            target = "" if one.target is None else one.target
            args += [one.token.stream.value, one.token.entry, one.token.count, target]
        answer = await self._renewals.call(
            "renew", [self._keys.stream(Stream.REQUESTS)], self._consumer, self._lease_ms, *args
        )
        kept = cast("list[int]", answer)
        return frozenset(one.token for one, keep in zip(held, kept, strict=True) if not keep)

    async def settle(self, delivery: Delivery, verdict: Verdict) -> bool:
        """See `ports.Streams.settle`."""
        token = delivery.token
        settled = (
            await self._aside(lambda: settling(delivery, verdict, self._retention_ms))
            if isinstance(verdict, Done) and isinstance(verdict.result, Planned)
            # Only a plan is packed beside the event loop: it may be megabytes.
            else settling(delivery, verdict, self._retention_ms)
        )
        answer = await self._commands.call(
            "settle",
            [self._keys.stream(token.stream)],
            token.stream.value,
            token.consumer,
            token.entry,
            token.count,
            settled.verdict,
            settled.document,
            settled.plan,
        )
        value = cast("int", answer)
        if value >= _REQUEST_ENDED:
            self._on_request_ended((value - _REQUEST_ENDED) / 1000)
        return value > 0

    async def sweep(self, places: Mapping[Stream, int]) -> Swept:
        """See `ports.Streams.sweep`."""
        args = [arg for s, free in places.items() for arg in (s.value, self._cursors[s], free)]
        keys = [self._keys.parked, *map(self._keys.stream, places)]
        answer = await self._commands.call(
            "sweep",
            keys,
            self._consumer,
            self._lease_ms,
            _PROMOTED_AT_ONCE,
            self._seen.word,
            *args,
        )
        promoted, paused, memory, *found = cast(
            "tuple[int, bytes, bytes, *tuple[Found, ...]]", answer
        )
        self._seen.shown(memory)
        deliveries: list[Delivery] = []
        left: set[Stream] = set()
        trimmed = 0
        for stream, (cursor, claimed, gone, more) in zip(places, found, strict=True):
            self._cursors[stream] = cursor.decode()
            deliveries += [self._reclaimed(stream, item) for item in claimed]
            trimmed += len(gone)
            left |= {stream} if more else set()
        by = paused.decode("utf-8", "replace")
        return Swept(tuple(deliveries), promoted, trimmed, by, frozenset(left))

    def _reclaimed(self, stream: Stream, item: Claimed) -> Delivery:
        entry, flat, count, since_progress = item
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        token = Token(stream, self._consumer, entry.decode(), count)
        return decode_delivery(token, fields, since_progress)

    async def audit(self) -> Audited:
        """See `ports.Streams.audit`."""
        keys = [self._keys.open, self._keys.audited, *map(self._keys.stream, Stream)]
        answer = await self._commands.call(
            "audit",
            keys,
            _AUDITED_AT_ONCE,
            AUDIT_EVERY_MS,
            max(_GONE_AFTER_MS, 3 * self._lease_ms),
        )
        return Audited(*cast("tuple[int, int, int]", answer))

    async def retire(self) -> None:
        """See `ports.Streams.retire`."""
        keys = [self._keys.stream(stream) for stream in self._readers]
        await self._commands.call("retire", keys, self._consumer)


async def make_group(client: Valkey, stream: str) -> None:
    """Make the group of a stream, and the stream; from its beginning, so that no entry is skipped."""
    try:
        await client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
