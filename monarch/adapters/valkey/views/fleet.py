"""The state of the fleet, and how the server is set up: for gauges, `monarch status` and `monarch doctor`.

Three round trips for a snapshot, whatever the backlog. What a server does not say (a managed one may refuse
`CONFIG`, a stream may not exist yet) reads as unknown, or as nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.exceptions import NoPermissionError

from monarch.adapters.valkey.accounts import Accounts
from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.refusal import REPLICA, WRITE_SETTINGS, why_refused
from monarch.adapters.valkey.client.spoiled import answers_and_errors_of
from monarch.adapters.valkey.kept.living import RELEASED, Living, living_of
from monarch.adapters.valkey.keys import GROUP, KINDS, Keys, kind_of
from monarch.adapters.valkey.logins import login_of_each
from monarch.adapters.valkey.refusals import refusals_of
from monarch.adapters.valkey.views.raw import text, texts, whole
from monarch.adapters.valkey.views.rights import ask_rights, rights_lacking
from monarch.adapters.valkey.views.server import Server, ServerFacts, subscribed
from monarch.core.budget.ceilings import Ceilings, least
from monarch.core.delivery import Stream
from monarch.core.entry_ids import entry_ms
from monarch.core.moments import within_dates
from monarch.ports.spoiled import note_spoiled, spoiled_keys
from monarch.telemetry import AccountSnapshot, Snapshot, StreamSnapshot

PARKED_LOOKED_AT: Final = 200
"""How many parked entries, those that are due first, to search for the oldest."""

MINUTE_MS, HOUR_MS = 60_000, 3_600_000

MET_FOR_MS: Final = 86_400_000
"""A broken key stops nothing any more if no worker met it for longer, in milliseconds."""

LOST_FOR_MS: Final = 86_400_000
"""How long people are shown that Valkey's memory was lost, in milliseconds."""

_WHOLE: Final = 20
"""How many answers are about the whole fleet, the time first."""

_EPOCH: Final = 3
"""Which of them, without the time, says what Valkey's memory is."""

_LOGINS: Final = 16
"""Which of them, without the time, says who the accounts are."""

_ROSTER: Final = 17
"""Which of them, without the time, says who has started."""


