"""What is known of work that waits: the message of an unplanned request, and when parked work goes on.

A request that waits to be planned has no source and no targets on record yet, but its message exists: in its
stream, or in its parked entry.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.spoiled import answers_and_errors_of, answers_of
from monarch.adapters.valkey.codec import VERSIONS
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.settlement import (
    FAILED,
    member_of_migration,
    member_of_notice,
    member_of_request,
)
from monarch.adapters.valkey.views.raw import text, whole
from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, RequestId, migration_id
from monarch.core.moments import within_dates
from monarch.core.portions.message import WHOLE, Portion
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.core.request.message import BadMessage, parse_message
from monarch.core.request.rules import Rules
from monarch.core.verdict import Waits
from monarch.ports.readings import FailingNotice, RequestLine

PAGE: Final = 1_000
"""How many parked entries to read at once."""

LOOKED_THROUGH: Final = 20_000
"""How many parked entries, those that are due first, to search for a request's."""


@dataclass(frozen=True, slots=True)
class Unplanned:
    """What an unplanned request asks for, as far as its message can be read.

    `reason` says why no worker plans it: its message cannot be read, or a newer version wrote it; `""` if one will.
    """

    source: str = ""
    channel: str | None = None
    targets: tuple[str, ...] = ()
    reason: str = ""
    portion: Portion = WHOLE


class Waiting:
    """Reads the stream of requests and the parked entries."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def wishes(self, entries: Mapping[RequestId, str]) -> dict[RequestId, Unplanned]:
        """What these requests ask for, by the entry that carries each; those whose entry is gone are left out."""
        pipe = self._client.pipeline(transaction=False)
        for request, entry in entries.items():
            pipe.xrange(self._keys.stream(Stream.REQUESTS), entry, entry)
            pipe.hget(self._keys.parked_entries, member_of_request(request, Stream.REQUESTS))
        answers = await answers_and_errors_of(pipe, "reading what waits")
        found = {}
        for request, raw, parked in zip(entries, answers[::2], answers[1::2], strict=True):
            fields = _in_stream(raw) or _in_parked(parked)
            if fields is not None:
                found[request] = wish_of(fields)
        return found

    async def unseen(self, limit: int) -> dict[RequestId, Unplanned]:
        """The newest entries of the stream that no worker has taken: a producer's own have no hash before that."""
        if limit < 1:
            return {}
        pipe = self._client.pipeline(transaction=False)
        pipe.xrevrange(self._keys.stream(Stream.REQUESTS), count=limit)
        (raw,) = await answers_of(pipe, "reading what waits")
        entries = [(RequestId(entry.decode()), fields) for entry, fields in raw]
        first = [(entry, fields) for entry, fields in entries if b"request" not in fields]
        pipe = self._client.pipeline(transaction=False)
        for entry, _ in first:
            pipe.exists(self._keys.request(entry))
        with classified("reading what waits"):
            known = await pipe.execute()
        return {
            entry: wish_of(fields)
            for (entry, fields), is_known in zip(first, known, strict=True)
            if not is_known
        }

    async def due(self, members: Sequence[str]) -> list[int | None]:
        """When each of these parked entries goes on, in milliseconds since 1970; `None`: it is not parked."""
        pipe = self._client.pipeline(transaction=False)
        for member in members:
            pipe.zscore(self._keys.parked, member)
        scores = await answers_of(pipe, "reading what waits")
        return [None if score is None else within_dates(score) for score in scores]

    async def failing_notices(self, cohorts: Collection[CohortId]) -> dict[CohortId, FailingNotice]:
        """Why Slack did not get what is to be said of these cohorts; without those of which it waits for its moment."""
        if not cohorts:
            return {}
        pipe = self._client.pipeline(transaction=False)
        for member in map(member_of_notice, cohorts):
            pipe.hget(self._keys.parked_entries, member)
            pipe.zscore(self._keys.parked, member)
        answers = await answers_of(pipe, "reading what waits")
        found = zip(cohorts, map(_failing, answers[::2], answers[1::2]), strict=True)
        return {cohort: failing for cohort, failing in found if failing is not None}


@dataclass(frozen=True, slots=True)
class _NextTry:
    target: str
    due_ms: int


