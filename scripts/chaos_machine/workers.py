"""The worker processes: started as users start them, and done to what happens to containers."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio

from monarch.sandbox.program import start_program
from scripts.chaos_machine.record import Exit

LOOK_EVERY_S: Final = 0.02
GIVE_UP_S: Final = 60.0
"""After so long a worker that was asked to stop is killed, in seconds; the judge has its reason by then."""

DUMP_WITHIN_S: Final = 2.0
"""A worker that does not end has so long to write its stacks into its log, in seconds."""

THAW_S: Final = 3.0
"""A thawed worker finds out for so long that its connections are dead, in seconds."""

STARTED: Final = b"worker.started"
"""What a worker says once it is one; on a busy machine it loads its modules for many seconds before that."""

_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_STATE: Final = re.compile(r"^State:\s+(.+)", re.MULTILINE)


@dataclass
class Worker:
    """One place in the fleet and the process that fills it now.

    `state` is `up`, `frozen`, `ending` or `down`. A hand takes only a worker that is `up`, and says otherwise before it
    waits for anything: the state is what keeps two hands off one worker.
    """

    number: int
    environment: "Callable[[Worker], dict[str, str]]"
    logs: Path
    exits: list[Exit]
    entry: tuple[str, ...] = ("monarch", "run")
    """The module to run and its arguments."""
    ports: tuple[int, int] = (0, 0)
    """Where it shows its metrics and its health; 0: nowhere."""
    lives: int = 0
    state: str = "down"
    _started: int = 0
    _thawed_at: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The worker and which of its lives."""
        return f"worker-{self.number}.{self.lives}"

    @property
    def pid(self) -> int:
        """The process that fills the place, or did."""
        return self.process.pid if self.process else 0

    @property
    def has_started(self) -> bool:
        """Whether this life of it has got so far that it works; before that nobody can be handed anything."""
        if self._started < self.lives and STARTED in (self.logs / f"{self.name}.log").read_bytes():
            self._started = self.lives
        return 0 < self.lives == self._started

    @property
    def works(self) -> bool:
        """Whether it can be expected to take something over."""
        is_warm = time.time() - self._thawed_at > THAW_S
        return self.state == "up" and is_warm and self.has_started and self.has_life()

    def start(self) -> None:
        """Start a new life; it needs a while before it works."""
        self.lives += 1
        self._thawed_at = 0.0
        log = self.logs / f"{self.name}.log"
        self.process = start_program(self.entry, self.environment(self), log)
        self.state = "up"

    def kill(self) -> None:
        """SIGKILL."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.state = "down"

    def freeze(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)
        self.state = "frozen"

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self._thawed_at = time.time()
        self.state = "up"

    async def stop(self) -> None:
        """SIGTERM; returns when this life has ended, and writes down how long that took.

        One that does not end writes its stacks into its log and is killed. A life that somebody else has begun meanwhile
        is left alone: it was asked nothing.
        """
        process, name, had_started = self.process, self.name, self.has_started
        if process is None:
            return
        self.state = "ending"
        self._signal(signal.SIGTERM)
        began = time.monotonic()
        has_ended = await _ended(process, GIVE_UP_S)
        seconds = time.monotonic() - began
        state = _status_of(process.pid, _STATE)
        if not has_ended:
            await _dump(process)
        process.kill()
        code = process.wait()
        if not has_ended:
            self._say(name, f"did not end, its state was {state}; its stacks are above")
        if self.process is process:
            self.state = "down"
        self.exits.append(Exit(name, round(seconds, 2), code, had_started))

    def _say(self, name: str, what: str) -> None:
        """Put a line into the log of a life that is over; a living one would write over it, from where it was."""
        with (self.logs / f"{name}.log").open("a", encoding="utf-8") as log:
            log.write(f"chaos: {name} {what}\n")

    async def until_works(self, within_s: float) -> None:
        """As an orchestrator waits for the new one before it stops the next, but not for ever."""
        with anyio.move_on_after(within_s):
            while not self.works:  # noqa: ASYNC110 - a process tells nobody that it has got so far
                await anyio.sleep(LOOK_EVERY_S)

    def peak_mib(self) -> int:
        """The most memory that this life of it has had, in MiB; 0 where the system does not say."""
        found = _status_of(self.pid, _PEAK)
        return -(-int(found) // 1024) if found else 0

    def has_life(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)


async def _ended(process: "subprocess.Popen[bytes]", within_s: float) -> bool:
    """Wait until it has ended, but not for ever; whether it has."""
    with anyio.move_on_after(within_s):
        while process.poll() is None:  # noqa: ASYNC110 - an open process object would be waited for in a thread
            await anyio.sleep(LOOK_EVERY_S)
    return process.poll() is not None


async def _dump(process: "subprocess.Popen[bytes]") -> None:
    """Have it write the stacks of its threads and end, also where somebody has frozen it."""
    process.send_signal(signal.SIGABRT)
    process.send_signal(signal.SIGCONT)
    await _ended(process, DUMP_WITHIN_S)


def _status_of(pid: int, what: "re.Pattern[str]") -> str:
    """What the system says of a process; empty where it says nothing."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = what.search(status)
    return found[1] if found else ""
