"""`ports.Streams` in memory."""

from collections.abc import Mapping, Sequence

import anyio

from monarch.adapters.valkey.client.seen import Seen
from monarch.adapters.valkey.codec import decode_delivery
from monarch.adapters.valkey.streams import AUDIT_EVERY_MS
from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token
from monarch.core.verdict import Verdict
from monarch.ports import Audited, Held, Swept
from tests.contracts.doubles.audit import audit, entry_removed
from tests.contracts.doubles.settling import Settlement
from tests.contracts.doubles.store import MemoryStore, Pending

BLOCK_S = 2.0


class MemoryStreams:
    """The streams of a `MemoryStore`, seen by one consumer; make one for each consumer of a test."""

    def __init__(
        self,
        store: MemoryStore,
        consumer: str = "worker-1",
        seen: Seen | None = None,
        *,
        lease_s: float = 20.0,
        block_s: float = BLOCK_S,
    ) -> None:
        self._store = store
        self._consumer = consumer
        self._seen = seen or Seen()
        self._lease_ms = round(lease_s * 1000)
        self._block_s = block_s

    async def receive(self, stream: Stream, places: int) -> tuple[Delivery, ...]:
        """See `ports.Streams.receive`."""
        await anyio.lowlevel.checkpoint()
        here = self._store.streams[stream]
        if not here.has_group:
            here.has_group, here.undelivered = True, list(here.entries)
            return ()
        with anyio.move_on_after(self._block_s):
            # Looked up anew: the store's memory may go back meanwhile.
            while not self._store.streams[stream].undelivered:
                await self._store.until_changed()
        here = self._store.streams[stream]
        taken, here.undelivered = here.undelivered[:places], here.undelivered[places:]
        return tuple(self._hand_out(stream, entry, 1) for entry in taken)

    def _hand_out(self, stream: Stream, entry: str, count: int) -> Delivery:
        here = self._store.streams[stream]
        here.pending[entry] = Pending(self._consumer, count, self._store.now_ms())
        token = Token(stream, self._consumer, entry, count)
        delivery = decode_delivery(token, here.entries[entry])
        past = self._progress(delivery)
        outlived = self._store.outlived.get((stream, entry), set())
        since = count - past - sum(past < one < count for one in outlived)
        return decode_delivery(token, here.entries[entry], since)

    def _progress(self, delivery: Delivery) -> int:
        """The count at which the last step of this entry was recorded, 0 where none was."""
        if not isinstance(delivery.entry, MigrationEntry):
            return 0
        known = self._store.migrations.get(delivery.entry.migration, {})
        is_its = known.get("progress_entry") == delivery.token.entry
        return int(known["progress_count"]) if is_its else 0

    async def renew(self, held: Sequence[Held]) -> frozenset[Token]:
        """See `ports.Streams.renew`."""
        await anyio.lowlevel.checkpoint()
        now, lost = self._store.now_ms(), set()
        for one in held:
            if not self._store.still_holds(one.token):
                lost.add(one.token)
                continue
            here = self._store.streams[one.token.stream]
            if one.token.entry not in here.entries:
                self._removed(one.token.stream, one.token.entry)
                lost.add(one.token)
                continue
            here.pending[one.token.entry].since_ms = now
            lock = None if one.target is None else self._store.lock_of(one.target)
            if lock is not None and lock.token == one.token:
                lock.until_ms = now + self._lease_ms
        return frozenset(lost)

    async def settle(self, delivery: Delivery, verdict: Verdict) -> bool:
        """See `ports.Streams.settle`."""
        await anyio.lowlevel.checkpoint()
        if not self._store.still_holds(delivery.token):
            return False
        Settlement(self._store, delivery).carry_out(verdict)
        self._store.changed()
        return True

    async def sweep(self, places: Mapping[Stream, int]) -> Swept:
        """See `ports.Streams.sweep`."""
        await anyio.lowlevel.checkpoint()
        now = self._store.now_ms()
        self._store.meet(self._seen.word)
        self._seen.shown(self._store.permits.word().encode())
        due = sorted(member for member, p in self._store.parked.items() if p.due_ms <= now)
        promoted = sum(self._store.promote(member) for member in due)
        deliveries: list[Delivery] = []
        left: set[Stream] = set()
        trimmed = 0
        paused = self._store.paused_by
        for stream, free in places.items():
            if paused and stream is not Stream.NOTICES:
                continue
            here = self._store.streams[stream]
            idle = [
                e for e, p in sorted(here.pending.items()) if now - p.since_ms >= self._lease_ms
            ]
            left |= {stream} if len(idle) > free else set()
            for entry in idle[:free]:
                if entry in here.entries:
                    count = here.pending[entry].count + 1
                    deliveries.append(self._hand_out(stream, entry, count))
                else:
                    self._removed(stream, entry)
                    trimmed += 1
        return Swept(tuple(deliveries), promoted, trimmed, paused, frozenset(left))

    async def audit(self) -> Audited:
        """See `ports.Streams.audit`; a consumer is nothing here but a name."""
        await anyio.lowlevel.checkpoint()
        if self._store.audited_until_ms > self._store.now_ms():
            return Audited()
        self._store.audited_until_ms = self._store.now_ms() + AUDIT_EVERY_MS
        audited = audit(self._store)
        self._store.changed()
        return audited

    def _removed(self, stream: Stream, entry: str) -> None:
        del self._store.streams[stream].pending[entry]
        entry_removed(self._store, stream, entry)

    async def retire(self) -> None:
        """See `ports.Streams.retire`; a consumer is nothing here but a name."""
        await anyio.lowlevel.checkpoint()
        for stream in self._store.streams.values():
            for pending in stream.pending.values():
                if pending.consumer == self._consumer:
                    pending.hand_back(self._store.now_ms())
        self._store.changed()
