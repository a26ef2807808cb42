"""A fleet for a test: worker processes, the Valkey and the stand-in that they work with.

Workers are real processes, started as users start them; what came of it is judged by the stand-in's own state.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import valkey

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import SCRIPTS
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.valkey import EmbeddedValkey

CHANNEL = "channel_migrate_issue_tickets"
SLACK_CHANNEL = "C06GHMZB3M3"
SOURCE = "school/template"
ENDED_WITHIN_S = 100
"""Whatever takes longer hangs, on a busy machine too; what must be quick says so in its test."""

LAST_WORDS = 12
"""So many lines of each worker's log are shown where something has failed."""

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"MONARCH_WRITE_INTERVAL_SECONDS": "0", "MONARCH_WRITES_PER_MINUTE": "0"}
"""Without the waits between writes: what is tested is something else."""


def a_seed(tickets: int, targets: Sequence[str], *, pulls: int = 0) -> Seed:
    """A template with `tickets` open issues, as many pull requests between as wanted, and empty targets."""
    issues: list[dict[str, Any]] = []
    for number in range(1, tickets + 1):
        issues.append({"title": f"Ticket {number}", "body": f"Do part {number}.\n"})
        if len(issues) - number < pulls:
            issues.append({"title": f"Pull {number}", "body": "code", "pull_request": True})
    return Seed.model_validate(
        {
            "accounts": [{"login": "monarch-bot", "kind": "User"}],
            "tokens": [{"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic"}],
            "repositories": [
                {"full_name": SOURCE, "issues": issues, "is_template": True},
                *(a_target(name) for name in targets),
            ],
            "slack": {
                "tokens": [{"token": "xoxb-monarch"}],
                "channels": [{"id": SLACK_CHANNEL, "name": "cohort"}],
            },
        }
    )


def a_target(name: str) -> dict[str, Any]:
    """A team's repository that our account may push to."""
    return {"full_name": name, "collaborators": {"monarch-bot": "write"}}


async def path_of(sandbox: SandboxClient, target: str, rest: str = "") -> str:
    """A pattern of the calls about a target, whether they name it or address it by its id."""
    repository = (await sandbox.state()).repositories[target].id
    return f"^/(repos/{target}|repositories/{repository}){rest}"


def a_message(targets: Sequence[str], source: str = SOURCE, channel: str = SLACK_CHANNEL) -> bytes:
    """The platform's message, byte for byte as it makes it."""
    return json.dumps(
        {
            "notification_channel": channel,
            "source_repo": source,
            "all_target_repositories": list(targets),
        }
    ).encode()


