"""What the commands that people give need: one connection, and what can be asked and done over it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified, connected
from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.inbox import Submission, Submitter, Update
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.cohorts import Cohorts
from monarch.adapters.valkey.views.dead_letters import Letters
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.adapters.valkey.views.workers import Workers
from monarch.app.wiring import ceilings_of, outlook_of, valkey_of
from monarch.core.portions.message import MILESTONES, NOT_BEFORE
from monarch.core.request.message import CHANNEL, SOURCE, TARGETS
from monarch.ports import Hands, Outlook, Replayed, StoreRefused
from monarch.ports.readings import (
    WorkerLine,
)
from monarch.settings import Settings

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Operator:
    """`reader` reads requests, `events` what happened, `cohorts` those that came together, `letters` dead letters, `standing` fleet and server.

    `outlook` forecasts; `hands` change what runs.
    """

    reader: RequestReader
    events: EventLog
    cohorts: Cohorts
    letters: Letters
    hands: Hands
    standing: FleetReader
    outlook: Outlook
    settings: Settings
    _client: Valkey
    _keys: Keys

    async def submit(
        self, payload: bytes, idempotency_key: str, update: Update | None = None, by: str = ""
    ) -> Submission:
        """Append a message as a request, durably; the same key again gives the same request.

        `by` is the person who asks, where known; an update names that person itself.

        Raises:
            KeyTaken: the key stands for another message.
            StoreError: see `Submitter.submission`. Submitting again under the same key is safe.
        """
        submitter = Submitter(self._client, self._keys)
        return await submitter.submission(payload, idempotency_key, update=update, by=by)

    async def has_submitted(self, idempotency_key: str) -> bool:
        """Whether a message was submitted under this key, and is remembered.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        return await Submitter(self._client, self._keys).has(idempotency_key)

    async def workers(self) -> tuple[WorkerLine, ...]:
        """Who works, and what each has in hand.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        return await Workers(self._client, self._keys).all()

    async def publish(self, payload: bytes) -> int:
        """Publish a message on the channel, as the platform does; returns how many heard it.

        Raises:
            StoreError: it is unknown whether it was published.
        """
        with classified("publishing"):
            return int(await self._client.publish(self.settings.channel, payload))

    async def replay(self, letters: Sequence[str], by: str) -> tuple[Replayed, ...]:
        """Send dead letters back; where Valkey refuses one of them for good, still send the others.

        A letter that was sent back before such a refusal is then reported as gone.

        Raises:
            StoreError: it is unknown which of them were sent back. Repeating it is safe.
        """
        return await _each(letters, lambda some: self.hands.replay(some, by))

    async def foresee_replay(self, letters: Sequence[str]) -> tuple[Replayed, ...]:
        """Say of each what a replay would do now; nothing is changed.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        return await _each(letters, self.hands.foresee_replay)


async def _each(
    letters: Sequence[str],
    work: Callable[[Sequence[str]], Awaitable[tuple[Replayed, ...]]],
) -> tuple[Replayed, ...]:
    """Replay all at once, or one by one where Valkey refuses that."""
    try:
        return await work(letters)
    except StoreRefused as error:
        if len(letters) == 1:
            return (Replayed(letters[0], "", str(error)),)
    return tuple([one for letter in letters for one in await _each([letter], work)])


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Operator]:
    """Reach the installation that `settings` name; nothing is sent before the first question."""
    keys = Keys(settings.namespace)
    # One socket: a submission and the wait for the disk must use the same connection.
    async with connected(valkey_of(settings), "operator") as client:
        standing = FleetReader(client, keys, settings.channel, ceilings_of(settings))
        scripts = Scripts(client, keys.prefix)
        hands = ValkeyHands(scripts, keys, retention_ms=settings.retention_days * _DAY_MS)
        letters = Letters(client, keys)
        outlook = outlook_of(client, settings)
        cohorts = Cohorts(client, scripts, keys)
        yield Operator(
            RequestReader(client, keys),
            EventLog(client, keys),
            cohorts,
            letters,
            hands,
            standing,
            outlook,
            settings,
            client,
            keys,
        )


def message(
    source: str,
    targets: Sequence[str],
    channel: str | None,
    not_before: str | None = None,
    milestones: Sequence[str] = (),
) -> bytes:
    """The message that the platform would publish; without `channel` nothing goes to Slack.

    `not_before` and `milestones` ask for a portion (`core.portions`).
    """
    fields: dict[str, object] = {SOURCE: source, TARGETS: list(targets)}
    if channel:
        fields[CHANNEL] = channel
    if not_before is not None:
        fields[NOT_BEFORE] = not_before
    if milestones:
        fields[MILESTONES] = list(milestones)
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
