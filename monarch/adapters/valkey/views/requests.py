"""The read side, for people: requests. Nothing here writes.

Records are shown as they are: fields that do not exist yet read as empty, and a request that has expired since
it was listed is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.codec import decode_ledger
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger.later import decode_later
from monarch.adapters.valkey.settlement import member_of_request
from monarch.adapters.valkey.views.cohorts import read_cards
from monarch.adapters.valkey.views.raw import Fields, lines_of, number, text, texts, whole
from monarch.adapters.valkey.views.request import cohort_of, request_view, targets_of
from monarch.adapters.valkey.views.request_lines import request_line, unseen_line, wished_line
from monarch.adapters.valkey.views.sought import Sought, failed
from monarch.adapters.valkey.views.waiting import (
    NextTries,
    Unplanned,
    Waiting,
    members_of,
    with_names,
    with_wish,
)
from monarch.core.card.view import Card
from monarch.core.delivery import Stream
from monarch.core.entry_ids import entry_ms, entry_order, is_entry_id
from monarch.core.ids import RequestId, TargetId, migration_id
from monarch.core.report.summary import ENDS, RequestView, State
from monarch.ports.holdings import LedgerReading
from monarch.ports.readings import MigrationTimes, RequestDetails, RequestLine

PAGE: Final = 200
"""How many requests to read at once when searching many."""

LOOKED_THROUGH: Final = 20_000
"""How many requests, the newest, to search for those that are wanted."""

EVERY_REQUEST: Final = Sought()

NO_WISH: Final = Unplanned()


class RequestReader:
    """Reads for people. Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._waiting = Waiting(client, keys)
        self._next_tries = NextTries(client, keys)

    async def requests(self, limit: int, sought: Sought = EVERY_REQUEST) -> tuple[RequestLine, ...]:
        """The newest `limit` wanted requests, newest first, among the newest `LOOKED_THROUGH`."""
        found: list[RequestLine] = []
        start = 0
        while len(found) < limit and start < LOOKED_THROUGH:
            pipe = self._client.pipeline(transaction=False)
            pipe.zrevrange(self._keys.known, start, start + PAGE - 1)
            (ids,) = await answers_of(pipe, "listing requests")
            known = [RequestId(one) for one in map(text, ids) if is_entry_id(one)]
            page = await self._sought(known, sought)
            found += await self._lines(page)
            start += PAGE
            if len(ids) < PAGE:
                break
        if sought.state in {None, State.QUEUED}:
            unseen = await self._waiting.unseen(limit if sought.is_every else LOOKED_THROUGH)
            found += [
                unseen_line(one, wish) for one, wish in unseen.items() if _asks(one, wish, sought)
            ]
        newest = sorted(found, key=lambda line: entry_order(line.id), reverse=True)[:limit]
        cards = await read_cards(self._client, self._keys, (line.cohort for line in newest))
        newest = [replace(line, card=cards.get(line.cohort)) for line in newest]
        return await self._with_wishes(await self._with_slack(await self._next_tries.shown(newest)))

    async def _with_slack(self, lines: Sequence[RequestLine]) -> Sequence[RequestLine]:
        """The same; those that have ended also with the next try of what Slack did not get, and why."""
        ended = {line.cohort for line in lines if line.cohort and line.ended_ms}
        failing = await self._waiting.failing_notices(ended)
        return [
            replace(
                line,
                next_ms=notice.next_ms,
                reason=line.reason or f"not posted yet: {notice.reason}",
            )
            if line.ended_ms and line.cohort and (notice := failing.get(line.cohort))
            else line
            for line in lines
        ]

    async def with_failed(self, lines: Sequence[RequestLine]) -> tuple[RequestLine, ...]:
        """The same, each with how many of its targets were given up: one read for each target of a planned request.

        A request that was given up before it was planned has given up all that it names.
        """
        pipe = self._client.pipeline(transaction=False)
        for line in lines:
            pipe.hget(self._keys.request(line.id), "targets")
        targets = [lines_of(text(raw)) for raw in await answers_of(pipe, "reading requests")]
        pipe = self._client.pipeline(transaction=False)
        for line, named in zip(lines, targets, strict=True):
            for target in named:
                pipe.hget(self._keys.migration(migration_id(line.id, target)), "state")
        states = iter([text(raw) for raw in await answers_of(pipe, "reading requests")])
        return tuple(
            replace(line, failed=failed(islice(states, len(named))) if named else _unbegun(line))
            for line, named in zip(lines, targets, strict=True)
        )

    async def _with_wishes(self, lines: Sequence[RequestLine]) -> tuple[RequestLine, ...]:
        """The same; for those that wait to be planned, also what they ask for, and until when they wait."""
        queued = {line.id: line.entry for line in lines if line.state is State.QUEUED}
        if not queued:
            return tuple(lines)
        wishes = await self._waiting.wishes(queued)
        members = [member_of_request(one, Stream.REQUESTS) for one in queued]
        due = dict(zip(queued, await self._waiting.due(members), strict=True))
        return tuple(
            wished_line(line, wishes.get(line.id, Unplanned()), due.get(line.id))
            if line.id in queued
            else line
            for line in lines
        )

    async def _sought(self, ids: Sequence[RequestId], sought: Sought) -> Sequence[RequestId]:
        """The wanted ones; what an unplanned request asks for is on its record, or in its message while it waits."""
        if sought.is_every:
            return ids
        pipe = self._client.pipeline(transaction=False)
        for one in ids:
            pipe.hmget(self._keys.request(one), list(_SOUGHT))
        known = await answers_of(pipe, "reading requests")
        rows = {
            one: dict(zip(_SOUGHT, map(text, raw), strict=True))
            for one, raw in zip(ids, known, strict=True)
        }
        needs = sought.source is not None or sought.target is not None
        unread = {
            one: row["entry"] or one for one, row in rows.items() if needs and _is_unread(row)
        }
        wishes = await self._waiting.wishes(unread) if unread else {}
        return [
            one
            for one, row in rows.items()
            if sought.holds(
                row["state"] or State.QUEUED.value,
                row["source"] or wishes.get(one, NO_WISH).source,
                targets_of(row) or wishes.get(one, NO_WISH).targets,
                entry_ms(one),
            )
        ]

    async def _lines(self, ids: Sequence[RequestId]) -> list[RequestLine]:
        pipe = self._client.pipeline(transaction=False)
        for one in ids:
            pipe.hgetall(self._keys.request(one))
            pipe.scard(self._keys.unsettled(one))
        answers = await answers_of(pipe, "reading requests")
        rows = zip(ids, answers[::2], answers[1::2], strict=True)
        return [request_line(one, texts(raw), unsettled) for one, raw, unsettled in rows if raw]

    async def request(self, request: RequestId) -> RequestDetails | None:
        """One request with all its targets; `None` where it is not known (any more)."""
        (fields,) = await self._hashes([self._keys.request(request)])
        if not fields:
            fields = await self._unseen(request)
        if not fields:
            return None
        targets = lines_of(fields.get("targets", ""))
        migrations = await self._hashes(
            [self._keys.migration(migration_id(request, target)) for target in targets]
        )
        view = await self._view(request, fields, migrations)
        there = [migration for migration in migrations if migration]
        next_ms, *due = await self._waiting.due(members_of(request, there))
        cohort = cohort_of(fields)
        cards = await read_cards(self._client, self._keys, [cohort])
        failing = await self._waiting.failing_notices([cohort] if cohort else [])
        return RequestDetails(
            view=view,
            via=fields.get("via", ""),
            code=fields.get("code", ""),
            planned_ms=whole(fields.get("planned_ms", "")),
            times=tuple(_times(one, then) for one, then in zip(there, due, strict=True)),
            next_ms=next_ms,
            notice_error=_notice_error(fields, cards.get(cohort)),
            is_to_be_told=_is_to_be_told(view, fields, cards.get(cohort)),
            cohort=cohort,
            card=cards.get(cohort),
            asked_by=fields.get("asked_by", ""),
            failing_notice=None if cohort is None else failing.get(cohort),
            source_id=whole(fields.get("source_id", "")),
            lost=tuple(target for target, one in zip(targets, migrations, strict=True) if not one),
        )

    async def _view(
        self, request: RequestId, fields: Fields, migrations: Sequence[Fields]
    ) -> RequestView:
        pipe = self._client.pipeline(transaction=False)
        pipe.get(self._keys.paused)
        (paused_by,) = await answers_of(pipe, "asking who has paused the fleet")
        view = request_view(request, fields, migrations, text(paused_by))
        if view.state is not State.QUEUED or migrations:
            is_named = view.has_ended and not migrations
            return with_names(view, lines_of(fields.get("named", ""))) if is_named else view
        wishes = await self._waiting.wishes({request: fields.get("entry", request)})
        return with_wish(view, wishes.get(request, Unplanned()))

    async def _unseen(self, request: RequestId) -> dict[str, str]:
        """What would be on record of a producer's own entry, which has no hash before a worker takes it."""
        if not is_entry_id(request) or not await self._waiting.wishes({request: request}):
            return {}
        return {"state": "queued", "via": "producer", "appended_ms": str(entry_ms(request))}

    async def ledger(self, target: TargetId) -> LedgerReading:
        """What is on record of a target now."""
        pipe = self._client.pipeline(transaction=False)
        key = self._keys.ledger(target)
        pipe.hgetall(key)
        pipe.time()
        pipe.exists(self._keys.target(target))
        # No listing: a ledger that cannot be read must not pass for an empty one.
        with classified("reading a ledger"):
            raw, (seconds, micros), busy = await pipe.execute(raise_on_error=False)
        with classified(f"reading a ledger, in {key}"):
            if isinstance(raw, Exception):
                raise raw
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        flat = [item for pair in raw.items() for item in pair]
        later = decode_later(flat, now_ms)
        return LedgerReading(decode_ledger(flat, now_ms), now_ms, bool(busy), later)

    async def _hashes(self, keys: Iterable[str]) -> list[dict[str, str]]:
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            pipe.hgetall(key)
        return [texts(raw) for raw in await answers_of(pipe, "reading a request")]


