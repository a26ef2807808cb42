"""What stands in the store of a house, for a test to look at and, as a person with a `valkey-cli` could, to change."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import cast

from monarch.adapters.valkey.codec import decode_ledger, decode_plan, pairs
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.ledger.later import decode_later
from monarch.adapters.valkey.scripts import SCRIPTS
from monarch.adapters.valkey.views.request import RawRequest, cohort_view, request_views
from monarch.core.after.later import Later
from monarch.core.card.view import CohortView
from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, MigrationId, RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused, UnreadableRecord
from scripts.memory.clock import LoopTime
from scripts.memory.keyspace import Hash, Memory, SortedSet, StreamValue
from scripts.memory.server import Server

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds an entry, and at which delivery count."""

    consumer: str
    count: int


class Store:
    """One Valkey in memory, on the event loop's clock, with the groups and the first epoch of an installation."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._time = LoopTime()
        self.server = Server(self._time.now_ms)
        # First of all: only on a server that was never written to nobody need be quiet.
        self.run("open_epoch", [keys.epoch])
        for stream in Stream:
            self.do("XGROUP", "CREATE", keys.stream(stream), GROUP, "0", "MKSTREAM")

    def do(self, name: str, *args: str | bytes | int) -> object:
        """A command, as a person types it."""
        words = [one if isinstance(one, bytes) else str(one).encode() for one in args]
        answer: object = self.server.do(name.encode(), words)
        self.server.changed()
        return answer

    def run(self, script: str, keys: list[str], *args: str | bytes | int) -> object:
        """A script, as an adapter sends it."""
        digest = SCRIPTS[script].digest
        return self.do("EVALSHA", digest, len(keys), *keys, self.keys.prefix, *args)

    # ----------------------------------------------------------------------------------------- changes

    def now_ms(self) -> int:
        """The store's own clock."""
        return self._time.now_ms()

    def advance(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self._time.skip(seconds)
        self.server.changed()

    def changed(self) -> None:
        """Wake who waits for a change."""
        self.server.changed()

    async def until_changed(self) -> None:
        """Wait for the next change of anything."""
        await self.server.until_changed()

    def forget(self) -> None:
        """It was started anew, so a new epoch begins."""
        self.server.restart()

    def remember(self) -> Memory:
        """All that it knows now, for `go_back`."""
        return self.server.remember()

    def go_back(self, memory: Memory) -> None:
        """Know what was known then, and nothing since: started anew from an older file."""
        self.server.go_back(memory)
        self.server.restart()

    def revert(self, memory: Memory) -> None:
        """Know what was known then, and do not know that there was more: a reverted snapshot."""
        self.server.go_back(memory)

    def append(self, stream: Stream, fields: Mapping[bytes, bytes]) -> str:
        """Put an entry into a stream, as any producer could."""
        flat = [part for pair in fields.items() for part in pair]
        entry = self.do("XADD", self.keys.stream(stream), "*", *flat)
        assert isinstance(entry, bytes)
        return entry.decode()

    def append_request(self, payload: bytes, *act: str) -> RequestId:
        """A message becomes a request, as `monarch submit` has it; `act`, its bases and by whom where it is no copy."""
        once = f"{len(self.server.values)}-{self.now_ms()}"
        keys = [self.keys.inbox(once), self.keys.stream(Stream.REQUESTS)]
        answer = self.run("submit", keys, payload, "submit", 86_400_000, *act)
        assert isinstance(answer, list)
        return RequestId(answer[1].decode())

    def notify(self, cohort: CohortId) -> None:
        """A notice is under way."""
        entry = self.append(Stream.NOTICES, {b"v": b"2", b"card": cohort.encode()})
        self.do("HSET", self.keys.card(cohort), "notice_due", "1", "notice_entry", entry)

    def forget_all(self, kind: str) -> None:
        """Whatever is kept of this kind, such as `ledger`, is gone."""
        for name in self._names(kind):
            self.do("DEL", f"{self.keys.prefix}{kind}:{name}")

    def empty(self, stream: Stream) -> None:
        """A person deletes every entry of a stream."""
        for entry in self.entries(stream):
            self.do("XDEL", self.keys.stream(stream), entry)

    def deliver_again(self, stream: Stream) -> None:
        """The group is at its beginning again, and what was handed out is handed out once more."""
        self._stream(stream).groups[GROUP.encode()].last = (0, 0)
        self.server.go_back(self.server.remember())

    # ------------------------------------------------------------------------------------------- looks

    @property
    def is_quiet(self) -> bool:
        """Whether there is no work anywhere."""
        return not self.parked and not any(self._stream(stream).entries for stream in Stream)

    @property
    def parked(self) -> list[str]:
        """The names of what is parked."""
        found = self.server.get(self.keys.parked.encode(), SortedSet)
        return [name.decode() for name in found]

    @property
    def dead(self) -> list[Fields]:
        """The dead letters, the oldest first."""
        found = self.server.get(self.keys.dead.encode(), StreamValue).entries
        return [{"id": entry.decode(), **_texts(_pairs(flat))} for entry, flat in found.items()]

    def entries(self, stream: Stream) -> dict[str, dict[bytes, bytes]]:
        """What stands in a stream."""
        return {
            entry.decode(): _pairs(flat) for entry, flat in self._stream(stream).entries.items()
        }

    def pending(self, stream: Stream) -> dict[str, Held]:
        """Who holds what of a stream."""
        found = self._stream(stream).groups[GROUP.encode()].pending
        return {entry.decode(): Held(p.consumer.decode(), p.count) for entry, p in found.items()}

    @property
    def requests(self) -> dict[RequestId, Fields]:
        """The fields of each request."""
        return {RequestId(name): fields for name, fields in self._hashes("request").items()}

    @property
    def migrations(self) -> dict[MigrationId, Fields]:
        """The fields of each migration."""
        return {MigrationId(name): fields for name, fields in self._hashes("migration").items()}

    @property
    def cards(self) -> dict[CohortId, Fields]:
        """The fields of the card of each cohort."""
        return {CohortId(name): fields for name, fields in self._hashes("card").items()}

    def cohort(self, cohort: CohortId) -> CohortView:
        """A cohort, as people see it."""
        answer = self.run("cohort", [self.keys.card(cohort)], cohort)
        flat, requests, paused, _ = cast("tuple[list[bytes], list[RawRequest], bytes, int]", answer)
        return cohort_view(cohort, pairs(flat), request_views(requests, paused))

    def targets(self, request: RequestId) -> list[str]:
        """Which targets a request has."""
        known = self.requests.get(request, {}).get("targets", "")
        return [target for target in known.split("\n") if target]

    def unsettled(self, request: RequestId) -> set[str]:
        """The migrations of a request that have not ended."""
        found: set[bytes] = self.server.get(self.keys.unsettled(request).encode(), set)
        return {one.decode() for one in found}

    @property
    def is_saying(self) -> bool:
        """Whether anybody has the lock on telling."""
        return bool(self._names("saying"))

    @property
    def plans(self) -> dict[RequestId, Plan]:
        """The plans that are kept."""
        keys = {RequestId(name): self.keys.plan(RequestId(name)) for name in self._names("plan")}
        packed = {name: self.server.get(key.encode(), bytes) for name, key in keys.items()}
        plans = {name: decode_plan(raw) for name, raw in packed.items()}
        return {name: plan for name, plan in plans.items() if plan is not None}

    @property
    def ledgers(self) -> dict[TargetId, "Records"]:
        """The ledger of each target."""
        names = [TargetId(int(name)) for name in self._names("ledger")]
        return {target: self.ledger(target) for target in names}

    def ledger(self, target: TargetId | int) -> "Records":
        """The ledger of one target; whatever is changed in it is changed in the store."""
        return Records(self, self.keys.ledger(TargetId(target)))

    def later(self, target: TargetId) -> dict[TicketId, Later]:
        """What the ledger of a target says of copies after they were created."""
        found = self.server.get(self.keys.ledger(target).encode(), Hash)
        return decode_later([part for pair in found.items() for part in pair], 1 << 60)

    def _stream(self, stream: Stream) -> StreamValue:
        return self.server.get(self.keys.stream(stream).encode(), StreamValue)

    def _names(self, kind: str) -> list[str]:
        start = f"{self.keys.prefix}{kind}:".encode()
        found = [key for key in [*self.server.values] if key.startswith(start)]
        return [key.removeprefix(start).decode() for key in found if self.server.is_there(key)]

    def _hashes(self, kind: str) -> dict[str, Fields]:
        prefix = f"{self.keys.prefix}{kind}:"
        names = self._names(kind)
        return {name: _texts(self.server.get(f"{prefix}{name}".encode(), Hash)) for name in names}


class Records(MutableMapping[TicketId, LedgerRecord]):
    """A ledger's records by ticket."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key

    def _all(self) -> dict[TicketId, LedgerRecord]:
        found = self._store.server.get(self._key.encode(), Hash)
        return decode_ledger([part for pair in found.items() for part in pair], 1 << 60)

    def __getitem__(self, ticket: TicketId) -> LedgerRecord:
        return self._all()[ticket]

    def __setitem__(self, ticket: TicketId, record: LedgerRecord) -> None:
        self._store.do("HSET", self._key, ticket, _words(record))
        self._store.do("HDEL", self._key, f"issue:{ticket}")
        if isinstance(record, CreatedAs) and record.issue:
            beside = f"#{record.number} {record.issue}"
            self._store.do("HSET", self._key, f"issue:{ticket}", beside)

    def __delitem__(self, ticket: TicketId) -> None:
        self._store.do("HDEL", self._key, ticket)

    def __iter__(self) -> Iterator[TicketId]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def _words(record: LedgerRecord) -> str:
    """As permit.lua and record.lua write them."""
    match record:
        case Intended(at_ms, nonce):
            return f"intended until {at_ms} {nonce}"
        case CreatedAs(number, at_ms):
            return f"created #{number} {at_ms}"
        case Refused(run, at_ms, reason):
            return f"refused {run} {at_ms} {reason}"
        case UnreadableRecord(text):
            return text


def _pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _texts(fields: Mapping[bytes, bytes]) -> Fields:
    return {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()}
