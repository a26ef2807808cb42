"""What the doubles share: one memory, as Valkey is one for all adapters.

It is written as its own argument, not as a translation of the scripts: values instead of strings where it can, and
one method per rule. Entries are kept as the bytes that a stream would hold, so that what cannot be read can be put
there as well.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

import anyio

from monarch.core.after.later import Later
from monarch.core.delivery import Delivery, Stream, Token
from monarch.core.ids import CohortId, Epoch, MigrationId, RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.report.summary import ENDS, State
from monarch.core.target.logins import Known
from monarch.core.target.step import LedgerRecord
from scripts.budget_machine.account import Account
from tests.contracts.doubles.clock import WALL_MS

Fields = dict[bytes, bytes]

Memory = NewType("Memory", dict[str, Any])
"""All that a store knew at one moment."""

QUIET_MS = 25_000
JUNK = {
    *("message_too_large", "message_not_json", "message_not_an_object", "message_missing_key"),
    *("message_wrong_type", "bad_source", "no_targets", "too_many_targets"),
}
JUNK_BYTES = 4096
LONG_AGO_MS = 86_400_000
JOINED_WITHIN_MS = 600_000


@dataclass(slots=True)
class Pending:
    """Who holds an entry, at which count, and since when (ms)."""

    consumer: str
    count: int
    since_ms: int

    def hand_back(self, now: int, *, rests: bool = False) -> None:
        """Nobody's, uncounted, and idle long enough to be taken over at once, unless it rests for a lease."""
        self.consumer, self.count = "released", max(0, self.count - 1)
        self.since_ms = now if rests else now - LONG_AGO_MS


@dataclass(slots=True)
class MemoryStream:
    """One stream with its group."""

    entries: dict[str, Fields] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    undelivered: list[str] = field(default_factory=list)
    has_group: bool = True

    def drop(self) -> None:
        """As `DEL` does it."""
        self.entries, self.pending, self.undelivered, self.has_group = {}, {}, [], False


@dataclass(slots=True)
class Parked:
    """A parked entry, and when it is due."""

    due_ms: int
    stream: Stream
    fields: Fields
    request: RequestId
    migration: MigrationId | None
    waits_for: TargetId | None


@dataclass(slots=True)
class Lock:
    """Who may write to a target, until when (ms)."""

    token: Token
    migration: MigrationId
    until_ms: int


@dataclass(slots=True)
class Permits:
    """What the memory knows of itself: since when, how many writes it has permitted, and which those were."""

    since_ms: int = 1
    count: int = 0
    marks: dict[int, str] = field(default_factory=dict)

    def word(self) -> str:
        """As it is shown to a worker."""
        return f"{self.since_ms} {self.count} {self.marks.get(self.count, '-')}"

    def permit(self, nonce: str) -> None:
        """It knows one more."""
        self.count += 1
        self.marks[self.count] = nonce

    def knows(self, word: str) -> bool:
        """Whether an unbroken memory can have shown this."""
        if not word:
            return True
        since_ms, count, mark = word.split(" ")
        if int(since_ms) != self.since_ms:
            return int(since_ms) < self.since_ms
        return int(count) <= self.count and self.marks.get(int(count), "-") == mark