# ---------------------------------------------------------------------------------------- decoding


_SOUGHT: Final = ("state", "source", "targets", "named", "entry")
"""The fields of a request that a search looks at."""


def _unbegun(line: RequestLine) -> int:
    """How many targets of an unplanned request were given up."""
    return line.targets if line.state is State.DEAD else 0


def _is_unread(row: Fields) -> bool:
    """Whether what a request asks for is in its message alone, which is there until the request has ended.

    A parked request has its source on record. An older version kept no more of it than that.
    """
    is_known = row["source"] and targets_of(row)
    return not is_known and (row["state"] or State.QUEUED) not in ENDS


def _notice_error(fields: Mapping[str, str], card: Card | None) -> str:
    """Why its channel could not be reached; for a request without a card, as an older version recorded it."""
    return card.error if card else fields.get("notice_error", "")


def _is_to_be_told(view: RequestView, fields: Mapping[str, str], card: Card | None) -> bool:
    """Whether Slack does not show its newest state yet; for a request without a card, as an older version recorded it."""
    if not view.channel or _notice_error(fields, card):
        return False
    if card is None:
        return fields.get("final_said") != str(view.run)
    return card.shown_version < number(fields, "card_version")


def _asks(request: RequestId, wish: Unplanned, sought: Sought) -> bool:
    """Whether a request that has no hash yet is wanted."""
    return sought.holds(State.QUEUED.value, wish.source, wish.targets, entry_ms(request))


def _times(fields: Mapping[str, str], next_ms: int | None) -> MigrationTimes:
    return MigrationTimes(
        target=fields.get("target", ""),
        run=number(fields, "run", 1),
        attempts=number(fields, "attempts"),
        code=fields.get("code", ""),
        entry=fields.get("entry", ""),
        target_id=whole(fields.get("target_id", "")),
        queued_ms=whole(fields.get("queued_ms", "")),
        started_ms=whole(fields.get("started_ms", "")),
        first_copy_ms=whole(fields.get("first_copy_ms", "")),
        ended_ms=whole(fields.get("ended_ms", "")),
        error=fields.get("error", ""),
        error_ms=whole(fields.get("error_ms", "")),
        next_ms=next_ms,
    )
