"""Dead letters, for people: their content, and the choice among them. Nothing here writes."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.events import PAGE, RawEntry
from monarch.adapters.valkey.views.raw import number, texts
from monarch.core.delivery import Stream
from monarch.core.entry_ids import entry_ms, is_entry_id
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.ports.readings import Choice, DeadLetter

FIRST, LAST = "-", "+"
"""Valkey's words for the ends of a stream."""


EVERY: Final = Choice()


class Letters:
    """Reads dead letters. Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._dead = keys.dead

    async def newest(self, limit: int, choice: Choice = EVERY) -> tuple[DeadLetter, ...]:
        """The newest `limit` letters of this choice, newest first."""
        found: list[DeadLetter] = []
        choice = await self._with_cohort(choice)
        first, last = await self._span(choice)
        while len(found) < limit:
            pipe = self._client.pipeline(transaction=False)
            pipe.xrevrange(self._dead, last, first, count=PAGE)
            (page,) = await answers_of(pipe, "listing dead letters")
            letters = [_letter(entry) for entry in page]
            found += filter(choice.means, letters)
            if len(page) < PAGE:
                break
            last = f"({letters[-1].id}"
        return tuple(found[:limit])

    async def pages(self, choice: Choice = EVERY) -> AsyncIterator[tuple[DeadLetter, ...]]:
        """All letters of this choice, oldest first, some at a time.

        Letters that come after the first page was read are left out, so that a letter that is replayed between two
        pages, and dies again, is not met a second time.
        """
        choice = await self._with_cohort(choice)
        first, last = await self._span(choice)
        if last == LAST:
            last = await self._newest_id()
        while True:
            with classified(f"listing dead letters, in {self._dead}"):
                page = await self._client.xrange(self._dead, first, last, count=PAGE)
            letters = [_letter(entry) for entry in page]
            meant = tuple(filter(choice.means, letters))
            if meant:
                yield meant
            if len(page) < PAGE:
                return
            first = f"({letters[-1].id}"

    async def one(self, letter: str, choice: Choice = EVERY) -> DeadLetter | None:
        """A letter of this choice, by its id (or by the id of the entry that was given up); `None` if there is none."""
        if not is_entry_id(letter):
            return None
        choice = await self._with_cohort(choice)
        first, last = await self._span(choice)
        with classified(f"reading a dead letter, in {self._dead}"):
            by_id = await self._client.xrange(self._dead, letter, letter)
        if by_id:
            found = _letter(by_id[0])
            return found if choice.means(found) and _is_within(found, first, last) else None
        near = await self.newest(10 * PAGE, choice)
        return next((one for one in near if one.entry == letter), None)

    async def _with_cohort(self, choice: Choice) -> Choice:
        if choice.request is None:
            return choice
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(self._keys.request(RequestId(choice.request)))
        (request,) = await answers_of(pipe, "reading a request")
        return replace(choice, cohort=texts(request).get("card"))

    async def _span(self, choice: Choice) -> tuple[str, str]:
        """The first and last possible id of the wanted age: the server gives ids out by its clock."""
        if choice.older_than_s is None and choice.newer_than_s is None:
            return FIRST, LAST
        with classified("asking for the time"):
            seconds, micros = await self._client.time()
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        return _ago(now_ms, choice.newer_than_s, FIRST), _ago(now_ms, choice.older_than_s, LAST)

    async def _newest_id(self) -> str:
        with classified(f"listing dead letters, in {self._dead}"):
            newest = cast("list[RawEntry]", await self._client.xrevrange(self._dead, count=1))
        return newest[0][0].decode() if newest else LAST


def _ago(now_ms: int, seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else str(max(0, now_ms - round(seconds * 1000)))


def _is_within(letter: DeadLetter, first: str, last: str) -> bool:
    at_ms = entry_ms(letter.id)
    return (first == FIRST or at_ms >= int(first)) and (last == LAST or at_ms <= int(last))


def _request(fields: Mapping[str, str]) -> str:
    """Whose letter it is. Junk in a later stream is named by its own entry, and that is no request's id."""
    request = fields.get("request", "")
    is_junk = fields.get("code") == Code.UNREADABLE and fields.get("stream") != Stream.REQUESTS
    return "" if is_junk and request == fields.get("entry") else request


def _letter(entry: RawEntry) -> DeadLetter:
    letter, fields = entry[0].decode(), texts(entry[1])
    return DeadLetter(
        id=letter,
        at_ms=number(fields, "at", entry_ms(letter)),
        stream=fields.get("stream", ""),
        entry=fields.get("entry", ""),
        request=_request(fields),
        migration=fields.get("migration", ""),
        code=fields.get("code", ""),
        reason=fields.get("reason", ""),
        attempts=number(fields, "attempts"),
        deliveries=number(fields, "deliveries"),
        payload=fields.get("payload", ""),
        is_cut="cut" in fields,
        lacks_payload="no_payload" in fields,
    )
