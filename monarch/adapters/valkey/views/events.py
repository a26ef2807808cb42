"""The log of events, for people: every change of state, as a stream that is kept to a length. Nothing here writes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.numbers import Numbering
from monarch.adapters.valkey.views.raw import texts
from monarch.core.entry_ids import entry_ms
from monarch.ports.readings import Event

PAGE: Final = 200
"""How many events to read at once when searching many."""

FOLLOW_MS: Final = 500
"""How long one read waits for the next event, in milliseconds; less than the socket's timeout."""

RawEntry = tuple[bytes, Mapping[bytes, bytes]]


class EventLog:
    """Reads events. Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._numbering = Numbering(client, keys)

    async def page(self, limit: int, end: str = "+") -> tuple[Event, ...]:
        """The newest `limit` events up to `end` (`(<id>`: before that one), oldest first."""
        pipe = self._client.pipeline(transaction=False)
        pipe.xrevrange(self._keys.events, end, "-", count=limit)
        (page,) = await answers_of(pipe, "reading events")
        return tuple(await self._numbered([_event(entry) for entry in reversed(page)]))

    async def _numbered(self, events: Sequence[Event]) -> list[Event]:
        fields = await self._numbering.numbered([event.fields for event in events])
        return [replace(event, fields=each) for event, each in zip(events, fields, strict=True)]

    async def pulse(self, after: str) -> str:
        """Wait a moment for an event after that id (`$`: from now on), and give the newest id to go on from.

        Copies make no events: to watch them, look again after each pulse, whatever it brought.
        """
        events = await self.next(after)
        return events[-1].id if events else after

    async def next(self, after: str) -> list[Event]:
        """What has happened after the event of that id (`$`: from now on); waits a moment where nothing has."""
        with classified("following events"):
            answer = await self._client.xread(
                {self._keys.events: after}, count=PAGE, block=FOLLOW_MS
            )
        entries = cast("list[RawEntry]", answer[0][1]) if answer else []
        return await self._numbered([_event(entry) for entry in entries])


def _event(entry: RawEntry) -> Event:
    fields = texts(entry[1])
    name = fields.pop("event", "")
    return Event(entry[0].decode(), entry_ms(entry[0].decode()), name, fields)
