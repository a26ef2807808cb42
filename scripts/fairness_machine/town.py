"""An installation in one process on a virtual clock: workers, a Valkey in memory, and the sandbox's GitHub without a network."""

import itertools
from collections.abc import Callable
from typing import Final

import anyio
import httpx
import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from valkey.asyncio import Valkey

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.slack import NoSlack
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.meter import ValkeyMeter
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import make_group
from monarch.app.assembly import Role, assemble
from monarch.app.surroundings import terms_of
from monarch.app.wiring import ceilings_of
from monarch.app.worker import Worker
from monarch.core.budget.forecast import Forecast
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, migration_id
from monarch.ports import Clock, Ear, GitHub, Outlook, Signing, Slack
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.server import build_app
from monarch.settings import Settings
from monarch.stages.missed.watch import MissedWatch
from monarch.stages.support.aside import Aside, on_the_loop
from monarch.telemetry import Telemetry
from scripts.memory.client import MemoryClient
from scripts.memory.clock import LoopTime
from scripts.memory.server import Server

ADDRESS: Final = "http://sandbox"
ROLES: Final = frozenset(Role) - {Role.INTAKE}
SETTINGS: Final = Settings(gh_pat=SecretStr("ghp_monarch"))
"""As they are by default."""

GITHUB: Final = {"latency_seconds": 0.2, "content_per_minute": 80, "content_per_hour": 500}
"""A call takes so long, and the limits are those that GitHub documents."""


class Town:
    """One installation. Seed it, send requests, and wait for what becomes of them."""

    def __init__(self) -> None:
        self.time = LoopTime()
        self.server = Server(self.time.now_ms)
        self.keys = Keys(SETTINGS.namespace)
        self.client: Valkey = MemoryClient(self.server)
        self.network = httpx.ASGITransport(build_app(clock=lambda: self.time.now_ms() / 1000))
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        self.telemetry = Telemetry(CollectorRegistry(), log.bind(), lambda: 0.0)
        self.nonces = itertools.count()

    async def open(self, seed: Seed) -> None:
        """Plant what GitHub has, and make the streams."""
        async with httpx.AsyncClient(transport=self.network, base_url=ADDRESS) as http:
            for path, wish in (("seed", seed.model_dump(mode="json")), ("settings", GITHUB)):
                (await http.post(f"/_sandbox/{path}", json=wish)).raise_for_status()
        await Scripts(self.client, self.keys.prefix).call("open_epoch", [self.keys.epoch])
        for stream in Stream:
            await make_group(self.client, self.keys.stream(stream))

    def worker(self, name: str) -> Worker:
        """A worker that does everything but listen."""
        return Worker(assemble(terms_of(SETTINGS), ROLES, self.telemetry, _Among(self, name)))

    async def send(self, message: bytes) -> RequestId:
        """Append a request, as any producer may."""
        entry = await self.client.xadd(self.keys.stream(Stream.REQUESTS), {"payload": message})
        return RequestId(entry.decode())

    def state(self, request: RequestId) -> str:
        """How a request stands; `""` before it was planned."""
        return self._field(self.keys.request(request), "state")

    def copied(self, request: RequestId, target: str) -> int:
        """How many copies a request has made in a target."""
        migration = migration_id(request, target)
        return int(self._field(self.keys.migration(migration), "copied") or 0)

    def _field(self, key: str, name: str) -> str:
        value: bytes | None = self.server.do(b"HGET", [key.encode(), name.encode()])
        return "" if value is None else value.decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until something is so, looked at with each change."""
        while not holds():
            await self.server.until_changed()


class _Among:
    """`Surroundings` of one worker of a town."""

    def __init__(self, town: Town, name: str) -> None:
        self._town, self.name = town, name
        self.clock: Clock = _Clock(town.time)
        self.aside: Aside = on_the_loop
        self.dice: Callable[[], float] = lambda: 0.5
        self.nonce: Callable[[], str] = lambda: f"nonce-{next(town.nonces)}"

    def client(self, purpose: str, *, connections: int = 1) -> Valkey:  # noqa: ARG002 - the port's
        """See `Surroundings.client`; one is enough, since nobody waits for a socket here."""
        return self._town.client

    def github(self, scripts: Scripts) -> tuple[GitHub, Signing]:
        """See `Surroundings.github`."""
        meter = ValkeyMeter(scripts, self._town.keys, ceilings_of(SETTINGS))
        github = HttpGitHub(
            "ghp_monarch",
            f"{ADDRESS}/github",
            meter=meter,
            clock=self.clock,
            dice=self.dice,
            transport=self._town.network,
        )
        return github, github

    def slack(self) -> Slack:
        """See `Surroundings.slack`; nobody is told."""
        return NoSlack()

    def ear(self, commands: Valkey) -> tuple[Ear, Callable[[], int]]:
        """See `Surroundings.ear`."""
        raise NotImplementedError("no worker of a town listens")

    def outlook(self, commands: Valkey) -> Outlook:  # noqa: ARG002 - the port's
        """See `Surroundings.outlook`."""
        return _NoOutlook()

    def missed(self, telemetry: Telemetry, gaps: Callable[[], int]) -> MissedWatch | None:  # noqa: ARG002 - the port's
        """See `Surroundings.missed`."""
        return None


class _Clock:
    """`ports.Clock` on the event loop's time."""

    def __init__(self, time: LoopTime) -> None:
        self._time = time

    def now(self) -> float:
        """See `ports.Clock`."""
        return anyio.current_time()

    def wall_ms(self) -> int:
        """See `ports.Clock`."""
        return self._time.now_ms()


class _NoOutlook:
    """`ports.Outlook` that foretells nothing."""

    async def forecast(self, request: RequestId) -> Forecast | None:  # noqa: ARG002 - the port's
        """See `ports.Outlook`."""
        return None