class FleetReader:
    """Reads the state of the whole fleet. Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys, channel: str, ceilings: Ceilings) -> None:
        """`ceilings`: those to go by while no living worker says its own."""
        self._client = client
        self._keys = keys
        self._channel = channel
        self._ceilings = ceilings
        self._accounts = Accounts(client, keys)

    async def ping(self) -> None:
        """Check that Valkey answers at all."""
        with classified("asking whether Valkey is there"):
            await self._client.ping()

    # ---------------------------------------------------------------------------------- snapshot

    async def snapshot(self) -> Snapshot:
        """The state of the fleet now; broken keys are named in it, and left with `ports.spoiled` as by every reader."""
        with spoiled_keys() as met:
            found = await self._snapshot()
        for key in met:
            note_spoiled(key)
        return replace(found, broken_keys=tuple(met))

    async def _snapshot(self) -> Snapshot:
        whole, *streams = await self._first_look()
        accounts = await self._accounts.known(whole["now_ms"])
        later = self._client.pipeline(transaction=False)
        for raw in streams:
            later.xrange(self._keys.stream(raw["stream"]), f"({raw['last']}", "+", count=1)
        for account in accounts:
            self._ask_account(later, account, whole["now_ms"])
        for name in whole["met"]:
            later.type(self._keys.prefix + name)
        answers = await answers_and_errors_of(later, "reading the fleet")
        if whole["met"]:
            self._note_broken(whole["met"], answers[-len(whole["met"]) :])
        logins = login_of_each(_known(whole["answers"][_LOGINS]))
        next_up, budgets = answers[: len(streams)], answers[len(streams) :]
        alive = {name for raw in streams for name in raw["alive"]}
        living = Living(alive, whole["answers"][_ROSTER])
        ceilings = living.ceilings or self._ceilings
        return Snapshot(
            **_whole(whole),
            workers=len(living),
            lost_ms=_lost_ms(whole, living.first_ms),
            hides_workers=any(raw["hides_consumers"] for raw in streams),
            roles=living.roles_by(
                None
                if any(raw["hides_consumers"] for raw in streams)
                else [raw["stream"] for raw in streams if raw["alive"]]
            ),
            ceilings=living.ceilings,
            streams=tuple(
                _stream(raw, found, whole["now_ms"])
                for raw, found in zip(streams, next_up, strict=True)
            ),
            accounts=tuple(
                replace(
                    _account(account, budgets[6 * i : 6 * i + 6], whole["now_ms"], ceilings),
                    login=logins.get(account, ""),
                )
                for i, account in enumerate(accounts)
            ),
        )

    async def _first_look(self) -> list[dict[str, Any]]:
        """The answers of one round trip: first about the whole fleet, then about each stream."""
        pipe = self._client.pipeline(transaction=False)
        self._ask_whole(pipe)
        for stream in Stream:
            self._ask_stream(pipe, stream)
        for name in KINDS:
            pipe.type(self._keys.prefix + name)
        answers = await answers_and_errors_of(pipe, "reading the fleet")
        with classified("reading the fleet"):
            seconds, micros = _given(answers[0])
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        met = self._met(answers[_WHOLE - 1], now_ms)
        whole = {"now_ms": now_ms, "answers": answers[1:_WHOLE], "met": met}
        self._note_broken(KINDS, answers[-len(KINDS) :])
        per_stream = [answers[_WHOLE + 4 * i : _WHOLE + 4 + 4 * i] for i in range(len(Stream))]
        return [whole, *(_raw(s, a) for s, a in zip(Stream, per_stream, strict=True))]

    def _note_broken(self, kinds: Mapping[str, str], types: list[Any]) -> None:
        """Leave the names of keys that hold something else with `ports.spoiled`."""
        for (name, kind), found in zip(kinds.items(), types, strict=True):
            if isinstance(found, bytes) and text(found) not in {kind, "none"}:
                note_spoiled(self._keys.prefix + name)

    def _met(self, found: Any, now_ms: int) -> dict[str, str]:
        """Keys of one request, target or account that workers have met of another type, and what each should be.

        They may be mended since. Those of the whole fleet are asked about anyway.
        """
        names = (
            text(key).removeprefix(self._keys.prefix)
            for key, at_ms in (found if isinstance(found, list) else ())
            if at_ms > now_ms - MET_FOR_MS
        )
        return {name: kind for name in names if name not in KINDS and (kind := kind_of(name))}

    def _ask_whole(self, pipe: Any) -> None:
        pipe.time()
        pipe.zcard(self._keys.parked)
        pipe.zrange(self._keys.parked, 0, PARKED_LOOKED_AT - 1, withscores=True)
        pipe.xlen(self._keys.dead)
        pipe.hmget(self._keys.epoch, "id", "lost")
        pipe.get(self._keys.paused)
        pipe.zcard(self._keys.known)
        pipe.pubsub_numsub(self._channel)
        pipe.get(self._keys.paused_since)
        pipe.hgetall(self._keys.refused)
        pipe.zrange(self._keys.open, 0, 0, withscores=True)
        pipe.zcard(self._keys.open)
        pipe.zcard(self._keys.newer)
        pipe.info("memory", "persistence", "replication")
        pipe.config_get(*WRITE_SETTINGS)
        pipe.hlen(self._keys.missed)
        ask_rights(pipe, self._keys.epoch)
        pipe.hgetall(self._keys.logins)
        pipe.hgetall(self._keys.workers)
        pipe.zrange(self._keys.broken, 0, -1, withscores=True)

    def _ask_stream(self, pipe: Any, stream: Stream) -> None:
        name = self._keys.stream(stream)
        pipe.xlen(name)
        pipe.xinfo_groups(name)
        pipe.xpending(name, GROUP)
        pipe.xinfo_consumers(name, GROUP)

    # ---------------------------------------------------------------------------------- accounts

    def _ask_account(self, pipe: Any, account: str, now_ms: int) -> None:
        pipe.zcount(self._keys.budget(account), f"({now_ms - MINUTE_MS}", "+inf")
        pipe.zcount(self._keys.budget(account), f"({now_ms - HOUR_MS}", "+inf")
        pipe.zcount(self._keys.slots(account), f"({now_ms}", "+inf")
        pipe.hmget(self._keys.gate(account), "until", "cause", "closed_at")
        pipe.hmget(self._keys.learned(account), "minute", "hour")
        pipe.hmget(self._keys.primary(account), "remaining", "reset")

    async def server(self) -> ServerFacts:
        """How the server is set up."""
        return await Server(self._client, self._keys, self._channel).facts()


# ------------------------------------------------------------------------- from answers to values


def _given(answer: Any) -> Any:
    """An answer that a snapshot cannot do without."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def _count(answer: Any) -> int:
    return answer if isinstance(answer, int) else 0


