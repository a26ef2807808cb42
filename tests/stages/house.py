"""A whole installation in memory, and workers in it.

Use: `house = House()`, `house.github.add(…)`, `house.publish("org/team-a")`, `await house.settle()`, then look at
`house.github`, `house.slack`, `house.store` and `house.events`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import anyio
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import CapturingLogger, LogCapture
from valkey.asyncio import Valkey

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.app import worker
from monarch.app.assembly import Role, assemble
from monarch.app.surroundings import Terms
from monarch.core.after.acts import Act
from monarch.core.budget.ceilings import Ceilings
from monarch.core.card.messages import Places
from monarch.core.card.telling import Manner
from monarch.core.card.view import CohortView
from monarch.core.copy.style import Style
from monarch.core.ids import CohortId, RequestId
from monarch.core.request.rules import Rules
from monarch.core.verdict import Policy
from monarch.ports import Clock, Ear, GitHub, Hands, Outlook, Signing, Slack, Streams
from monarch.stages.missed.watch import MissedWatch
from monarch.stages.support.aside import Aside, on_the_loop
from monarch.telemetry import Telemetry
from scripts.memory.client import MemoryClient, Passage, undisturbed
from tests.contracts.doubles.clock import VirtualClock
from tests.contracts.doubles.ear import MemoryChannel, MemoryEar
from tests.contracts.doubles.github import FakeGitHub
from tests.contracts.doubles.outlook import MemoryOutlook
from tests.contracts.doubles.signing import TakenSigning
from tests.contracts.doubles.slack import FakeSlack
from tests.contracts.worlds import LEASE_S, NO_CEILINGS, RETENTION_MS, World, a_message
from tests.stages.store import Store

SOURCE, TEAM_A, TEAM_B = "org/template", "org/team-a", "org/team-b"
PATIENTLY_S = 24 * 3600.0
MOST_ROLES = frozenset(Role) - {Role.INTAKE}

Wrap = Callable[[str, Any], Any]


def unwrapped(_name: str, port: Any) -> Any:
    """Every port as it is."""
    return port


class House:
    """One installation: its store, its outside world, and what its workers told.

    With `hears`, its workers listen to `channel`, too.
    """

    def __init__(
        self,
        ceilings: Ceilings = NO_CEILINGS,
        policy: Policy | None = None,
        *,
        hears: bool = False,
    ) -> None:
        self.keys = Keys()
        self.store = Store(self.keys)
        self.world = World(self.client(), self.keys.namespace)
        self.outlook = MemoryOutlook()
        self.github = FakeGitHub()
        self.slack = FakeSlack()
        self.channel = MemoryChannel()
        self.hears = hears
        self.clock = VirtualClock()
        self.policy = policy or Policy()
        self.ceilings = ceilings
        self.lease_s = LEASE_S
        self.style = Style()
        self.manner = Manner(Places())
        self.rules = Rules()
        self.aside: Aside = on_the_loop
        self._capture = LogCapture()
        log = structlog.wrap_logger(
            CapturingLogger(),
            processors=[self._capture],
            wrapper_class=structlog.make_filtering_bound_logger("debug"),
        )
        self.telemetry = Telemetry(CollectorRegistry(), log.bind(), lambda: 0.0)

    @property
    def events(self) -> list[str]:
        """The names of what was told, in order."""
        return [line["event"] for line in self._capture.entries]

    @property
    def lines(self) -> list[str]:
        """All that was told, as a person would read it."""
        return [str(line) for line in self._capture.entries]

    def told(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        return [dict(line) for line in self._capture.entries if line["event"] == event]

    def publish(
        self, *targets: str, source: str = SOURCE, channel: str | None = "C1", **more: object
    ) -> RequestId:
        """A request is appended; its message has `more` keys beside the usual ones."""
        message = a_message(*targets, source=source, channel=channel, **more)
        return self.store.append_request(message)

    def in_a_while(self, seconds: float) -> str:
        """A date so many seconds from now, by the store's clock, in a zone of its own."""
        at = datetime.fromtimestamp(
            self.store.now_ms() / 1000 + seconds, timezone(timedelta(hours=1))
        )
        return at.isoformat(timespec="seconds")

    def update(
        self,
        *targets: str,
        bases: str,
        source: str = SOURCE,
        act: Act = Act.UPDATE,
        source_id: object = "",
        reached: Mapping[str, int] | None = None,
        **more: object,
    ) -> RequestId:
        """An update is asked for; `bases` are earlier requests, with spaces between, and `more` as in `publish`."""
        message = a_message(*targets, source=source, channel="C1", **more)
        ids = "\n".join(f"{target} {one}" for target, one in (reached or {}).items())
        return self.store.append_request(message, act.value, bases, "Ann", str(source_id), ids)

    def client(self, passage: Passage = undisturbed) -> Valkey:
        """A client of the store."""
        return MemoryClient(self.store.server, passage)

    def terms(self, places: int = 4) -> Terms:
        """What the installation has settled on, as of now."""
        return Terms(
            keys=self.keys,
            ceilings=self.ceilings,
            policy=self.policy,
            rules=self.rules,
            style=self.style,
            lease_s=self.lease_s,
            retention_ms=RETENTION_MS,
            places=places,
            manner=self.manner,
        )

    def streams(self, consumer: str) -> Streams:
        """The streams of work, seen by one consumer."""
        return self.world.streams(consumer)

    def worker(
        self,
        name: str = "worker-1",
        *,
        places: int = 4,
        wrap: Wrap = unwrapped,
        passage: Passage = undisturbed,
    ) -> "Worker":
        """A process that does everything, but hears only where the house does."""
        return Worker(self, name, places, wrap, passage)

    @asynccontextmanager
    async def running(
        self, name: str = "worker-1", *, passage: Passage = undisturbed
    ) -> AsyncIterator[None]:
        """A worker runs beside what the test does meanwhile, and dies on the spot when that is done."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.worker(name, passage=passage).live)
            yield
            tasks.cancel_scope.cancel()

    async def settle(self, within_s: float = PATIENTLY_S) -> None:
        """Let a worker run until there is no work anywhere."""
        with anyio.fail_after(within_s):
            await self.worker().run(self.until_quiet)

    async def migrate(
        self, *targets: str, source: str = SOURCE, channel: str | None = "C1", **more: object
    ) -> RequestId:
        """Publish a request as `publish` does, and let a worker run until there is no work anywhere."""
        request = self.publish(*targets, source=source, channel=channel, **more)
        await self.settle()
        return request

    async def migrated(
        self, *targets: str, source: str = SOURCE, channel: str | None = "C1", **more: object
    ) -> RequestId:
        """The same for a request that has to end as done."""
        request = await self.migrate(*targets, source=source, channel=channel, **more)
        assert self.state(request) == "done"
        return request

    async def changes_nothing(self, *targets: str) -> None:
        """Publish a request for copies that are there already: it ends without a write."""
        did = list(self.github.did)
        await self.migrate(*targets)
        assert self.github.did == did

    async def until_quiet(self) -> None:
        """Until nothing is pending, parked or to come."""
        while not self.store.is_quiet:
            await self.store.until_changed()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until something is so, looked at whenever the store changes."""
        while not holds():
            await self.store.until_changed()

    def cohort(self, cohort: CohortId) -> CohortView:
        """How a cohort stands."""
        return self.store.cohort(cohort)

    def card(self, channel: str = "C1") -> str:
        """What the newest card of a channel reads."""
        found = [m for m in self.slack.messages.values() if m.channel == channel and m.blocks]
        return found[-1].text

    def hands(self) -> Hands:
        """What people do."""
        return self.world.hands

    def notes(self) -> list[str]:
        """What was noted of any migration, each once."""
        return list(dict.fromkeys(line["note"] for line in self.told("migration.noted")))

    def codes(self) -> list[str]:
        """Why deliveries were given up."""
        return [letter["code"] for letter in self.store.dead]

    def state(self, request: RequestId) -> str:
        """How a request stands."""
        return self.store.requests[request]["state"]


