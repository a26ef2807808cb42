"""Two small HTTP servers inside of a worker's event loop: one for metrics, one for health.

They answer from the very loop that they report on: a worker whose loop is blocked does not answer, and a probe that times
out shows that. (Its lease ends meanwhile, another worker goes on, and when it wakes up it writes nothing more.)

They install no signal handlers, write no access log and do nothing without a request: an idle server
costs no wake-up. A scrape asks Valkey for the state of the fleet; if it does not answer in time the counters
are still shown.
"""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import anyio
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import Server

from monarch.ports import StoreError
from monarch.telemetry import Snapshot, Telemetry
from monarch.telemetry.obstacles import Obstacle, obstacles, unreached
from monarch.web.connections import MOST, bounded
from monarch.web.door.methods import looked_at
from monarch.web.pages import Answer, Vitals, health, ready

ASK_WITHIN_S: Final = 2.0
"""How long Valkey may take to answer before it counts as away, in seconds."""

BACKLOG: Final = MOST
"""How many connections the system may have accepted for us: they are files of ours before we see them."""

STOP_WITHIN_S: Final = 1
"""How long an answer under way may still take once the server is to stop, in whole seconds."""


def metrics_app(telemetry: Telemetry, snapshot: Callable[[], Awaitable[Snapshot]]) -> Starlette:
    """`/metrics`; `snapshot` is called at each scrape."""

    async def metrics(_: Request) -> Response:
        telemetry.unobserved()
        with anyio.move_on_after(ASK_WITHIN_S):
            try:
                telemetry.observe(await snapshot())
            except StoreError as error:
                telemetry.store_trouble(where="scraping", error=error)
        return Response(generate_latest(telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[looked_at("/metrics", metrics)], exception_handlers={404: _elsewhere})


async def _elsewhere(_: Request, __: Exception) -> Response:
    what = "Here is /metrics only; the page, /health and /ready are on MONARCH_WEB_PORT.\n"
    return PlainTextResponse(what, 404, {"Cache-Control": "no-store"})


def health_app(
    telemetry: Telemetry,
    is_ready: Callable[[], bool],
    snapshot: Callable[[], Awaitable[Snapshot]],
    page: ASGIApp | None = None,
) -> Starlette:
    """`/health` and `/ready`, and the page at every other address.

    The page's guard (sign-in, known hosts) does not apply to these two.

    Args:
        telemetry: its pulse is what the answers report.
        is_ready: whether the worker takes in work.
        snapshot: the state of the fleet; raises `StoreError` if Valkey is away.
        page: without it every other address is unknown.
    """

    async def health_page(_: Request) -> Response:
        return _json(health(_vitals(telemetry, await _seen(snapshot))))

    async def ready_page(_: Request) -> Response:
        return _json(ready(is_ready=is_ready()))

    return Starlette(
        routes=[
            looked_at("/health", health_page),
            looked_at("/ready", ready_page),
            *([] if page is None else [Mount("/", page)]),
        ]
    )


def _vitals(telemetry: Telemetry, seen: Snapshot | StoreError) -> Vitals:
    pulse = telemetry.pulse
    return Vitals(
        isinstance(seen, Snapshot),
        pulse.uptime_s(),
        pulse.message_age_s(),
        pulse.loop_ages_s(),
        obstacles(seen) if isinstance(seen, Snapshot) else (_unreached(seen),),
    )


def _unreached(error: StoreError) -> Obstacle:
    return unreached(f"{error.headline}: {error}", error.remedy)


async def _seen(snapshot: Callable[[], Awaitable[Snapshot]]) -> Snapshot | StoreError:
    """The state of the fleet; or why Valkey gives none in time."""
    with anyio.move_on_after(ASK_WITHIN_S):
        try:
            return await snapshot()
        except StoreError as error:
            return error
    return StoreError(f"no answer within {ASK_WITHIN_S:g} s")


def _json(answer: Answer) -> Response:
    status, document = answer
    return JSONResponse(document, status_code=status, headers={"Cache-Control": "no-store"})


# -------------------------------------------------------------------------------------------- serving


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket, most: int = MOST) -> AsyncIterator[int]:
    """Serve `app` on `listener` for the length of a `with` block, and give its port; `most` connections at once."""
    server = _Server(_config(app, most))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve_shielded, listener)
        await server.listening.wait()
        try:
            yield listener.getsockname()[1]
        finally:
            server.stop_requested.set()


def listening_on(host: str, port: int) -> socket.socket:
    """Bind a socket and listen on it; port 0 takes a free one. Not left to uvicorn, which ends the process if it fails.

    It listens at once: until then another process may bind the same port and listen first, and uvloop, which listens
    again when it serves, does not report that this failed. Who connects meanwhile waits.

    Raises:
        OSError: the address cannot be listened on, such as when it is in use.
    """
    (family, *_, address), *_ = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp, most: int) -> Config:
    return Config(
        app,
        http=bounded(most),
        backlog=BACKLOG,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Otherwise uvicorn takes the peer's address from the X-Forwarded-For of any client on this machine. Then a visitor
        # of an untrusted proxy here could pose as a trusted one.
        proxy_headers=False,
        # A timer renews its value, ten times a second.
        date_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )


class _Server(Server):
    """uvicorn as a part of a program: the program handles signals, and decides when to end."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.listening = anyio.Event()
        self.stop_requested = anyio.Event()

    async def serve_shielded(self, listener: socket.socket) -> None:
        """Serve until asked to stop; cancellation counts as such a request, so the end is always orderly."""
        with anyio.CancelScope(shield=True):
            await self.serve(sockets=[listener])

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the program."""
        yield

    async def main_loop(self) -> None:
        """Wait for the end, without uvicorn's ten chores a second."""
        self.listening.set()
        await self.stop_requested.wait()
        self.should_exit = True