def _pair(answer: Any) -> list[bytes | None]:
    """Two fields of a hash; two `None`s where the key is of another type."""
    return answer if isinstance(answer, list) else [None, None]


def _account(account: str, answers: list[Any], now_ms: int, ceilings: Ceilings) -> AccountSnapshot:
    minute, hour, slots = (_count(answer) for answer in answers[:3])
    until, cause, since = answers[3] if isinstance(answers[3], list) else (None, None, None)
    until_ms = whole(text(until))
    is_closed = until_ms is not None and until_ms > now_ms
    learned = [whole(text(one)) or 0 for one in _pair(answers[4])]
    per_minute = least(ceilings.per_minute, learned[0])
    per_hour = least(ceilings.per_hour, learned[1])
    calls, reset_ms = (whole(text(one)) for one in _pair(answers[5]))
    return AccountSnapshot(
        account=account,
        written_minute=minute,
        written_hour=hour,
        minute_left=max(0, per_minute - minute) if per_minute else None,
        hour_left=max(0, per_hour - hour) if per_hour else None,
        slots=slots,
        gate_closed_s=max(0.0, (until_ms - now_ms) / 1000) if until_ms else 0.0,
        gate_cause=text(cause),
        minute_learned=learned[0],
        hour_learned=learned[1],
        gate_since_ms=whole(text(since)) if is_closed else None,
        calls_left=calls if reset_ms is not None and reset_ms > now_ms else None,
    )


def _whole(read: Mapping[str, Any]) -> dict[str, Any]:
    parked, first, dead, epoch, paused, known, *more = read["answers"]
    subscribers, since, refused, oldest, still_open, newer, info, config, missed, rights, *_ = more
    epoch_id, _ = _pair(epoch)
    due = within_dates(first[0][1]) if isinstance(first, list) and first else None
    is_any = isinstance(oldest, list) and oldest
    began = within_dates(oldest[0][1]) if is_any else read["now_ms"]
    names = ("parked", "dead", "missed", "known", "newer", "open")
    counted = zip(names, (parked, dead, missed, known, newer, still_open), strict=True)
    return {
        "at_ms": read["now_ms"],
        "hidden": frozenset(name for name, one in counted if isinstance(one, NoPermissionError)),
        "parked": _count(parked),
        "parked_notices": _notices(first),
        "next_due_s": None if due is None else (due - read["now_ms"]) / 1000,
        "dead": _count(dead),
        "missed": _count(missed),
        # A replica does not see who subscribes at its primary.
        "replicas": None if _known(info).get("role") == REPLICA else subscribed(subscribers),
        "epoch": text(epoch_id) or None,
        "paused": bool(paused),
        "paused_by": text(paused) if isinstance(paused, bytes) else "",
        "requests": _count(known),
        "paused_ms": whole(text(since)) if isinstance(since, bytes) and paused else None,
        "newer": _count(newer),
        "open_requests": _count(still_open),
        "oldest_parked_s": _oldest_s(first, read["now_ms"]),
        "refused": refusals_of(_known(refused), read["now_ms"]),
        "refuses_writes": why_refused(_known(info), texts(_known(config))),
        "lacks_rights": rights_lacking(rights),
        "oldest_open_s": max(0.0, (read["now_ms"] - began) / 1000),
    }


