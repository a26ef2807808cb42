"""Puts a worker together: which adapter stands behind which port. Nothing runs here.

Each purpose has a Valkey client of its own (why: `adapters.valkey.connection`).
"""

import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.aside import Threads
from monarch.adapters.clock import BootClock
from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.slack import HttpSlack, NoSlack
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.connection import connected
from monarch.adapters.valkey.ear import ValkeyEar
from monarch.adapters.valkey.inbox import ValkeyInbox
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger import ValkeyLedger
from monarch.adapters.valkey.logins import ValkeyLogins
from monarch.adapters.valkey.refusals import ValkeyRefusals
from monarch.adapters.valkey.requests import ValkeyPlans, ValkeyRequests
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.seen import Seen
from monarch.adapters.valkey.streams import ValkeyStreams
from monarch.app.ceilings import ceilings_of, outlook_of
from monarch.app.looks import style_of
from monarch.app.rules import rules_of
from monarch.app.signing import github_of, meter_of
from monarch.app.whereabouts import proxy_of, valkey_of, web_url_of
from monarch.core.delivery import Stream
from monarch.core.verdict import Policy
from monarch.ports import GitHub, Slack, Streams
from monarch.settings import Settings
from monarch.stages.consumer import Consumer, Handler
from monarch.stages.crossing.subject import Tools
from monarch.stages.intake import Intake
from monarch.stages.lease import Holds
from monarch.stages.migrator import Migrator
from monarch.stages.notifier import Notifier
from monarch.stages.pause import Pause
from monarch.stages.planner import Planner
from monarch.stages.reclaimer import Reclaimer
from monarch.stages.signature import SignatureWatch
from monarch.telemetry import Telemetry


class Role(StrEnum):
    """What a worker can do; by default it does everything."""

    INTAKE = "intake"
    PLANNER = "planner"
    MIGRATOR = "migrator"
    NOTIFIER = "notifier"
    RECLAIMER = "reclaimer"


STREAM_OF: Final[Mapping[Role, Stream]] = {
    Role.PLANNER: Stream.REQUESTS,
    Role.MIGRATOR: Stream.MIGRATIONS,
    Role.NOTIFIER: Stream.NOTICES,
}
"""Which roles consume, and what."""

BESIDE: Final = 4
"""Requests, and notices, that one worker has in hand at once: short work beside the migrations."""

SPARE_SOCKETS: Final = 8
"""For what no place does: hearing, sweeping, handing back what came beyond the places."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A worker's moving parts, built and not yet running. `intake` is `None` without that role."""

    consumer_name: str
    telemetry: Telemetry
    streams: Streams
    holds: Holds
    consumers: tuple[Consumer, ...]
    reclaimer: Reclaimer | None
    intake: Intake | None
    commands: Valkey
    keys: Keys
    signature: SignatureWatch | None = None


