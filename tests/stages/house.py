"""A whole installation in memory, and workers in it.

Use: `house = House()`, `house.github.add(…)`, `house.publish("org/team-a")`, `await house.settle()`, then look at
`house.github`, `house.slack`, `house.store` and `house.events`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry
from structlog.testing import CapturingLogger, LogCapture

from monarch.adapters.valkey.seen import Seen
from monarch.core.budget.ceilings import Ceilings
from monarch.core.copy.style import Style
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.request.message import Rules
from monarch.core.verdict import Policy
from monarch.ports import Budget, Ledger, Logins, Plans, Requests, StoreError, Streams
from monarch.stages.aside import Aside, on_the_loop
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
from tests.contracts.doubles.clock import VirtualClock
from tests.contracts.doubles.ear import MemoryChannel, MemoryEar
from tests.contracts.doubles.github import FakeGitHub
from tests.contracts.doubles.inbox import MemoryInbox
from tests.contracts.doubles.ledger import MemoryBudget, MemoryLedger
from tests.contracts.doubles.logins import MemoryLogins
from tests.contracts.doubles.outlook import MemoryOutlook
from tests.contracts.doubles.refusals import MemoryRefusals, TakenSigning
from tests.contracts.doubles.requests import MemoryPlans, MemoryRequests
from tests.contracts.doubles.slack import FakeSlack
from tests.contracts.doubles.store import MemoryStore
from tests.contracts.doubles.streams import MemoryStreams
from tests.contracts.worlds import NO_CEILINGS, a_message

LEASE_S = 20.0
SOURCE, TEAM_A, TEAM_B = "org/template", "org/team-a", "org/team-b"
PATIENTLY_S = 24 * 3600.0
WRITE_GRACE_S, SETTLE_GRACE_S, RETIRE_WITHIN_S = 7.0, 1.5, 0.5
"""The graces of `app.worker`, which a test holds equal to these."""

Wrap = Callable[[str, Any], Any]


def unwrapped(_name: str, port: Any) -> Any:
    """Every port as it is."""
    return port


@dataclass(frozen=True, slots=True)
class StorePorts:
    """What one worker sees of the store."""

    streams: Streams
    logins: Logins
    ledger: Ledger
    budget: Budget
    plans: Plans
    requests: Requests


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
        self.store = MemoryStore()
        self.outlook = MemoryOutlook()
        self.github = FakeGitHub()
        self.slack = FakeSlack()
        self.channel = MemoryChannel()
        self.hears = hears
        self.clock = VirtualClock()
        self.policy = policy or Policy()
        self.ceilings = ceilings
        self.style = Style()
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

    def publish(self, *targets: str, source: str = SOURCE, channel: str | None = "C1") -> RequestId:
        """A request is appended."""
        return self.store.append_request(a_message(*targets, source=source, channel=channel))

    def ports(self, name: str) -> StorePorts:
        """The store, as the worker of this name sees it."""
        seen = Seen()
        return StorePorts(
            MemoryStreams(self.store, name, seen, lease_s=LEASE_S),
            MemoryLogins(self.store),
            MemoryLedger(self.store, self.ceilings, seen=seen, lease_s=LEASE_S),
            MemoryBudget(self.store),
            MemoryPlans(self.store),
            MemoryRequests(self.store),
        )

    def worker(
        self, name: str = "worker-1", *, places: int = 4, wrap: Wrap = unwrapped
    ) -> "Worker":
        """A process that does everything but hear."""
        return Worker(self, name, places, wrap)

    async def settle(self, within_s: float = PATIENTLY_S) -> None:
        """Let a worker run until there is no work anywhere."""
        with anyio.fail_after(within_s):
            await self.worker().run(self.until_quiet)

    async def until_quiet(self) -> None:
        """Until nothing is pending, parked or to come."""
        while not self.store.is_quiet:
            await self.store.until_changed()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until something is so, looked at whenever the store changes."""
        while not holds():
            await self.store.until_changed()

    def notes(self) -> list[str]:
        """What was noted of any migration, each once."""
        return list(dict.fromkeys(line["note"] for line in self.told("migration.noted")))

    def state(self, request: RequestId) -> str:
        """How a request stands."""
        return self.store.requests[request]["state"]


