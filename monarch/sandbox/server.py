"""The stand-in on a socket: ``python -m monarch.sandbox.server --port 0``.

Listens on the loopback interface only and prints one JSON line ``{"base_url": …}`` on standard
output once it does (having written the same line to ``--port-file``, if given). Ends on SIGTERM and
SIGINT; with ``--with-parent`` also when standard input closes, which shows that the process that
started it has died, for any reason.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from monarch.sandbox.control.api import control_app
from monarch.sandbox.stage import Stage
from monarch.sandbox.transport import OpenHandedProtocol

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from monarch.sandbox.http import Clock

HOST = "127.0.0.1"
STOP_WITHIN_S = 2
TICK_S = 0.1
"""uvicorn's own pace; it renews the ``Date`` header every ten ticks."""


def build_app(stage: Stage | None = None, clock: Clock = time.time) -> Starlette:
    """Build the whole stand-in: GitHub, Slack and the control API below one base."""
    stage = stage or Stage(clock)

    async def github(scope: Scope, receive: Receive, send: Send) -> None:
        await stage.github(scope, receive, send)

    async def slack(scope: Scope, receive: Receive, send: Send) -> None:
        await stage.slack(scope, receive, send)

    return Starlette(
        routes=[
            Mount("/_sandbox", control_app(stage)),
            Mount("/github", github),
            Mount("/slack/api", slack),
        ]
    )


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers; tells the stage when it begins to stop."""

    def __init__(self, app: ASGIApp, stage: Stage) -> None:
        """Serve an application whose held calls belong to a stage."""
        config = uvicorn.Config(
            app,
            http=OpenHandedProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        super().__init__(config)
        self._stage = stage
        self._told_to_stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the code that runs the server."""
        yield

    async def main_loop(self) -> None:
        """Do uvicorn's chores ten times a second, and end at once when asked to."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told_to_stop.wait(), TICK_S)

    def stop(self) -> None:
        """Release everything that is held, and end."""
        self._stage.gates.end()
        self._stage.bell.ring()
        self.should_exit = True
        self._told_to_stop.set()


async def serve(port: int = 0, *, port_file: Path | None = None, with_parent: bool = False) -> None:
    """Serve until told to stop."""
    stage = Stage(time.time)
    server = QuietServer(build_app(stage), stage)
    listener = listen(port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), _on_input, server)
    _announce(base_url_of(listener), port_file)
    await server.serve(sockets=[listener])


def listen(port: int = 0) -> socket.socket:
    """Open a listening socket on the loopback interface; port 0 takes a free one."""
    # With the protocol named, asyncio switches Nagle's algorithm off; it would cost 40 ms a reply.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(512)
    listener.setblocking(False)
    return listener


def base_url_of(listener: socket.socket) -> str:
    """Return the stand-in's address, without a final slash."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _on_input(server: QuietServer) -> None:
    """Read and discard; an empty read means that the other end is closed."""
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        server.stop()


def _announce(base_url: str, port_file: Path | None) -> None:
    line = json.dumps({"base_url": base_url}) + "\n"
    if port_file is not None:
        # Written beside and moved, so that no reader sees half a line.
        unfinished = port_file.with_suffix(".unfinished")
        unfinished.write_text(line, encoding="utf-8")
        unfinished.replace(port_file)
    sys.stdout.write(line)
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Run the stand-in as a process."""
    parser = argparse.ArgumentParser(prog="monarch.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the ready line as well")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin closes")
    chosen = parser.parse_args(arguments)
    asyncio.run(serve(chosen.port, port_file=chosen.port_file, with_parent=chosen.with_parent))


if __name__ == "__main__":
    main()
