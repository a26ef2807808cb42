"""What the commands that people give need: one connection, and what can be asked and done over it."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from valkey.asyncio import Valkey

from monarch.adapters.valkey.connection import classified, connected
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.reading import (
    DeadLetter,
    Event,
    MigrationTimes,
    Reader,
    RequestDetails,
    RequestLine,
)
from monarch.adapters.valkey.standing import ServerFacts, Standing
from monarch.app.whereabouts import valkey_of
from monarch.core.budget import Ceilings
from monarch.core.ids import RequestId
from monarch.core.request import CHANNEL, SOURCE, TARGETS
from monarch.settings import Settings

__all__ = [
    "DeadLetter",
    "Event",
    "MigrationTimes",
    "Operator",
    "Reader",
    "RequestDetails",
    "RequestLine",
    "ServerFacts",
    "Standing",
    "message",
    "operator",
]


@dataclass(frozen=True, slots=True)
class Operator:
    """`reader` tells of requests, `standing` of the fleet and the server."""

    reader: Reader
    standing: Standing
    settings: Settings
    _client: Valkey
    _keys: Keys

    async def submit(self, payload: bytes, idempotency_key: str) -> RequestId:
        """Append a message as a request, durably; the same key again gives the same request.

        Raises:
            StoreError: nobody knows whether it is on disk. Submitting again under the same key is safe.
        """
        return await Submitter(self._client, self._keys).submit(payload, idempotency_key)

    async def publish(self, payload: bytes) -> int:
        """Publish a message on the channel, as the platform does; returns how many heard it.

        Raises:
            StoreError: nobody knows whether it was published.
        """
        with classified("publishing"):
            return int(await self._client.publish(self.settings.channel, payload))


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Operator]:
    """Reach the installation that `settings` name; nothing is sent before the first question."""
    keys = Keys(settings.namespace)
    ceilings = Ceilings(per_minute=settings.writes_per_minute, per_hour=settings.writes_per_hour)
    # One socket: what is submitted and the waiting for the disk must go over the same.
    async with connected(valkey_of(settings), "operator") as client:
        standing = Standing(client, keys, settings.channel, ceilings)
        yield Operator(Reader(client, keys), standing, settings, client, keys)


def message(source: str, targets: Sequence[str], channel: str | None) -> bytes:
    """The message that the platform would publish; without `channel` Slack is told nothing."""
    fields: dict[str, object] = {SOURCE: source, TARGETS: list(targets)}
    if channel:
        fields[CHANNEL] = channel
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
