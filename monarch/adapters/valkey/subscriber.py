"""The subscription to the channel, and the canary that shows whether it still hears.

A subscription can die silently: behind a black hole nothing comes, and nothing fails. So each ear publishes a canary
to a channel of its own, over a separate connection, every 10 s, hears it on the very connection that it listens with,
and gives the subscription up when it misses two. Only time in which it listens, and nothing comes, counts: a worker that
was frozen, or slow to append, has not missed what waits in the socket, and giving up would lose it.

When it hears again it records the gap, for people: from the last moment at which it certainly heard.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.ports import Hearing, StoreError

CANARY_EVERY_S = 10.0
CANARIES_MISSED = 2
_LISTEN_S = 1.0


class ValkeyEar:
    """`ports.Ear` for one replica.

    Args:
        subscriber: a client that does nothing else.
        speaker: publishes the canaries.
        now: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        subscriber: Valkey,
        speaker: Valkey,
        keys: Keys,
        channel: str,
        replica: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subscriber = subscriber
        self._speaker = speaker
        self._channel = channel
        self._canary = f"{keys.prefix}canary:{replica}"
        self._kept_in = keys.hearing
        self._replica = replica
        self._now = now
        self._heard = 0
        self._canaries = 0
        self._last_heard: float | None = None
        self._pubsub: PubSub | None = None
        self._is_ending = False
        self.subscribed_ms = 0

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[Hearing | None]]:
        """See `ports.Ear.listen`."""
        pubsub = self._subscriber.pubsub()
        try:
            with classified("subscribing"):
                await pubsub.subscribe(self._channel, self._canary)
                for _ in range(2):
                    await pubsub.get_message(timeout=_LISTEN_S)
                seconds, micros = await self._speaker.time()
            self.subscribed_ms = seconds * 1000 + micros // 1000
            await self._end_gap()
            self._pubsub = pubsub
            if self._is_ending:
                await self.unsubscribe()
            async with aclosing(self._hearings(pubsub)) as hearings:
                yield hearings
        finally:
            self._pubsub = None
            await pubsub.aclose()  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped

    async def _end_gap(self) -> None:
        """Note that it hears; if it has heard before, the gap ends now."""
        now = self._now()
        if self._last_heard is not None:
            since_ms = self.subscribed_ms - round((now - self._last_heard) * 1000)
            gap = f"{since_ms} {self.subscribed_ms}"
            with classified("keeping a gap in hearing"):
                await cast(
                    "Awaitable[int]",
                    self._speaker.hset(self._kept_in, f"gap:{self._replica}", gap),
                )
        self._last_heard = now

    async def unsubscribe(self) -> None:
        """See `ports.Ear.unsubscribe`; the server confirms it after everything that was published before."""
        self._is_ending = True
        if self._pubsub is not None:
            with classified("unsubscribing"):
                await self._pubsub.unsubscribe(self._channel)

    async def _hearings(self, pubsub: PubSub) -> AsyncGenerator[Hearing | None, None]:
        # What was published before `read_to` has been read: then the socket was empty, or the newest canary was sung.
        sung = read_to = next_canary = self._now()
        silence_s = 0.0
        while True:
            if self._now() >= next_canary:
                sung = self._now()
                self._canaries += 1
                await self._sing()
                next_canary = self._now() + CANARY_EVERY_S
            began = self._now()
            with classified("listening"):
                message = await pubsub.get_message(timeout=_LISTEN_S)
            # No call lasts longer but for a process that stood still meanwhile.
            silence_s += min(self._now() - began, _LISTEN_S)
            if message is not None and message["type"] == "unsubscribe":
                return
            if message is not None and message["type"] != "message":
                continue
            if message is None:
                read_to = began
            else:
                self._last_heard = self._now()
            if message is not None and message["channel"] == self._canary.encode():
                silence_s = 0.0
                if message["data"] == self._song().encode():
                    read_to = max(read_to, sung)
            else:
                yield self._hearing(message, self._now() - read_to)
            if silence_s > CANARY_EVERY_S * CANARIES_MISSED + _LISTEN_S:
                text = f"no canary was heard for {silence_s:.0f} s: the subscription is dead"
                raise StoreError(text)

    def _hearing(self, message: dict[str, Any] | None, late_s: float) -> Hearing | None:
        if message is None:
            return None
        self._heard += 1
        return Hearing(f"{self._replica}:{self._heard}", message["data"], round(late_s * 1000))

    def _song(self) -> str:
        """What the newest canary sings: whose it is, and which."""
        return f"{self._replica} {self._canaries}"

    async def _sing(self) -> None:
        with classified("publishing the canary"):
            await self._speaker.publish(self._canary, self._song())