def _lost_ms(read: Mapping[str, Any], first_ms: int | None) -> int | None:
    """When Valkey's memory was lost, if a living worker was there before: else nothing is known to have been in it."""
    _, lost = _pair(read["answers"][_EPOCH])
    lost_ms = whole(text(lost))
    if lost_ms is None or first_ms is None or not first_ms < lost_ms:
        return None
    return lost_ms if read["now_ms"] - lost_ms < LOST_FOR_MS else None


def _notices(parked: Any) -> int:
    """How many of these parked entries are for Slack: their names have the stream after the id.

    `traffic.parked_of` reads the whole name, and loads what only people need; every worker takes snapshots.
    """
    members = parked if isinstance(parked, list) else []
    return sum(text(member).split(":")[1:2] == [Stream.NOTICES] for member, _ in members)


def _oldest_s(parked: Any, now_ms: int) -> float:
    """The age of the oldest request with parked work, in seconds: names begin with the request's id, padded."""
    if not parked or not isinstance(parked, list):
        return 0.0
    began_ms = min(member for member, _ in parked).partition(b"-")[0]
    return max(0.0, (now_ms - int(began_ms)) / 1000) if began_ms.isdigit() else 0.0


def _known(answer: Any) -> dict[Any, Any]:
    """What a server says about itself; empty where it may not be asked."""
    return answer if isinstance(answer, dict) else {}


def _raw(stream: Stream, answers: list[Any]) -> dict[str, Any]:
    """One stream's answers under their names; a stream or a group that does not exist yet is empty."""
    length, groups, pending, consumers = answers
    group = next((g for g in _listed(groups) if g["name"] == GROUP.encode()), {})
    summary = pending if isinstance(pending, dict) else {}
    return {
        "stream": stream,
        "length": _count(length),
        "last": group.get("last-delivered-id", b"0-0").decode(),
        "pending": _count(summary.get("pending")),
        "released": sum(
            c["pending"] for c in summary.get("consumers", ()) if c["name"] == RELEASED.encode()
        ),
        "first_pending": summary.get("min"),
        "alive": living_of(consumers),
        "hides_consumers": isinstance(consumers, NoPermissionError),
        "consumers": sum(c["name"] != RELEASED.encode() for c in _listed(consumers)),
    }


def _listed(answer: Any) -> list[dict[str, Any]]:
    return answer if isinstance(answer, list) else []


def _stream(raw: Mapping[str, Any], next_up: Any, now_ms: int) -> StreamSnapshot:
    # Settled entries are deleted, so what is in the stream and not handed out waits. (Valkey's own lag is unknown
    # after a deletion.)
    waiting = bool(next_up) and isinstance(next_up, list)
    return StreamSnapshot(
        stream=raw["stream"],
        length=raw["length"],
        pending=raw["pending"],
        released=raw["released"],
        undelivered=max(1, raw["length"] - raw["pending"]) if waiting else 0,
        oldest_pending_s=_age_s(raw["first_pending"], now_ms),
        oldest_undelivered_s=_age_s(next_up[0][0] if waiting else None, now_ms),
        consumers=raw["consumers"],
    )


def _age_s(entry: bytes | None, now_ms: int) -> float:
    return 0.0 if entry is None else max(0.0, (now_ms - entry_ms(entry.decode())) / 1000)
