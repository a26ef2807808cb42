"""The fleet of the demo: a Valkey, the stand-in, two workers. All of them end with the demo."""

import json
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
from valkey import Valkey

from monarch.cli.demo.example_world import GITHUB_TOKEN, SLACK_TOKEN, message, seed
from monarch.sandbox import fleet as fleets
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.program import surroundings
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import Settings

LEASE_S: Final = 15
"""The shortest lease that Monarch accepts, so that the wait for a dead worker is bearable."""

DEFAULT_LEASE_S: Final = Settings().lease_seconds
"""What workers have elsewhere, as the README says."""

SETTINGS: Final = {
    "GH_PAT": GITHUB_TOKEN,
    "SLACK_BOT_TOKEN": SLACK_TOKEN,
    "MONARCH_LEASE_SECONDS": str(LEASE_S),
    # Two at a time, so that both workers have something to do.
    "MONARCH_CONCURRENCY": "2",
    "MONARCH_WRITES_AT_ONCE": "2",
    # Faster than GitHub would accept, and slow enough to watch.
    "MONARCH_WRITE_INTERVAL_SECONDS": "0.1",
    "MONARCH_WRITES_PER_MINUTE": "0",
}

START_WITHIN_S: Final = 30.0
TOLD_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 12.0
LOOK_EVERY_S: Final = 0.05


Condition = Callable[[], bool | Awaitable[bool]]


class DemoError(Exception):
    """The demo cannot go on, or its result is wrong; the message says what was expected and what came."""


@dataclass
class Fleet(fleets.Fleet):
    """What the demo works with; a worker's number counts from 1."""

    settings: Mapping[str, str] = field(default_factory=lambda: surroundings(SETTINGS))

    async def start_workers(self, count: int) -> None:
        """Start workers and return once all of them hear the channel."""
        for _ in range(count):
            self.spawn()
        await self.until(
            lambda: self.subscribed() >= len(self.workers),
            START_WITHIN_S,
            "the workers were not ready",
        )

    def check_workers(self) -> None:
        """Raise if a worker has failed; one that was killed has not."""
        for number, worker in enumerate(self.workers, start=1):
            if worker.poll() not in {None, 0, -signal.SIGKILL}:
                raise DemoError(f"worker {number} ended with {worker.returncode}\n{self._logs()}")

    def publish_for(self, teams: tuple[str, ...]) -> int:
        """Publish a message about these teams; returns how many workers heard it."""
        return self.publish(message(teams))

    def holder(self, team: str) -> int | None:
        """The number of the worker that has a team's repository in hand."""
        worker = self.at_work_on(team)
        return None if worker is None else self.workers.index(worker) + 1

    async def until_told(self) -> None:
        """Wait until everything has been posted to Slack."""
        await self.until(self.is_idle, TOLD_WITHIN_S, "Slack did not get the message")

    async def until(self, condition: Condition, within_s: float, complaint: str) -> None:
        """Wait for a condition; if it does not come, raise the complaint with the workers' last log lines."""
        with anyio.move_on_after(within_s):
            while True:
                found = condition()
                if found if isinstance(found, bool) else await found:
                    return
                self.check_workers()
                await anyio.sleep(LOOK_EVERY_S)
        raise DemoError(f"{complaint} within {within_s:g} s\n{self._logs()}")

    def kill(self, number: int) -> None:
        """End a worker as a power cut would."""
        self.workers[number - 1].kill()
        self.workers[number - 1].wait()

    async def stop_workers(self) -> None:
        """Ask live workers to stop, as a deployment does, and wait until they have."""
        living = [worker for worker in self.workers if worker.poll() is None]
        for worker in living:
            worker.terminate()
        await self.until(
            lambda: all(worker.poll() is not None for worker in living),
            STOP_WITHIN_S,
            "the workers did not stop",
        )

    def _logs(self) -> str:
        """The last log lines of the workers."""
        logs = [(number, self.log_of(one)) for number, one in enumerate(self.workers, start=1)]
        return "\n".join(f"--- worker {number}\n{_tail(log)}" for number, log in logs)


def _tail(log: str) -> str:
    return "\n".join(map(_readable, log.splitlines()[-5:]))


def _readable(line: str) -> str:
    try:
        event = json.loads(line)
    except ValueError:
        return line
    return " ".join(f"{name}={value}" for name, value in event.items())


@asynccontextmanager
async def fleet() -> AsyncIterator[Fleet]:
    """Valkey and the stand-in, seeded; no workers yet."""
    with tempfile.TemporaryDirectory(prefix="monarch-demo-") as folder:
        logs = Path(folder)
        with EmbeddedValkey(logs / "valkey") as server:
            async with running_sandbox() as sandbox:
                await sandbox.seed(seed())
                built = Fleet(server, sandbox, Valkey.from_url(server.url, socket_timeout=10), logs)
                try:
                    yield built
                finally:
                    built.end()