def consumer_name() -> str:
    """`<host>.<pid>.<random>`: never the same twice, so that nobody takes up a dead one's fence."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"


@asynccontextmanager
async def assembled(
    settings: Settings, roles: frozenset[Role], telemetry: Telemetry
) -> AsyncIterator[Parts]:
    """Build a worker for `roles`; its connections are closed at the end."""
    async with AsyncExitStack() as stack:
        yield await _Assembly(settings, roles, telemetry, stack).build()


class _Assembly:
    def __init__(
        self,
        settings: Settings,
        roles: frozenset[Role],
        telemetry: Telemetry,
        stack: AsyncExitStack,
    ) -> None:
        self._settings = settings
        self._roles = roles
        self._telemetry = telemetry
        self._stack = stack
        self._clock = BootClock()
        self._pause = Pause()
        self._keys = Keys(settings.namespace)
        self._valkey = valkey_of(settings)
        self._name = consumer_name()
        self._seen = Seen()
        self._dice = random.SystemRandom().random
        self._lease_ms = round(settings.lease_seconds * 1000)
        self._retention_ms = settings.retention_days * 86_400_000
        self._signature: SignatureWatch | None = None
        self._policy = Policy(
            settings.max_attempts, settings.max_deliveries, settings.target_patience_seconds
        )

    async def build(self) -> Parts:
        # A pool that runs dry raises at once, and whoever asked would take Valkey for gone: each place has a socket,
        # opened when it is first needed.
        places = self._settings.concurrency + 2 * BESIDE
        commands = await self._client("commands", connections=places + SPARE_SOCKETS)
        scripts = Scripts(commands, self._keys.prefix)
        streams = await self._streams(scripts)
        holds = Holds(streams, self._telemetry, self._clock, lease_s=self._settings.lease_seconds)
        handlers = await self._handlers(scripts, commands)
        consumers = tuple(
            self._consumer(STREAM_OF[role], handler, streams, holds)
            for role, handler in handlers.items()
        )
        return Parts(
            self._name,
            self._telemetry,
            streams,
            holds,
            consumers,
            self._reclaimer(streams, consumers),
            await self._intake(commands),
            commands,
            self._keys,
            self._signature,
        )

    async def _client(self, purpose: str, *, connections: int = 1) -> Valkey:
        return await self._stack.enter_async_context(
            connected(self._valkey, purpose, connections=connections)
        )

    async def _streams(self, commands: Scripts) -> ValkeyStreams:
        consumed = [STREAM_OF[role] for role in STREAM_OF if role in self._roles]
        readers = {stream: await self._client(f"reads-{stream}") for stream in consumed}
        renewals = Scripts(await self._client("renewal"), self._keys.prefix)
        return ValkeyStreams(
            readers,
            commands,
            renewals,
            self._keys,
            self._name,
            self._seen,
            lease_ms=self._lease_ms,
            retention_ms=self._retention_ms,
            on_request_ended=lambda took_s: self._telemetry.request_duration(seconds=took_s),
        )

    async def _handlers(self, scripts: Scripts, commands: Valkey) -> dict[Role, Handler]:
        handlers: dict[Role, Handler] = {}
        if self._roles & {Role.PLANNER, Role.MIGRATOR}:
            ceilings = ceilings_of(self._settings)
            github = await self._github(scripts)
            refusals = ValkeyRefusals(commands, scripts, self._keys)
            self._signature = SignatureWatch(github, refusals, self._telemetry)
            budget = ValkeyBudget(scripts, self._keys, ceilings, on_changed=self._ceiling_changed)
            if Role.PLANNER in self._roles:
                handlers[Role.PLANNER] = Planner(
                    github,
                    budget,
                    self._telemetry,
                    rules_of(self._settings),
                    self._policy,
                    self._dice,
                )
            if Role.MIGRATOR in self._roles:
                handlers[Role.MIGRATOR] = self._migrator(github, budget, scripts, commands)
        if Role.NOTIFIER in self._roles:
            handlers[Role.NOTIFIER] = Notifier(
                await self._slack(),
                ValkeyRequests(scripts, self._keys),
                outlook_of(commands, self._settings),
                self._telemetry,
                self._clock,
                self._policy,
                self._dice,
                web_url_of(self._settings),
            )
        return handlers

    def _ceiling_changed(self, window: str, before: int, after: int) -> None:
        self._telemetry.ceiling_changed(window=window, before=before, after=after)

    async def _github(self, scripts: Scripts) -> HttpGitHub:
        meter = meter_of(self._settings, scripts, self._keys)
        github = github_of(self._settings, meter)
        self._stack.push_async_callback(github.aclose)
        return github

    async def _slack(self) -> Slack:
        if self._settings.slack_bot_token is None:
            return NoSlack()
        token = self._settings.slack_bot_token.get_secret_value()
        slack = HttpSlack(
            token,
            self._settings.slack_api_url,
            proxy=proxy_of(self._settings.slack_proxy),
        )
        self._stack.push_async_callback(slack.aclose)
        return slack

    def _migrator(
        self, github: GitHub, budget: ValkeyBudget, scripts: Scripts, commands: Valkey
    ) -> Migrator:
        ledger = ValkeyLedger(
            scripts,
            self._keys,
            budget,
            lambda: secrets.token_hex(4),
            self._seen,
            lease_ms=self._lease_ms,
            retention_ms=self._retention_ms,
        )
        tools = Tools(
            github,
            ValkeyLogins(scripts, self._keys),
            ledger,
            budget,
            self._telemetry,
            self._clock,
            self._dice,
            self._policy,
            style_of(self._settings),
            Threads(),
        )
        return Migrator(tools, ValkeyPlans(commands, self._keys), rules_of(self._settings))

    def _consumer(
        self, stream: Stream, handler: Handler, streams: Streams, holds: Holds
    ) -> Consumer:
        places = self._settings.concurrency if stream is Stream.MIGRATIONS else BESIDE
        return Consumer(
            stream,
            handler,
            streams,
            holds,
            self._telemetry,
            self._clock,
            self._dice,
            self._policy,
            places=places,
            # People are told while the fleet is paused, too: of the pause, for one.
            pause=None if stream is Stream.NOTICES else self._pause,
        )

    def _reclaimer(self, streams: Streams, consumers: tuple[Consumer, ...]) -> Reclaimer | None:
        """Whoever consumes learns of a pause from its sweeps, with the role of reclaimer or without."""
        reclaims = Role.RECLAIMER in self._roles
        if not reclaims and not consumers:
            return None
        return Reclaimer(
            streams,
            consumers,
            self._telemetry,
            self._clock,
            self._dice,
            reclaims=reclaims,
            pause=self._pause,
        )

    async def _intake(self, commands: Valkey) -> Intake | None:
        if Role.INTAKE not in self._roles:
            return None
        ear = ValkeyEar(
            await self._client("subscription"),
            commands,
            self._keys,
            self._settings.channel,
            self._name,
            self._clock.now,
        )
        # Appending many messages must hold up nobody's settle.
        scripts = Scripts(await self._client("intake"), self._keys.prefix)
        inbox = ValkeyInbox(scripts, self._keys, self._name, lambda: ear.subscribed_ms)
        return Intake(ear, inbox, self._telemetry, self._clock, self._dice)
