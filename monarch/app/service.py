"""A worker as a process: logs, metrics, health and signals around it."""

import contextlib
import errno
import gc
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import anyio
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

import monarch
from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.app.assembly import Role, assembled
from monarch.app.doctor.valkey_checks import Status, check_server
from monarch.app.late_page import LatePage
from monarch.app.signals import stopped_by_signals
from monarch.app.wiring import ceilings_of, valkey_of
from monarch.app.worker import Worker
from monarch.ports import StoreError
from monarch.settings import ConfigurationError, Settings
from monarch.telemetry import Telemetry
from monarch.telemetry.logging import configure
from monarch.web.connections import MOST, READERS
from monarch.web.server import health_app, listening_on, metrics_app, serving

_DOUBT_EVERY_S = 5.0
"""Delay before asking a Valkey that did not answer again how it is set up, in seconds."""


class PortError(Exception):
    """A port is in use, or may not be listened on; the message says which settings to change."""


def run_worker(settings: Settings, roles: frozenset[Role]) -> None:
    """Work until a signal, then hand over and return.

    Raises:
        ConfigurationError: the host is not an address of this machine; before anything was started.
        PortError: likewise, for ports that cannot be listened on; it names all of them.
    """
    metrics, health = listeners_of(settings)
    log = log_of(settings)
    # `valkey` and `uvicorn` need asyncio; uvloop halves what a delivery costs.
    options = {"use_uvloop": sys.platform != "win32"}
    anyio.run(_work, settings, roles, log, metrics, health, backend_options=options)


async def _work(
    settings: Settings,
    roles: frozenset[Role],
    log: FilteringBoundLogger,
    metrics: socket.socket | None,
    health: socket.socket | None,
) -> None:
    telemetry = Telemetry(registry(), log)
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(assembled(settings, roles, telemetry))
        worker = Worker(parts)
        standing = await stack.enter_async_context(standing_of(settings))
        if metrics is not None:
            app = metrics_app(telemetry, standing.snapshot)
            await stack.enter_async_context(serving(app, metrics))
        if health is not None:
            page = LatePage(settings)
            app = health_app(telemetry, lambda: worker.is_ready, standing.snapshot, page)
            await _serve_page(stack, page, app, health)
        stack.enter_context(stopped_by_signals(worker.stop))
        version = monarch.__version__
        consumer, place = parts.consumer_name, _place_of(settings)
        telemetry.started(consumer=consumer, roles=names_of(roles), version=version, place=place)
        beside = await stack.enter_async_context(anyio.create_task_group())
        beside.start_soon(_doubt, standing, telemetry, bool(settings.valkey_sentinels))
        freeze_what_stays()
        await worker.run()
        telemetry.stopped()
        beside.cancel_scope.cancel()


async def _serve_page(
    stack: AsyncExitStack, page: LatePage, app: ASGIApp, health: socket.socket
) -> None:
    await stack.enter_async_context(page.opening())
    await stack.enter_async_context(serving(app, health, MOST + READERS))
    # Entered after its server, so that it ends before it: open streams do not hold the server up.
    await stack.enter_async_context(page.living())


def _place_of(settings: Settings) -> dict[str, object]:
    """Where this worker works: what to compare first when another worker does what this one should."""
    return {
        "valkey": settings.valkey_url_safe,
        "namespace": settings.namespace,
        "channel": settings.channel,
        "github": settings.github_api_url,
        "metrics_port": settings.metrics_port,
        "web_port": settings.web_port,
    }


def names_of(roles: Iterable[Role]) -> list[str]:
    """The roles as plain words: a console shows the members of an enumeration as Python writes them."""
    return [role.value for role in roles]


async def _doubt(standing: FleetReader, telemetry: Telemetry, watched: bool) -> None:  # noqa: FBT001  # of start_soon
    """Report once what the doctor would say of this Valkey; beside the work, since it may not answer yet."""
    while True:
        with contextlib.suppress(StoreError):  # the loops report that
            facts = await standing.server()
            break
        await anyio.sleep(_DOUBT_EVERY_S)
    for check in check_server(facts, watched=watched, whose="this worker's"):
        if check.status is not Status.OK:
            telemetry.server_doubted(what=check.name, found=check.detail, advice=check.advice)


def freeze_what_stays() -> None:
    """Take what is there now out of the garbage collector's rounds: it lives as long as the process.

    Modules, classes and clients are most of a worker's objects, and looking through them in the middle of a delivery
    costs it milliseconds (measured by `scripts/bench pipeline`: a fifth of the throughput, a third of the p99).
    """
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def standing_of(settings: Settings) -> AsyncIterator[FleetReader]:
    """What scrapes and health checks read, over connections of their own, so that they hold up no work."""
    ceilings = ceilings_of(settings)
    # Prometheus and an orchestrator may ask at the same moment.
    async with connected(valkey_of(settings), "watch", connections=4) as client:
        yield FleetReader(client, Keys(settings.namespace), settings.channel, ceilings)


def registry() -> CollectorRegistry:
    """What a process counts of itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def listeners_of(
    settings: Settings, otherwise: str = "; a worker can do without, with 0"
) -> list[socket.socket | None]:
    """The sockets for metrics and health, `None` for one that is switched off.

    `otherwise` is what else helps where a port is taken, besides another port.
    """
    wanted = {
        "MONARCH_METRICS_PORT": settings.metrics_port,
        "MONARCH_WEB_PORT": settings.web_port,
    }
    listeners: list[socket.socket | None] = []
    busy: list[str] = []
    for variable, port in wanted.items():
        try:
            listeners.append(listening_on(settings.web_host, port) if port else None)
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno in _NOT_THIS_HOST:
                raise ConfigurationError([_wrong_host(settings.web_host, error)]) from None
            busy.append(f"port {port} ({error.strerror or error}; {variable})")
    if busy:
        for listener in filter(None, listeners):
            listener.close()
        raise PortError(
            f"cannot listen on {settings.web_host}, {' and '.join(busy)}. If another worker of yours has it, set the"
            f" variable to another port for this one{otherwise}."
        )
    return listeners


_NOT_THIS_HOST: Final = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}


def _wrong_host(host: str, error: OSError) -> str:
    return (
        f"MONARCH_WEB_HOST: expected an IP address of this machine to listen on, or localhost; got {host!r}"
        f" ({error.strerror or error}). Correct it, or leave it empty for the default, 127.0.0.1."
    )


def log_of(settings: Settings) -> FilteringBoundLogger:
    """The log of a process; `auto` writes for people on a terminal, and for machines anywhere else."""
    chosen = settings.log_format
    for_people = chosen == "console" or (chosen == "auto" and sys.stderr.isatty())
    known = settings.secrets()
    return configure("console" if for_people else "json", settings.log_level.lower(), known)