@dataclass
class Fleet:
    """What a system test works with."""

    server: EmbeddedValkey
    sandbox: SandboxClient
    client: Any
    """A Valkey client; its library's types cannot tell it from the asynchronous one."""
    logs: Path
    program: tuple[str, ...] = (sys.executable, "-m", "monarch")
    folder: Path | None = None
    """Where the program is started; without one, where the logs are."""
    user: int | None = None
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _files: list[IO[bytes]] = field(default_factory=list)

    def environment(self, **settings: str) -> dict[str, str]:
        """Everything that a worker or a command knows of its surroundings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder or self.logs),
            "VALKEY_URL": self.server.url,
            "GH_PAT": "ghp_monarch",
            "GITHUB_API_URL": self.sandbox.github_url,
            "SLACK_BOT_TOKEN": "xoxb-monarch",
            "SLACK_API_URL": self.sandbox.slack_url,
            "MONARCH_METRICS_PORT": "0",
            "MONARCH_WEB_PORT": "0",
            "MONARCH_LOG_FORMAT": "json",
            "MONARCH_SLACK_ENDING_SECONDS": "0",
            "PYTHONFAULTHANDLER": "1",
            # Also where Monarch is not installed; a worker's folder is one without a `.env`.
            **({"PYTHONPATH": str(ROOT)} if self.program[0] == sys.executable else {}),
            **QUICK,
            **settings,
        }

    def start(self, count: int = 1, /, **settings: str) -> "subprocess.Popen[bytes]":
        """Start workers and return the last of them once all hear the channel, and know since when.

        A worker sings its first canary when it knows that. One that only has subscribed takes another's append of a
        moment ago for an older message, and appends once more: in doubt a request too many.
        """
        with self.client.pubsub(ignore_subscribe_messages=True) as ear:
            ear.psubscribe("*canary:*")
            started = [self.spawn(**settings) for _ in range(count)]
            silent = {worker.pid for worker in started}

            def all_hear() -> bool:
                for worker in started:
                    assert worker.poll() is None, self.log_of(worker)
                while (canary := ear.get_message(timeout=0.05)) is not None:
                    silent.discard(int(canary["data"].split(b".")[-2]))
                return not silent

            self.until(all_hear)
        return started[-1]

    def spawn(self, *, roles: str = "", **settings: str) -> "subprocess.Popen[bytes]":
        """Start a worker, of all roles unless some are named, and wait for nothing."""
        log = (self.logs / f"worker-{len(self.workers)}.log").open("wb")
        self._files.append(log)
        worker = subprocess.Popen(
            [*self.program, "run", *(("--roles", roles) if roles else ())],
            env=self.environment(**settings),
            stderr=log,
            stdout=log,
            cwd=self.folder or self.logs,
            user=self.user,
        )
        self.workers.append(worker)
        return worker

    def log_of(self, worker: "subprocess.Popen[bytes]") -> str:
        """What a worker said."""
        name = f"worker-{self.workers.index(worker)}.log"
        return (self.logs / name).read_text(encoding="utf-8", errors="replace")

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a `monarch` command to its end."""
        return subprocess.run(
            [*self.program, *arguments],
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=ENDED_WITHIN_S,
            check=False,
            cwd=self.folder or self.logs,
            user=self.user,
        )

    def subscribed(self) -> int:
        """How many workers hear the channel."""
        return int(self.client.pubsub_numsub(CHANNEL)[0][1])

    def publish(self, message: bytes) -> None:
        """Publish as the platform does."""
        self.client.publish(CHANNEL, message)

    def until(self, condition: Callable[[], bool], within_s: float = ENDED_WITHIN_S) -> None:
        """Wait for a condition; it is looked at again with each event of the fleet, or soon."""
        last, give_up = "$", time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < give_up, f"not so within {within_s} s; {self.story()}"
            found = self.client.xread({"{monarch}:events": last}, block=50)
            last = found[0][1][-1][0] if found else last

    def story(self) -> str:
        """How things stand, for whoever reads of a failure."""
        events = [
            _text(fields) for _, fields in self.client.xrevrange("{monarch}:events", count=12)
        ]
        told = {"requests": self.requests(), "events": events, "workers": self._last_words()}
        return json.dumps(told, indent=1)

    def _last_words(self) -> list[object]:
        """Of each worker how it ended, `None` for one that runs, and what it said last."""
        return [
            [worker.poll(), *self.log_of(worker).splitlines()[-LAST_WORDS:]]
            for worker in self.workers
        ]

    def requests(self) -> list[dict[str, str]]:
        """Every request's hash and its `id`, oldest first."""
        return [
            {"id": name.decode(), **_text(self.client.hgetall(b"{monarch}:request:" + name))}
            for name in self.client.zrange("{monarch}:known", 0, -1)
        ]

    def until_ended(self, count: int = 1, within_s: float = ENDED_WITHIN_S) -> list[dict[str, str]]:
        """Wait until `count` requests have ended and nothing is left in the streams."""
        ends = {"done", "failed", "skipped", "dead", "cancelled"}

        def ended() -> bool:
            states = [request.get("state") for request in self.requests()]
            return sum(state in ends for state in states) >= count and self.is_idle()

        self.until(ended, within_s)
        return self.requests()

    def is_idle(self) -> bool:
        """Whether no entry is in a stream or parked, at one moment: what moves meanwhile is not overlooked."""
        pipe = self.client.pipeline(transaction=True)
        for name in ("requests", "migrations", "notices"):
            pipe.xlen(f"{{monarch}}:{name}")
        pipe.zcard("{monarch}:parked")
        return not any(pipe.execute())

    def migration(self, request: dict[str, str], target: str) -> dict[str, str]:
        """The hash of a request's share for one target."""
        return _text(self.client.hgetall(f"{{monarch}}:migration:{request['id']}:{target}"))

    def events(self) -> list[dict[str, str]]:
        """Every change of state, oldest first."""
        return [_text(fields) for _, fields in self.client.xrange("{monarch}:events")]

    def holder_of(self, target: str) -> "subprocess.Popen[bytes]":
        """The worker that has the migration into a target in hand."""
        stream = "{monarch}:migrations"
        for pending in self.client.xpending_range(stream, "workers", "-", "+", 100):
            entry = pending["message_id"]
            if _text(self.client.xrange(stream, entry, entry)[0][1])["target"] == target:
                pid = int(pending["consumer"].split(b".")[-2])
                return next(worker for worker in self.workers if worker.pid == pid)
        raise AssertionError(f"nobody has {target} in hand")

    def dead(self) -> list[dict[str, str]]:
        """The dead letters."""
        return [_text(fields) for _, fields in self.client.xrange("{monarch}:dead")]

    def end(self) -> None:
        """End every worker that a test left running."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        for file in self._files:
            file.close()
        self.client.close()


def _text(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in fields.items()}


def _begin(client: Any) -> None:
    """An installation that has begun: its workers need not find out whether its server is a new one."""
    keys, opening = Keys(), SCRIPTS["open_epoch"]
    client.eval(opening.text, 1, keys.epoch, keys.prefix)
    client.hset(keys.epoch, "quiet_until", 0)
    client.hdel(keys.epoch, "is_first")


@contextmanager
def a_fleet(server: EmbeddedValkey, sandbox: SandboxClient, logs: Path) -> Iterator[Fleet]:
    """A fleet without workers yet; all that it starts ends with it."""
    fleet = Fleet(server, sandbox, valkey.Valkey.from_url(server.url, socket_timeout=10), logs)
    _begin(fleet.client)
    try:
        yield fleet
    finally:
        fleet.end()
