"""The worker processes: started as users start them, and done to what happens to containers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio

from monarch.sandbox.valkey import _dying_with_parent
from scripts.chaos_machine.record import Exit

ROOT: Final = Path(__file__).resolve().parents[2]
LOOK_EVERY_S: Final = 0.02
GIVE_UP_S: Final = 60.0
"""After so long a worker that was asked to stop is killed, in seconds; the judge has its reason by then."""

_INHERITED: Final = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH")


@dataclass
class Worker:
    """One place in the fleet and the process that fills it now.

    `state` is `up`, `frozen`, `ending` or `down`; `since` when it became so, in seconds since 1970.
    """

    number: int
    environment: Callable[[], dict[str, str]]
    logs: Path
    exits: list[Exit]
    lives: int = 0
    state: str = "down"
    since: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The worker and which of its lives."""
        return f"worker-{self.number}.{self.lives}"

    @property
    def pid(self) -> int:
        """The process that fills the place, or did."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        """Start a new life; it needs a second before it works."""
        self.lives += 1
        with (self.logs / f"{self.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monarch", "run"],
                env={**_inherited(), **self.environment(), "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.logs,
                start_new_session=True,
                preexec_fn=_dying_with_parent(),  # noqa: PLW1509 - calls one prepared C function
            )
        self._become("up")

    def kill(self) -> None:
        """SIGKILL."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self._become("down")

    def freeze(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)
        self._become("frozen")

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self._become("up")

    async def stop(self) -> None:
        """SIGTERM; returns when it has ended, and writes down how long that took."""
        began = time.monotonic()
        self._become("ending")
        had_started = b"worker.started" in (self.logs / f"{self.name}.log").read_bytes()
        self._signal(signal.SIGTERM)
        while (  # noqa: ASYNC110 - an open process object would be waited for in a thread
            self.has_life() and time.monotonic() - began < GIVE_UP_S
        ):
            await anyio.sleep(LOOK_EVERY_S)
        seconds = time.monotonic() - began
        name = self.name
        self.kill()
        code = self.process.returncode if self.process else 0
        self.exits.append(Exit(name, round(seconds, 2), code, had_started))

    def has_life(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def _become(self, state: str) -> None:
        self.state, self.since = state, time.time()


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}