class Worker:
    """One worker, assembled as the program assembles it; `wrap` may put something around each port."""

    def __init__(self, house: House, name: str, places: int, wrap: Wrap) -> None:
        self.house = house
        clock, telemetry, ports = house.clock, house.telemetry, house.ports(name)
        self.streams = wrap("streams", ports.streams)
        self.holds = Holds(self.streams, telemetry, clock, lease_s=LEASE_S)
        github, slack = wrap("github", house.github), wrap("slack", house.slack)
        budget = wrap("budget", ports.budget)
        ledger = wrap("ledger", ports.ledger)
        logins = wrap("logins", ports.logins)
        tools = Tools(
            github,
            logins,
            ledger,
            budget,
            telemetry,
            clock,
            dice,
            house.policy,
            house.style,
            house.aside,
        )
        requests = wrap("requests", ports.requests)
        handlers: dict[Stream, Handler] = {
            Stream.REQUESTS: Planner(github, budget, telemetry, house.rules, house.policy, dice),
            Stream.MIGRATIONS: Migrator(tools, wrap("plans", ports.plans), house.rules),
            Stream.NOTICES: Notifier(
                slack,
                requests,
                house.outlook,
                telemetry,
                clock,
                house.policy,
                dice,
                "https://github.com",
            ),
        }
        pause = Pause()
        self.consumers = [
            Consumer(
                stream,
                handler,
                self.streams,
                self.holds,
                telemetry,
                clock,
                dice,
                house.policy,
                places=places,
                pause=None if stream is Stream.NOTICES else pause,
            )
            for stream, handler in handlers.items()
        ]
        self.reclaimer = Reclaimer(
            self.streams, self.consumers, telemetry, clock, dice, pause=pause
        )
        self.intake = self._intake(name, wrap) if house.hears else None
        self.signature = self._signature(wrap) if house.hears else None
        self.draining = anyio.Event()

    def _intake(self, name: str, wrap: Wrap) -> Intake:
        house = self.house
        ear = wrap("ear", MemoryEar(house.channel, name))
        inbox = wrap("inbox", MemoryInbox(house.store, name, house.store.now_ms()))
        return Intake(ear, inbox, house.telemetry, house.clock, dice)

    def _signature(self, wrap: Wrap) -> SignatureWatch:
        signing, refusals = wrap("signing", TakenSigning()), wrap("refusals", MemoryRefusals())
        return SignatureWatch(signing, refusals, self.house.telemetry)

    async def run(self, until: Callable[[], Awaitable[None]]) -> None:
        """Run until something is so, then die on the spot."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.holds.renew_forever)
            for consumer in self.consumers:
                tasks.start_soon(consumer.run, tasks)
            tasks.start_soon(self.reclaimer.run, tasks, self.draining)
            await until()
            tasks.cancel_scope.cancel()

    async def live(self) -> None:
        """Run until it was told to stop and everything is handed over, in the order that `app.worker` keeps."""
        async with anyio.create_task_group() as beside:
            beside.start_soon(self.holds.renew_forever)
            async with anyio.create_task_group() as tasks:
                beside.start_soon(self._end_grace, tasks)
                for consumer in self.consumers:
                    tasks.start_soon(consumer.run, tasks)
                tasks.start_soon(self.reclaimer.run, tasks, self.draining)
                if self.intake is not None:
                    tasks.start_soon(self.intake.run, self.draining)
                if self.signature is not None:
                    tasks.start_soon(self.signature.run, self.draining)
            with anyio.move_on_after(RETIRE_WITHIN_S):
                try:
                    await self.streams.retire()
                except StoreError as error:
                    self.house.telemetry.store_trouble(where="retiring", error=str(error))
            beside.cancel_scope.cancel()

    async def _end_grace(self, tasks: TaskGroup) -> None:
        await self.draining.wait()
        await anyio.sleep(WRITE_GRACE_S)
        self.holds.give_up()
        await anyio.sleep(SETTLE_GRACE_S)
        tasks.cancel_scope.cancel()

    def drain(self) -> None:
        """Stop as SIGTERM stops it."""
        self.draining.set()
        self.holds.drain()


async def pass_time(seconds: float) -> None:
    """Let the virtual clock jump by so many seconds, once everybody waits; nothing sleeps."""
    with anyio.move_on_after(seconds):
        await anyio.Event().wait()


def dice() -> float:
    """Always the middle."""
    return 0.5