class NextTries:
    """Reads the parked entries in the order in which they are due: nothing is read for each target."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def shown(self, lines: Sequence[RequestLine]) -> list[RequestLine]:
        """The same; those that run also with the next try of their parked targets, and why the one that is first waits."""
        found = await self._first([line.id for line in lines if line.state is State.RUNNING])
        if not found:
            return list(lines)
        pipe = self._client.pipeline(transaction=False)
        for request, first in found.items():
            migration = migration_id(request, first.target)
            pipe.hmget(self._keys.migration(migration), ["reason", "error"])
        answers = await answers_of(pipe, "reading what waits")
        reasons = {
            request: text(reason) or text(error)
            for request, (reason, error) in zip(found, answers, strict=True)
        }
        return [
            replace(
                line, next_ms=found[line.id].due_ms, reason=line.reason or reasons.get(line.id, "")
            )
            if line.id in found
            else line
            for line in lines
        ]

    async def _first(self, requests: Collection[RequestId]) -> Mapping[RequestId, _NextTry]:
        """Of each of these requests that has a parked target, the one that is due first."""
        sought = {member_of_request(one, Stream.MIGRATIONS): one for one in requests}
        found: dict[RequestId, _NextTry] = {}
        start = 0
        while sought and start < LOOKED_THROUGH:
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(self._keys.parked, start, start + PAGE - 1, withscores=True)
            (entries,) = await answers_of(pipe, "reading what waits")
            for member, due_ms in entries:
                prefix, target = _parts(text(member))
                if prefix in sought:
                    found[sought.pop(prefix)] = _NextTry(target, within_dates(due_ms))
            start += PAGE
            if len(entries) < PAGE:
                break
        return found


def members_of(request: RequestId, migrations: Sequence[Mapping[str, str]]) -> list[str]:
    """The names under which a request and its migrations would be parked."""
    named = (
        member_of_migration(request, whole(one.get("order", "")) or 0, one.get("target", ""))
        for one in migrations
    )
    return [member_of_request(request, Stream.REQUESTS), *named]


def with_wish(view: RequestView, wish: Unplanned) -> RequestView:
    """The same request with what its message says; its targets are queued."""
    known = replace(
        view,
        source=view.source or wish.source,
        channel=view.channel or wish.channel,
        reason=view.reason or wish.reason,
        portion=view.portion if view.portion != WHOLE else wish.portion,
    )
    return with_names(known, wish.targets)


def with_names(view: RequestView, targets: Iterable[str]) -> RequestView:
    """The same request with the targets that it names, if it is not planned; each stands as the request does."""
    named = (MigrationView(one, view.state, 0, 0, 0, (), "") for one in targets)
    return view if view.migrations else replace(view, migrations=tuple(named))


def wish_of(fields: Mapping[bytes, bytes]) -> Unplanned:
    """What an entry of the stream of requests asks for."""
    version = whole(fields.get(b"v", b"1").decode("utf-8", "replace")) or 0
    newer = f"a newer version wrote it (v={version}); it waits for a worker of that version"
    reason = newer if version > VERSIONS[Stream.REQUESTS] else ""
    parsed = parse_message(fields.get(b"payload", b""), Rules())
    if isinstance(parsed, BadMessage):
        return Unplanned(parsed.source or "", parsed.channel, (), reason or parsed.letter)
    refused = tuple(one.target for one in parsed.refused)
    named = tuple(one.full_name for one in parsed.targets)
    return Unplanned(
        parsed.source.full_name, parsed.channel, (*named, *refused), reason, parsed.portion
    )


def _in_stream(answer: Any) -> Mapping[bytes, bytes] | None:
    return answer[0][1] if isinstance(answer, list) and answer else None


def _in_parked(answer: Any) -> Mapping[bytes, bytes] | None:
    """The fields of a parked entry; `None` if there is no readable one."""
    if not isinstance(answer, bytes):
        return None
    try:
        flat = json.loads(answer)["fields"]
        texts = [str(one).encode("utf-8", "surrogateescape") for one in flat]
    except (ValueError, KeyError, TypeError):
        return None
    return dict(zip(texts[::2], texts[1::2], strict=False))


def _failing(packed: Any, due: float | None) -> FailingNotice | None:
    """What a parked notice says of Slack; `None` if there is none, or if it waits for its moment."""
    fields = _in_parked(packed)
    if fields is None or due is None:
        return None
    parked = json.loads(packed)
    # An older version has not recorded what it waits for, and counted its failures.
    attempts = whole(text(fields.get(b"attempts", b""))) or 0
    waits = str(parked.get("waits") or "") or (FAILED if attempts > 0 else Waits.OTHER)
    if waits not in {FAILED, Waits.LIMIT}:
        return None
    reason = str(parked.get("reason") or "")
    return FailingNotice(reason, within_dates(due), is_limit=waits == Waits.LIMIT)


def _parts(member: str) -> tuple[str, str]:
    """The request with the stream, and the target, in the name of a parked entry; `""` for what it does not have."""
    request, _, rest = member.partition(":")
    stream, _, rest = rest.partition(":")
    _, _, target = rest.partition(":")
    return f"{request}:{stream}", target
