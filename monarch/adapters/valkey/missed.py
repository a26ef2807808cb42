"""What is kept for the sweep for missed repositories: `ports.missed.Missing`."""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, cast

from anyio import to_thread
from valkey.asyncio import Valkey
from valkey.exceptions import ResponseError

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.codec import document
from monarch.adapters.valkey.inbox import KeyTaken, Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.raw import text, texts, whole
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TargetId
from monarch.core.missed.judging import AskedFor, KnownTemplate, Missed
from monarch.core.missed.sighting import Listed, Memory, Sighting
from monarch.core.moments import within_dates
from monarch.core.request.message import CHANNEL, SOURCE, TARGETS
from monarch.core.ticket import Origin

UNPLANNED_MOST: Final = 1000
"""How many messages that no planner has read yet to look at; with more of them nothing counts as missed."""

_CHUNK: Final = 500


class ValkeyMissed:
    """`ports.missed.Missing`.

    Args:
        client: with one connection, since a submission waits for the disk over the connection that it used.
        channel: the one that messages are published on.
        retention_ms: how long to remember an owner that is not swept any more.
    """

    def __init__(self, client: Valkey, keys: Keys, channel: str, *, retention_ms: int) -> None:
        self._client = client
        self._scripts = Scripts(client, keys.prefix)
        self._submitter = Submitter(client, keys)
        self._keys = keys
        self._channel = channel
        self._retention_ms = retention_ms

    async def turn(self, every_ms: int, *, heard_nothing: bool) -> bool:
        """See `Missing.turn`."""
        return bool(
            await self._scripts.call("turn", [self._keys.swept], every_ms, int(heard_nothing))
        )

    async def has_one_subscriber(self) -> bool:
        """See `Missing.has_one_subscriber`; false if the server does not say."""
        with classified("asking who is subscribed"):
            try:
                [(_, count)] = await self._client.pubsub_numsub(self._channel)
            except ResponseError:
                return False
        return int(count) <= 1

    async def now_ms(self) -> int:
        """See `Missing.now_ms`."""
        with classified("asking for the time"):
            seconds, micros = await self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    # -------------------------------------------------------------------------------------------- memory

    async def memory(self, owner: str) -> Memory:
        """See `Missing.memory`."""
        with classified("reading what is remembered of an owner"):
            packed = await self._client.get(self._keys.owner(owner))
        return Memory() if packed is None else await to_thread.run_sync(unpacked, packed)

    async def remember(self, owner: str, memory: Memory) -> None:
        """See `Missing.remember`."""
        packed = await to_thread.run_sync(_packed, memory)
        with classified("remembering an owner"):
            await self._client.set(self._keys.owner(owner), packed, px=self._retention_ms)

    # --------------------------------------------------------------------------------------------- asked

    async def asked(self, sightings: Iterable[Sighting]) -> AskedFor:
        """See `Missing.asked`."""
        seen = tuple(sightings)
        names = sorted({name for one in seen for name in one.names})
        return AskedFor(
            await self._sources(),
            await self._named(names),
            await self._reached([one.listed.id for one in seen]),
        )

    async def _sources(self) -> Mapping[int, KnownTemplate]:
        with classified("reading which sources were asked for"):
            members = await self._client.zrange(self._keys.sources, 0, -1)
            ids = [found for one in members if (found := whole(text(one))) is not None]
            pipe = self._client.pipeline(transaction=False)
            for one in ids:
                pipe.hgetall(self._keys.source(one))
            answers = await pipe.execute()
        known = zip(ids, map(texts, answers), strict=True)
        return {
            one: KnownTemplate(its["name"], its.get("channel"))
            for one, its in known
            if "name" in its
        }

    async def _named(self, names: Sequence[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        with classified("reading which repositories were asked for"):
            for chunk in _chunks(names):
                scores = await self._client.zmscore(self._keys.named, list(chunk))
                scored = zip(chunk, scores, strict=True)
                found |= {name: within_dates(at) for name, at in scored if at is not None}
        return found

    async def _reached(self, ids: Sequence[TargetId]) -> frozenset[TargetId]:
        """Those that a migration has taken, or has recorded something about."""
        found: set[TargetId] = set()
        with classified("reading which repositories were reached"):
            for chunk in _chunks(ids):
                pipe = self._client.pipeline(transaction=False)
                for one in chunk:
                    pipe.exists(self._keys.latest(one))
                    pipe.exists(self._keys.ledger(one))
                answers = await pipe.execute()
                reached = zip(chunk, answers[::2], answers[1::2], strict=True)
                found |= {one for one, latest, ledger in reached if latest or ledger}
        return frozenset(found)

    async def unplanned(self) -> Sequence[tuple[int, bytes]] | None:
        """See `Missing.unplanned`."""
        stream = self._keys.stream(Stream.REQUESTS)
        with classified("reading what is not planned yet"):
            entries = await self._client.xrange(stream, count=UNPLANNED_MOST + 1)
        if len(entries) > UNPLANNED_MOST:
            return None
        return tuple(
            (int(entry.partition(b"-")[0]), fields.get(b"payload", b""))
            for entry, fields in entries
        )

    # --------------------------------------------------------------------------------------------- found

    async def found(self, owner: str, missed: Sequence[Missed]) -> frozenset[TargetId]:
        """See `Missing.found`."""
        args = [arg for one in missed for arg in (one.repository.id, _document(owner, one))]
        answer = await self._scripts.call("found", [self._keys.missed], owner.lower(), *args)
        return frozenset(TargetId(int(one)) for one in cast("list[bytes]", answer))

    async def take_report(self, repositories: Collection[TargetId]) -> Mapping[TargetId, bool]:
        """See `Missing.take_report`."""
        answer = await self._telling("take", repositories)
        pairs = zip(answer[::2], answer[1::2], strict=True)
        return {TargetId(int(one)): again == b"1" for one, again in pairs}

    async def was_reported(self, repositories: Collection[TargetId]) -> None:
        """See `Missing.was_reported`."""
        await self._telling("told", repositories)

    async def return_report(self, repositories: Collection[TargetId]) -> None:
        """See `Missing.return_report`."""
        await self._telling("give_back", repositories)

    async def _telling(self, what: str, repositories: Collection[TargetId]) -> list[bytes]:
        answer = await self._scripts.call("telling", [self._keys.missed], what, *repositories)
        return cast("list[bytes]", answer)

    async def submit(self, missed: Missed, by: str) -> RequestId:
        """See `Missing.submit`.

        The key is made from the repository and its source, so that a repetition, or another worker, changes nothing.
        """
        key = f"missed:{missed.repository.id}:{missed.origin.id}"
        try:
            submission = await self._submitter.submission(_message(missed), key, "missed", by=by)
        except KeyTaken as taken:
            # Its name or its channel has changed since.
            return taken.request
        if submission.is_new:
            await self._scripts.call(
                "asked", [self._keys.missed], missed.repository.id, submission.request, by
            )
        return submission.request


def _chunks(things: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (things[i : i + _CHUNK] for i in range(0, len(things), _CHUNK))


def _document(owner: str, one: Missed) -> bytes:
    return document(
        {
            "owner": owner.lower(),
            "repository": one.repository.full_name,
            "source": one.origin.full_name,
            "channel": one.channel or "",
            "created_ms": str(one.repository.created_ms),
        }
    )


def _message(missed: Missed) -> bytes:
    """The missed message, as the platform writes it."""
    channel = {CHANNEL: missed.channel} if missed.channel else {}
    fields = {SOURCE: missed.origin.full_name, TARGETS: [missed.repository.full_name]}
    return json.dumps({**fields, **channel}).encode()


def _packed(memory: Memory) -> bytes:
    plain = {
        "tag": memory.tag,
        "complete_ms": memory.complete_ms,
        "sightings": [asdict(one) for one in memory.sightings.values()],
    }
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode())


def unpacked(packed: bytes) -> Memory:
    """What was remembered; empty if unreadable, which only costs some reads."""
    try:
        plain = json.loads(zlib.decompress(packed))
        sightings = [_sighting(one) for one in plain["sightings"]]
        return Memory(plain["tag"], plain["complete_ms"], {one.listed.id: one for one in sightings})
    except (zlib.error, ValueError, TypeError, KeyError):
        return Memory()


def _sighting(plain: dict[str, Any]) -> Sighting:
    origin = plain["origin"]
    return Sighting(
        Listed(**plain["listed"]),
        Origin(**origin) if origin else None,
        tuple(plain["former"]),
        is_empty=plain["is_empty"],
        has_copies=plain["has_copies"],
    )
