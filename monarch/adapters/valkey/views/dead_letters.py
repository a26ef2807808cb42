"""Dead letters, for people: their content, and the choice among them. Nothing here writes."""

from collections.abc import AsyncIterator, Collection, Mapping
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
from monarch.ports.readings import Choice, DeadLetter, Named

FIRST, LAST = "-", "+"
"""Valkey's words for the ends of a stream."""


EVERY: Final = Choice()

_CLOCKS_MS: Final = 86_400_000
"""By how much a server that took over may have counted less than the one before it."""

_LARGEST: Final = 2**63
"""More is no time for Valkey."""


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

    async def pages(
        self, choice: Choice = EVERY, since_ms: int = 0
    ) -> AsyncIterator[tuple[DeadLetter, ...]]:
        """All letters of this choice that were given up at `since_ms` or later, oldest first, some at a time.

        Letters that come after the first page was read are left out, so that a letter that is replayed between two
        pages, and dies again, is not met a second time.
        """
        choice = await self._with_cohort(choice)
        first, last = await self._span(choice)
        if since_ms and (first == FIRST or int(first) < since_ms):
            first = str(since_ms)
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

    async def named(self, ids: Collection[str], choice: Choice = EVERY) -> Mapping[str, Named]:
        """What each of these ids means among the letters of this choice; what means nothing is left out.

        One look for all of them: a letter comes after its entry, so those before the oldest id are not read.
        """
        wanted = frozenset(filter(is_entry_id, ids))
        found: dict[str, Named] = {}
        if not wanted:
            return found
        async for page in self.pages(choice, since_ms=_since_ms(wanted)):
            for letter in page:
                if letter.id in wanted:
                    known = found.get(letter.id, Named())
                    found[letter.id] = replace(known, own=letter)
                if letter.entry in wanted and letter.entry != letter.id:
                    known = found.get(letter.entry, Named())
                    found[letter.entry] = replace(known, of_entry=(letter, *known.of_entry))
        return found

    async def one(self, letter: str) -> DeadLetter | None:
        """The letter with this id; else the newest of the entry with this id; `None` if there is none."""
        if not is_entry_id(letter):
            return None
        with classified(f"reading a dead letter, in {self._dead}"):
            by_id = await self._client.xrange(self._dead, letter, letter)
        if by_id:
            return _letter(by_id[0])
        known = (await self.named([letter])).get(letter, Named()).letters
        return known[0] if known else None

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


def _since_ms(ids: Collection[str]) -> int:
    """How far back letters with these ids, or of these entries, can lie, however the clock was set since."""
    return min(_LARGEST, max(0, min(map(entry_ms, ids)) - _CLOCKS_MS))


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
