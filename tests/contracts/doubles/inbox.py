"""`ports.Inbox` in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from monarch.core.ids import RequestId
from monarch.ports import Hearing
from tests.contracts.doubles.store import MemoryStore

WINDOW_MS = 15_000


@dataclass(slots=True)
class Heard:
    """One message: its appends (when, by whom, as which request), and how far each replica has matched them."""

    appends: list[tuple[int, str, RequestId]] = field(default_factory=list)
    matched: dict[str, int] = field(default_factory=dict)
    hearings: dict[str, RequestId | None] = field(default_factory=dict)


class MemoryInbox:
    """The inbox of a `MemoryStore`; make one for each replica. `subscribed_ms`: since when it hears."""

    def __init__(self, store: MemoryStore, replica: str, subscribed_ms: int = 0) -> None:
        self._store = store
        self._replica = replica
        self._subscribed_ms = subscribed_ms

    async def mirror(self, hearings: Sequence[Hearing]) -> tuple[RequestId | None, ...]:
        """See `ports.Inbox.mirror`."""
        await anyio.lowlevel.checkpoint()
        return tuple(self._mirror(hearing) for hearing in hearings)

    def _mirror(self, hearing: Hearing) -> RequestId | None:
        heard: Heard = self._store.heard.setdefault(hearing.payload, Heard())
        if hearing.id not in heard.hearings:
            heard.hearings[hearing.id] = self._match(heard, hearing.payload)
        return heard.hearings[hearing.id]

    def _match(self, heard: Heard, payload: bytes) -> RequestId | None:
        now = self._store.now_ms()
        since = max(now - WINDOW_MS, self._subscribed_ms)
        first = heard.matched.get(self._replica, 0)
        for i, (at_ms, by, _) in enumerate(heard.appends[first:], first):
            if by != self._replica and at_ms >= since:
                heard.matched[self._replica] = i + 1
                return None
        request = self._store.append_request(payload)
        heard.appends.append((now, self._replica, request))
        heard.matched[self._replica] = len(heard.appends)
        return request
