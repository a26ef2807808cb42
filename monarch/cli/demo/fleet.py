"""The processes of the demo: a Valkey, the stand-in, two workers. All of them end with the demo."""

import json
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
from valkey.asyncio import Valkey

from monarch.cli.demo.example_world import CHANNEL, GITHUB_TOKEN, SLACK_TOKEN, message, seed
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.program import start_program
from monarch.sandbox.valkey import EmbeddedValkey

LEASE_S: Final = 15
"""The shortest lease that Monarch accepts, so that the wait for a dead worker is bearable."""

START_WITHIN_S: Final = 30.0
TOLD_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 12.0
LOOK_EVERY_S: Final = 0.05


Condition = Callable[[], Awaitable[bool]]


class DemoError(Exception):
    """The demo cannot go on, or its result is wrong; the message says what was expected and what came."""


@dataclass
class Fleet:
    """What the demo works with. `target_ids` are GitHub's ids of the repositories, by name."""

    server: EmbeddedValkey
    sandbox: SandboxClient
    client: Any
    """A Valkey client; the library's types are too vague to be of use."""
    logs: Path
    target_ids: Mapping[str, int]
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    async def start_workers(self, count: int) -> None:
        """Start workers and return once all of them hear the channel."""
        self.workers += [self._spawn(len(self.workers) + n) for n in range(1, count + 1)]

        async def all_hear() -> bool:
            heard = await self.client.pubsub_numsub(CHANNEL)
            return int(heard[0][1]) >= len(self.workers)

        await self.until(all_hear, START_WITHIN_S, "the workers were not ready")

    def check_workers(self) -> None:
        """Raise if a worker has failed; one that was killed has not."""
        for number, worker in enumerate(self.workers, start=1):
            if worker.poll() not in {None, 0, -signal.SIGKILL}:
                raise DemoError(f"worker {number} ended with {worker.returncode}\n{self._logs()}")

    async def publish(self, teams: tuple[str, ...]) -> int:
        """Publish as the platform does; returns how many workers heard it."""
        return int(await self.client.publish(CHANNEL, message(teams)))

    async def holder(self, team: str) -> int | None:
        """The number, from 1, of the worker that may write to a team's repository now."""
        lock = await self.client.get(f"{{monarch}}:target:{self.target_ids[team]}")
        if lock is None:
            return None
        # `<consumer> <entry> <count> <migration>`; a consumer is `<host>.<pid>.<random>`.
        pid = int(lock.decode().split(" ")[0].split(".")[-2])
        return next(n for n, worker in enumerate(self.workers, start=1) if worker.pid == pid)

    async def until_told(self) -> None:
        """Wait until everything has been posted to Slack."""

        async def is_told() -> bool:
            # In one transaction: a notice that waits its turn is parked, and could come back between two questions.
            async with self.client.pipeline(transaction=True) as pipe:
                pipe.xlen("{monarch}:notices")
                pipe.zcard("{monarch}:parked")
                return not any(await pipe.execute())

        await self.until(is_told, TOLD_WITHIN_S, "Slack did not get the message")

    async def until(self, condition: Condition, within_s: float, complaint: str) -> None:
        """Wait for a condition; if it does not come, raise the complaint with the workers' last log lines."""
        with anyio.move_on_after(within_s):
            while True:
                if await condition():
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

        async def have_ended() -> bool:
            return all(worker.poll() is not None for worker in living)

        await self.until(have_ended, STOP_WITHIN_S, "the workers did not stop")

    def _spawn(self, number: int) -> "subprocess.Popen[bytes]":
        log = self.logs / f"worker-{number}.log"
        return start_program(["monarch", "run"], self._environment(), log)

    def _environment(self) -> dict[str, str]:
        """The environment of a worker."""
        return {
            "VALKEY_URL": self.server.url,
            "GH_PAT": GITHUB_TOKEN,
            "GITHUB_API_URL": self.sandbox.github_url,
            "SLACK_BOT_TOKEN": SLACK_TOKEN,
            "SLACK_API_URL": self.sandbox.slack_url,
            "MONARCH_METRICS_PORT": "0",
            "MONARCH_WEB_PORT": "0",
            "MONARCH_LOG_FORMAT": "json",
            "MONARCH_LEASE_SECONDS": str(LEASE_S),
            # Two at a time, so that both workers have something to do.
            "MONARCH_CONCURRENCY": "2",
            "MONARCH_WRITES_AT_ONCE": "2",
            # Faster than GitHub would accept, and slow enough to watch.
            "MONARCH_WRITE_INTERVAL_SECONDS": "0.1",
            "MONARCH_WRITES_PER_MINUTE": "0",
        }

    def _logs(self) -> str:
        """The last log lines of the workers."""
        files = sorted(self.logs.glob("worker-*.log"))
        return "\n".join(f"--- {file.name}\n{_tail(file)}" for file in files)

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Whatever happens in the block, no worker outlives it."""
        try:
            yield
        finally:
            for worker in self.workers:
                worker.kill()
                worker.wait()


def _tail(file: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(_readable(line) for line in lines[-5:])


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
                target_ids = await sandbox.seed(seed())
                client = Valkey.from_url(server.url, socket_timeout=10)
                try:
                    built = Fleet(server, sandbox, client, logs, target_ids)
                    with built.ended():
                        yield built
                finally:
                    await client.aclose()
