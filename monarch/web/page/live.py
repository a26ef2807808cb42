"""The stream of a live view: server-sent events, one frame for each change, and a sign of life between them.

```
(unnamed)   the view's HTML, with the moment of the reading as id
beat        nothing has changed: {"at": ms}
away        Valkey does not answer, or refuses: {"since": ms, "what": text, "why": text, "do": text}
bye         this worker stops; connect again
```

`web.connections` drops a reader that does not take what is sent.
"""

import json
from collections.abc import AsyncIterator
from typing import Final

import anyio
from starlette.types import Receive, Scope, Send

from monarch.web.page.hub import Frame, Hub, HubReading
from monarch.web.page.sights import PageRequest

BEAT_S: Final = 5.0
"""Something is sent at least this often, in seconds; a proxy ends a connection that is silent for a minute."""

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class LiveAnswer:
    """An answer that goes on as long as its reader stays.

    Raises:
        Full: when it is called and there are too many readers; nothing was sent.
    """

    def __init__(self, hub: Hub, wish: PageRequest) -> None:
        self._hub = hub
        self._wish = wish

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes, or the worker stops."""
        del scope
        with self._hub.reading(self._wish) as reading:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._until_gone, receive, tasks.cancel_scope)
                async for event in events(reading):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
                tasks.cancel_scope.cancel()

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


async def events(reading: HubReading) -> AsyncIterator[bytes]:
    """What a reader receives, until the worker stops."""
    number, was_away = 0, False
    while not reading.is_over:
        now = reading.now()
        if now.trouble:
            trouble = now.trouble
            yield _named(
                "away",
                since=now.trouble_ms,
                what=trouble.headline,
                why=str(trouble),
                do=trouble.remedy,
            )
            was_away = True
        elif now.frame is not None and (now.frame.number != number or was_away):
            yield _framed(now.frame)
            number, was_away = now.frame.number, False
        elif now.frame is not None:
            yield _named("beat", at=now.frame.at_ms)
        with anyio.move_on_after(BEAT_S):
            await now.changed.wait()
    yield _named("bye")


def _framed(frame: Frame) -> bytes:
    lines = "".join(f"data: {line}\n" for line in frame.html.split("\n"))
    return f"id: {frame.at_ms}\n{lines}\n".encode()


def _named(name: str, **data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
