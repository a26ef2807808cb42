"""A fleet over the stand-in: worker processes as users start them, their logs, and what Valkey says of their work.

The demo and the tests build on `Fleet`; the chaos machine, whose Valkey fails over, shares the smaller parts. It goes by
the streams and hashes in Valkey and by GitHub's state, and never asks Monarch's own code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from monarch.sandbox.program import ROOT, start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monarch.sandbox.control.client import SandboxClient
    from monarch.sandbox.valkey import EmbeddedValkey

CHANNEL: Final = "channel_migrate_issue_tickets"
"""Where the platform publishes."""

GROUP: Final = "workers"


def over(sandbox: SandboxClient) -> dict[str, str]:
    """Return the environment by which a worker finds the stand-in; it opens no port, and says in its log where it hangs."""
    return {
        "GITHUB_API_URL": sandbox.github_url,
        "SLACK_API_URL": sandbox.slack_url,
        "MONARCH_METRICS_PORT": "0",
        "MONARCH_WEB_PORT": "0",
        "MONARCH_LOG_FORMAT": "json",
        "PYTHONFAULTHANDLER": "1",
    }


def pid_of(consumer: str | bytes) -> int:
    """Return the process id in a consumer's name, ``host.pid.random``; 0 if it names none, as ``released`` does."""
    name = consumer.decode() if isinstance(consumer, bytes) else consumer
    parts = name.split(".")
    return int(parts[-2]) if len(parts) > 1 else 0


def ask_left_over(transaction: Any) -> None:
    """Queue the questions how many entries each stream holds and how many are parked.

    In one transaction, so that an entry that moves meanwhile is not overlooked; of either kind of client.
    """
    for name in ("requests", "migrations", "notices"):
        transaction.xlen(f"{{monarch}}:{name}")
    transaction.zcard("{monarch}:parked")


def texts(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    """Return the fields of a hash or an entry as text."""
    return {k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in fields.items()}


@dataclass
class Fleet:
    """Worker processes, and the Valkey and the stand-in that they work with."""

    server: EmbeddedValkey
    sandbox: SandboxClient
    client: Any
    """A Valkey client; its library's types cannot tell it from the asynchronous one."""
    logs: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """What every worker and every command is set to."""
    program: tuple[str, ...] = (sys.executable, "-m", "monarch")
    folder: Path | None = None
    """Where the program is started; without one, where the logs are."""
    user: int | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, **settings: str) -> dict[str, str]:
        """Return everything that a worker or a command knows of its surroundings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder or self.logs),
            # Also where Monarch is not installed; a worker's folder is one without a `.env`.
            **({"PYTHONPATH": str(ROOT)} if self.program[0] == sys.executable else {}),
            "VALKEY_URL": self.server.url,
            **over(self.sandbox),
            **self.settings,
            **settings,
        }

    def spawn(self, *, roles: str = "", **settings: str) -> subprocess.Popen[bytes]:
        """Start a worker, of all roles unless some are named, and wait for nothing."""
        worker = start(
            [*self.program, "run", *(("--roles", roles) if roles else ())],
            self.environment(**settings),
            self._log(len(self.workers)),
            folder=self.folder,
            user=self.user,
        )
        self.workers.append(worker)
        return worker

    def log_of(self, worker: subprocess.Popen[bytes]) -> str:
        """Return what a worker said."""
        log = self._log(self.workers.index(worker))
        return log.read_text(encoding="utf-8", errors="replace")

    def _log(self, number: int) -> Path:
        return self.logs / f"worker-{number}.log"

    def subscribed(self) -> int:
        """Return how many workers hear the channel."""
        return int(self.client.pubsub_numsub(CHANNEL)[0][1])

    def publish(self, message: bytes | str) -> int:
        """Publish as the platform does; return how many workers heard it."""
        return int(self.client.publish(CHANNEL, message))

    def is_idle(self) -> bool:
        """Whether no entry is in a stream or parked."""
        pipe = self.client.pipeline(transaction=True)
        ask_left_over(pipe)
        return not any(pipe.execute())

    def pending(self, stream: str = "migrations") -> list[tuple[str, str, int]]:
        """Return what is handed out: consumer, target (or request) and delivery count of each entry."""
        name = f"{{monarch}}:{stream}"
        found = []
        for item in self.client.xpending_range(name, GROUP, "-", "+", 1000):
            # An entry may be settled between the two questions.
            for _, fields in self.client.xrange(name, item["message_id"], item["message_id"]):
                subject = fields.get(b"target", fields.get(b"request", b""))
                found.append((item["consumer"].decode(), subject.decode(), item["times_delivered"]))
        return found

    def at_work_on(self, target: str) -> subprocess.Popen[bytes] | None:
        """Return the worker that has the migration into a target in hand; ``None``: none has."""
        pids = {pid_of(consumer) for consumer, subject, _ in self.pending() if subject == target}
        return next((worker for worker in self.workers if worker.pid in pids), None)

    def end(self) -> None:
        """End every worker that still runs, frozen or not, and close the client."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        self.client.close()