class MemoryStore:
    """Make one for an installation, and give it to every double that shall belong to it.

    `advance` lets time pass for everything in it at once; `forget` is a new epoch. `until_changed` waits for the
    next change, so that tests need not poll.
    """

    plans: dict[RequestId, Plan]
    ledgers: dict[TargetId, dict[TicketId, LedgerRecord]]

    def __init__(self) -> None:
        self.skipped_ms = 0
        self.streams = {stream: MemoryStream() for stream in Stream}
        self.dead: list[dict[str, str]] = []
        self.parked: dict[str, Parked] = {}
        self.requests: dict[RequestId, dict[str, str]] = {}
        self.migrations: dict[MigrationId, dict[str, str]] = {}
        self.targets: dict[RequestId, list[str]] = {}
        self.unsettled: dict[RequestId, set[MigrationId]] = {}
        self.plans, self.ledgers = {}, {}
        self.later: dict[TargetId, dict[TicketId, Later]] = {}
        self.locks: dict[TargetId, Lock] = {}
        self.accounts: dict[str, Account] = {}
        self.logins: dict[str, Known] = {}
        self.cards: dict[CohortId, dict[str, str]] = {}
        self.cohorts: dict[CohortId, list[RequestId]] = {}
        self.sayings: dict[CohortId, tuple[Token, int]] = {}
        self.outlived: dict[tuple[Stream, str], set[int]] = {}
        self.heard: dict[bytes, Any] = {}
        self.paused_by = ""
        self.audited_until_ms = 0
        self.epoch = Epoch("memory-0")
        self.quiet_until_ms = 0
        self.permits = Permits()
        self.latest: dict[TargetId, MigrationId] = {}
        self._appended = 0
        self._change = anyio.Event()

    # --------------------------------------------------------------------------------------------- time

    def now_ms(self) -> int:
        """The store's own clock."""
        return WALL_MS + round(anyio.current_time() * 1000) + self.skipped_ms

    def advance(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self.skipped_ms += round(seconds * 1000)
        self.changed()

    def forget(self) -> None:
        """Begin a new epoch: the memory went back, and nobody writes for a while."""
        self._begin(0)

    def meet(self, seen: str) -> None:
        """A worker shows what it has seen; a new epoch begins where this memory knows less."""
        if not self.permits.knows(seen):
            self._begin(int(seen.split(" ", maxsplit=1)[0]))

    def _begin(self, after_ms: int) -> None:
        since_ms = max(self.now_ms(), self.permits.since_ms + 1, after_ms + 1)
        self.permits = Permits(since_ms)
        self.epoch = Epoch(f"memory-{since_ms}")
        self.quiet_until_ms = self.now_ms() + QUIET_MS

    def remember(self) -> Memory:
        """All that it knows now, for `go_back`."""
        known = {name: value for name, value in vars(self).items() if name != "_change"}
        return Memory(copy.deepcopy(known))

    def go_back(self, memory: Memory) -> None:
        """Know what was known then, and nothing since: a failover to a replica that lagged."""
        self.revert(memory)
        self.forget()

    def revert(self, memory: Memory) -> None:
        """Know what was known then, and do not know that there was more: a reverted snapshot."""
        vars(self).update(copy.deepcopy(memory))
        self.changed()

    def changed(self) -> None:
        """Wake who waits for a change."""
        before, self._change = self._change, anyio.Event()
        before.set()

    async def until_changed(self) -> None:
        """Wait for the next change of anything."""
        await self._change.wait()

    @property
    def is_quiet(self) -> bool:
        """Whether there is no work anywhere."""
        return not self.parked and not any(s.entries for s in self.streams.values())

    # ------------------------------------------------------------------------------------------ streams

    def append(self, stream: Stream, fields: Mapping[bytes, bytes]) -> str:
        """As `XADD`."""
        self._appended += 1
        entry = f"{self.now_ms()}-{self._appended}"
        here = self.streams[stream]
        here.entries[entry] = dict(fields)
        here.undelivered.append(entry)
        self.changed()
        return entry

    def append_request(self, payload: bytes, **act: str) -> RequestId:
        """A message becomes a request; `act` is `act`, `bases` and `by` of an update."""
        fields = {b"v": b"2" if act else b"1", b"payload": payload}
        fields |= {name.encode(): value.encode() for name, value in act.items()}
        request = RequestId(self.append(Stream.REQUESTS, fields))
        known = {"state": "queued", "run": "1", "version": "1", "appended_ms": str(self.now_ms())}
        known |= {"entry": request, **act}
        self.requests[request] = known
        return request

    def holds(self, token: Token) -> bool:
        """The fence."""
        pending = self.streams[token.stream].pending.get(token.entry)
        return pending is not None and (pending.consumer, pending.count) == (
            token.consumer,
            token.count,
        )

    def still_holds(self, token: Token) -> bool:
        """The fence, as whoever works on a delivery asks for it: one that has lost it has outlived it."""
        if self.holds(token):
            return True
        if token.entry in self.streams[token.stream].pending:
            self.outlived.setdefault((token.stream, token.entry), set()).add(token.count)
        return False

    def acknowledge(self, delivery: Delivery) -> None:
        """The entry leaves its stream."""
        here = self.streams[delivery.token.stream]
        here.pending.pop(delivery.token.entry)
        here.entries.pop(delivery.token.entry, None)

    def promote(self, member: str) -> bool:
        """A parked entry goes back into its stream; `False` where it is not parked."""
        parked = self.parked.pop(member, None)
        if parked is None:
            return False
        entry = self.append(parked.stream, parked.fields)
        if parked.migration is not None:
            self.migrations[parked.migration].update(state="queued", entry=entry)
        elif parked.stream is Stream.NOTICES:
            self.cards.get(CohortId(parked.request), {})["notice_entry"] = entry
        elif parked.request in self.requests:
            self.requests[parked.request]["entry"] = entry
        return True

    # ----------------------------------------------------------------------------- requests and targets

    def request_changed(self, request: RequestId) -> None:
        """A higher version, and one notice under way that will show it on the card of its cohort."""
        known = self.requests[request]
        known["version"] = str(int(known.get("version", "0")) + 1)
        if "source" in known or State(known["state"]) in ENDS:
            known["carded"] = known["version"]
            known["card_version"] = self.card_changed(self.join(request))

    def card_changed(self, cohort: CohortId) -> str:
        """A higher version of the card, and one notice under way that will show it."""
        card = self.cards[cohort]
        card["version"] = str(int(card["version"]) + 1)
        is_silent = "refused" in card and self.has_open(cohort)
        if card.get("channel") and card.get("notice_due") != "1" and not is_silent:
            self.notify(cohort)
        return card["version"]

    def has_open(self, cohort: CohortId) -> bool:
        """Whether one of its requests has not ended."""
        found = (self.requests[one] for one in self.cohorts[cohort] if one in self.requests)
        return any(State(known["state"]) not in ENDS for known in found)

    def join(self, request: RequestId) -> CohortId:
        """The card of a request; it joins the newest of its source and channel that takes it, or begins one."""
        known, now = self.requests[request], self.now_ms()
        if "card" in known:
            return CohortId(known["card"])
        of = {name: known.get(name, "") for name in ("source", "channel")}
        those = [one for one, card in self.cards.items() if {k: card[k] for k in of} == of]
        newest = those[-1] if those else None
        if newest is None or not (
            now - int(self.cards[newest]["joined_ms"]) < JOINED_WITHIN_MS or self.has_open(newest)
        ):
            newest = CohortId(request)
            self.cards[newest] = {**of, "opened_ms": str(now), "version": "0"}
        self.cohorts.setdefault(newest, []).append(request)
        self.cards[newest]["joined_ms"] = str(now)
        known["card"] = newest
        return newest

    def notify(self, cohort: CohortId) -> None:
        """A notice is under way."""
        entry = self.append(Stream.NOTICES, {b"v": b"2", b"card": cohort.encode()})
        self.cards[cohort] |= {"notice_due": "1", "notice_entry": entry}

    def queue(self, request: RequestId, migration: MigrationId, attempts: str = "0") -> None:
        """A migration goes into its stream."""
        known = self.migrations[migration]
        named = {name: known.get(name, "") for name in ("target", "order", "run")}
        named |= {"v": "1", "request": request, "attempts": attempts}
        named |= {"heal": known["heal"]} if "heal" in known else {}
        named |= (
            {"v": "2", "act": known["act"], "bases": known.get("bases", "")}
            if "act" in known
            else {}
        )
        fields = {name.encode(): value.encode() for name, value in named.items()}
        known |= {"state": "queued", "entry": self.append(Stream.MIGRATIONS, fields)}

    def bury(self, stream: Stream, entry: str, code: str, reason: str, **more: str) -> None:
        """A dead letter; `id` is its place in the stream of them."""
        self._appended += 1
        letter = {"id": f"{self.now_ms()}-{self._appended}", "stream": stream.value, "entry": entry}
        nothing = {"request": "", "migration": "", "payload": "", "attempts": "0"}
        payload = more.get("payload", "").encode()
        if code in JUNK and len(payload) > JUNK_BYTES:
            kept = payload[:JUNK_BYTES].decode("utf-8", "replace")
            more |= {"payload": kept, "cut": "1"}
            reason = f"{reason} (of its {len(payload)} bytes the first {JUNK_BYTES} are kept here)"
        self.dead.append({**letter, **nothing, "code": code, "reason": reason, **more})

    def lock_of(self, target: TargetId) -> Lock | None:
        """The target's lock, where it has not run out."""
        lock = self.locks.get(target)
        return lock if lock is not None and lock.until_ms > self.now_ms() else None

    def account(self, name: str) -> Account:
        """Budget and gate of an account, or of `token:<fingerprint>`."""
        return self.accounts.setdefault(name, Account())
