"""The page as a program of its own, for a host without a worker: with `/health` and `/ready`, without metrics."""

import socket
import sys
from contextlib import AsyncExitStack

import anyio
from structlog.typing import FilteringBoundLogger

import monarch
from monarch.app.page import page_of
from monarch.app.service import listeners_of, log_of, registry, standing_of
from monarch.app.signals import stopped_by_signals
from monarch.settings import ConfigurationError, Settings
from monarch.telemetry import Telemetry
from monarch.web.connections import MOST, READERS
from monarch.web.server import health_app, serving


def run_site(settings: Settings) -> None:
    """Serve the page until a signal.

    Raises:
        ConfigurationError: the page is switched off, or the host is not an address of this machine.
        PortError: the port cannot be listened on.
    """
    if not settings.web_port:
        raise ConfigurationError(
            ["MONARCH_WEB_PORT: expected a port, 1 to 65535, for `monarch web`; got 0. Correct it."]
        )
    _, listener = listeners_of(settings.model_copy(update={"metrics_port": 0}), otherwise="")
    if listener is not None:
        options = {"use_uvloop": sys.platform != "win32"}
        anyio.run(_serve, settings, log_of(settings), listener, backend_options=options)


async def _serve(settings: Settings, log: FilteringBoundLogger, listener: socket.socket) -> None:
    telemetry = Telemetry(registry(), log)
    stopped = anyio.Event()

    def stop(reason: str) -> None:
        log.info("page.stopping", reason=reason)
        stopped.set()

    async with AsyncExitStack() as stack:
        stack.enter_context(stopped_by_signals(stop))
        standing = await stack.enter_async_context(standing_of(settings))
        served = await stack.enter_async_context(page_of(settings))
        app = health_app(telemetry, lambda: True, standing.snapshot, served.app)
        port = await stack.enter_async_context(serving(app, listener, MOST + READERS))
        await stack.enter_async_context(served.page.living())
        log.info("page.served", address=f"{settings.web_host}:{port}", version=monarch.__version__)
        await stopped.wait()