class Among:
    """`Surroundings` of one worker of a house.

    `wrap` may put something around each port outside of the store, `passage` something between the worker and its store.
    """

    def __init__(self, house: House, name: str, wrap: Wrap, passage: Passage) -> None:
        self.house, self.name = house, name
        self.clock: Clock = house.clock
        self.aside: Aside = house.aside
        self.dice: Callable[[], float] = dice
        self.nonce: Callable[[], str] = house.world.nonce
        self._wrap, self._client = wrap, house.client(passage)

    def client(self, purpose: str, *, connections: int = 1) -> Valkey:
        """See `Surroundings.client`; one is enough, since nobody waits for a socket here."""
        return self._client

    def github(self, scripts: Scripts) -> tuple[GitHub, Signing]:
        """See `Surroundings.github`."""
        return self._wrap("github", self.house.github), self._wrap("signing", TakenSigning())

    def slack(self) -> Slack:
        """See `Surroundings.slack`."""
        slack: Slack = self._wrap("slack", self.house.slack)
        return slack

    def ear(self, commands: Valkey) -> tuple[Ear, Callable[[], int]]:
        """See `Surroundings.ear`."""
        subscribed_ms = self.house.store.now_ms()
        ear = MemoryEar(self.house.channel, self.name)
        return self._wrap("ear", ear), lambda: subscribed_ms

    def outlook(self, commands: Valkey) -> Outlook:
        """See `Surroundings.outlook`."""
        return self.house.outlook

    def missed(self, telemetry: Telemetry, gaps: Callable[[], int]) -> MissedWatch | None:
        """See `Surroundings.missed`."""
        return None


class Worker:
    """One worker as the program assembles it, among the surroundings of a house."""

    def __init__(self, house: House, name: str, places: int, wrap: Wrap, passage: Passage) -> None:
        roles = frozenset(Role) if house.hears else MOST_ROLES
        among = Among(house, name, wrap, passage)
        self.parts = assemble(house.terms(places), roles, house.telemetry, among)
        self.holds = self.parts.holds
        self._worker = worker.Worker(self.parts)

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self.holds.draining

    async def run(self, until: Callable[[], Awaitable[None]]) -> None:
        """Run until something is so, then die on the spot."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._worker.run)
            await until()
            tasks.cancel_scope.cancel()

    async def live(self) -> None:
        """Run until it was told to stop and everything is handed over."""
        await self._worker.run()

    def drain(self) -> None:
        """Stop as SIGTERM stops it."""
        self._worker.stop("SIGTERM")


async def pass_time(seconds: float) -> None:
    """Let the virtual clock jump by so many seconds, once everybody waits; nothing sleeps."""
    with anyio.move_on_after(seconds):
        await anyio.Event().wait()


def dice() -> float:
    """Always the middle."""
    return 0.5
