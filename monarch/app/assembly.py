"""Puts a worker together: which adapter stands behind which port. Nothing runs here, and nothing is sent.

Its surroundings come from `surroundings`: by settings in production, in memory under the tests of the stages.

Each purpose has a Valkey client of its own (why: `adapters.valkey.client.connection`).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from valkey.asyncio import Valkey

import monarch
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.cards import ValkeyCards
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.inbox import ValkeyInbox
from monarch.adapters.valkey.kept.enrolment import Enrolment
from monarch.adapters.valkey.kept.roster import Roster
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger.ledger import ValkeyLedger
from monarch.adapters.valkey.logins import ValkeyLogins
from monarch.adapters.valkey.refusals import ValkeyRefusals
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import ValkeyStreams
from monarch.adapters.valkey.views.plans import ValkeyPlans
from monarch.app.surroundings import Production, Surroundings, Terms, terms_of
from monarch.core.delivery import Stream
from monarch.ports import GitHub, Streams
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
from monarch.stages.support.signature import SignatureWatch
from monarch.telemetry import Telemetry

if TYPE_CHECKING:
    from monarch.stages.missed.watch import MissedWatch


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
"""Which roles consume, and which stream."""

BESIDE: Final = 4
"""How many requests, and how many notices, a worker has in hand at once: short work beside the migrations."""

SPARE_SOCKETS: Final = 8
"""Sockets for what no place does: hearing, sweeping, handing back what came beyond the places."""


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
    enrolment: Enrolment
    signature: SignatureWatch | None = None
    missed: "MissedWatch | None" = None


@asynccontextmanager
async def assembled(
    settings: Settings, roles: frozenset[Role], telemetry: Telemetry
) -> AsyncIterator[Parts]:
    """Build a worker for `roles`; its connections are closed at the end."""
    async with AsyncExitStack() as stack:
        yield assemble(terms_of(settings), roles, telemetry, Production(settings, stack))


def assemble(
    terms: Terms, roles: frozenset[Role], telemetry: Telemetry, among: Surroundings
) -> Parts:
    """Build a worker for `roles` among these surroundings."""
    return _Assembly(terms, roles, telemetry, among).build()


class _Assembly:
    def __init__(
        self, terms: Terms, roles: frozenset[Role], telemetry: Telemetry, among: Surroundings
    ) -> None:
        self._terms = terms
        self._roles = roles
        self._telemetry = telemetry
        self._among = among
        self._keys = terms.keys
        self._pause = Pause()
        self._seen = NewestMemory()
        self._lease_ms = round(terms.lease_s * 1000)
        self._signature: SignatureWatch | None = None
        self._missed: MissedWatch | None = None

    def build(self) -> Parts:
        # A pool that runs dry raises at once, and the caller would take Valkey for gone: so each place has a socket,
        # opened when it is first needed.
        places = self._terms.places + 2 * BESIDE
        commands = self._among.client("commands", connections=places + SPARE_SOCKETS)
        scripts = Scripts(commands, self._keys.prefix)
        enrolment = self._enrolment(commands)
        streams = self._streams(scripts, enrolment)
        holds = Holds(streams, self._telemetry, self._among.clock, lease_s=self._terms.lease_s)
        intake = self._intake(commands)
        handlers = self._handlers(scripts, commands, intake)
        consumers = tuple(
            self._consumer(STREAM_OF[role], handler, streams, holds)
            for role, handler in handlers.items()
        )
        return Parts(
            self._among.name,
            self._telemetry,
            streams,
            holds,
            consumers,
            self._reclaimer(streams, consumers),
            intake,
            commands,
            self._keys,
            enrolment,
            self._signature,
            self._missed,
        )

    def _enrolment(self, commands: Valkey) -> Enrolment:
        return Enrolment(
            Roster(commands, self._keys),
            self._among.name,
            monarch.__version__,
            sorted(self._roles),
            self._terms.ceilings if Role.MIGRATOR in self._roles else None,
            lambda where, error: self._telemetry.store_trouble(where=where, error=error),
        )

    def _scripts(self, purpose: str) -> Scripts:
        return Scripts(self._among.client(purpose), self._keys.prefix)

    def _streams(self, commands: Scripts, enrolment: Enrolment) -> ValkeyStreams:
        consumed = [STREAM_OF[role] for role in STREAM_OF if role in self._roles]
        readers = {stream: self._among.client(f"reads-{stream}") for stream in consumed}
        return ValkeyStreams(
            readers,
            commands,
            self._scripts("renewal"),
            self._keys,
            self._among.name,
            self._seen,
            self._among.aside,
            lease_ms=self._lease_ms,
            retention_ms=self._terms.retention_ms,
            on_request_ended=lambda took_s: self._telemetry.request_duration(seconds=took_s),
            on_emptied=enrolment.enter,
        )

    def _handlers(
        self, scripts: Scripts, commands: Valkey, intake: Intake | None
    ) -> dict[Role, Handler]:
        handlers: dict[Role, Handler] = {}
        if self._roles & {Role.PLANNER, Role.MIGRATOR}:
            handlers |= self._writers(scripts, commands)
            gaps = (lambda: intake.gaps) if intake else (lambda: 0)
            self._missed = self._among.missed(self._telemetry, gaps)
        if Role.NOTIFIER in self._roles:
            handlers[Role.NOTIFIER] = Notifier(
                self._among.slack(),
                ValkeyCards(scripts, self._keys),
                self._among.outlook(commands),
                self._telemetry,
                self._among.clock,
                self._terms.policy,
                self._among.dice,
                self._terms.manner,
            )
        return handlers

    def _writers(self, scripts: Scripts, commands: Valkey) -> dict[Role, Handler]:
        """The handlers that need GitHub, and the watch over whether GitHub accepts our credential."""
        handlers: dict[Role, Handler] = {}
        github, signing = self._among.github(scripts)
        refusals = ValkeyRefusals(commands, scripts, self._keys)
        self._signature = SignatureWatch(signing, refusals, self._telemetry)
        budget = ValkeyBudget(
            scripts, self._keys, self._terms.ceilings, on_changed=self._ceiling_changed
        )
        ledger = self._ledger(budget, scripts)
        if Role.PLANNER in self._roles:
            handlers[Role.PLANNER] = Planner(
                github,
                budget,
                ledger.now_ms,
                self._telemetry,
                self._terms.rules,
                self._terms.policy,
                self._among.dice,
                self._terms.style,
            )
        if Role.MIGRATOR in self._roles:
            handlers[Role.MIGRATOR] = self._migrator(github, budget, ledger, scripts, commands)
        return handlers

    def _ceiling_changed(self, window: str, before: int, after: int) -> None:
        self._telemetry.ceiling_changed(window=window, before=before, after=after)

    def _ledger(self, budget: ValkeyBudget, scripts: Scripts) -> ValkeyLedger:
        return ValkeyLedger(
            scripts,
            self._keys,
            budget,
            self._among.nonce,
            self._seen,
            lease_ms=self._lease_ms,
            retention_ms=self._terms.retention_ms,
        )

    def _migrator(
        self,
        github: GitHub,
        budget: ValkeyBudget,
        ledger: ValkeyLedger,
        scripts: Scripts,
        commands: Valkey,
    ) -> Migrator:
        tools = Tools(
            github,
            ValkeyLogins(scripts, self._keys),
            ledger,
            budget,
            self._telemetry,
            self._among.clock,
            self._among.dice,
            self._terms.policy,
            self._terms.style,
            self._among.aside,
        )
        return Migrator(
            tools, ValkeyPlans(commands, self._keys, self._among.aside), self._terms.rules
        )

    def _consumer(
        self, stream: Stream, handler: Handler, streams: Streams, holds: Holds
    ) -> Consumer:
        places = self._terms.places if stream is Stream.MIGRATIONS else BESIDE
        return Consumer(
            stream,
            handler,
            streams,
            holds,
            self._telemetry,
            self._among.clock,
            self._among.dice,
            self._terms.policy,
            places=places,
            # Notices go out while the fleet is paused, too: that of the pause, for one.
            pause=None if stream is Stream.NOTICES else self._pause,
        )

    def _reclaimer(self, streams: Streams, consumers: tuple[Consumer, ...]) -> Reclaimer | None:
        """Every consuming worker learns of a pause from its sweeps, with the role of reclaimer or without."""
        reclaims = Role.RECLAIMER in self._roles
        if not reclaims and not consumers:
            return None
        return Reclaimer(
            streams,
            consumers,
            self._telemetry,
            self._among.clock,
            self._among.dice,
            reclaims=reclaims,
            pause=self._pause,
        )

    def _intake(self, commands: Valkey) -> Intake | None:
        if Role.INTAKE not in self._roles:
            return None
        ear, subscribed_ms = self._among.ear(commands)
        # Appending many messages must not hold up any settle.
        inbox = ValkeyInbox(self._scripts("intake"), self._keys, self._among.name, subscribed_ms)
        return Intake(ear, inbox, self._telemetry, self._among.clock, self._among.dice)
