"""A fleet for a test: worker processes, the Valkey and the stand-in that they work with.

Workers are real processes, started as users start them; what came of it is judged by the stand-in's own state.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import valkey

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import SCRIPTS
from monarch.sandbox import fleet
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.fleet import pid_of, texts
from monarch.sandbox.valkey import EmbeddedValkey

SLACK_CHANNEL = "C06GHMZB3M3"
SOURCE = "school/template"
ENDED_WITHIN_S = 100
"""Whatever takes longer hangs, on a busy machine too; what must be quick says so in its test."""

LAST_WORDS = 12
"""So many lines of each worker's log are shown where something has failed."""

QUICK = {"MONARCH_WRITE_INTERVAL_SECONDS": "0", "MONARCH_WRITES_PER_MINUTE": "0"}
"""Without the waits between writes: what is tested is something else."""

SETTINGS = {
    "GH_PAT": "ghp_monarch",
    "SLACK_BOT_TOKEN": "xoxb-monarch",
    "MONARCH_SLACK_ENDING_SECONDS": "0",
    **QUICK,
}


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
class Fleet(fleet.Fleet):
    """What a system test works with."""

    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)

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
                    silent.discard(pid_of(canary["data"]))
                return not silent

            self.until(all_hear)
        return started[-1]

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
            texts(fields) for _, fields in self.client.xrevrange("{monarch}:events", count=12)
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
            {"id": name.decode(), **texts(self.client.hgetall(b"{monarch}:request:" + name))}
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

    def migration(self, request: dict[str, str], target: str) -> dict[str, str]:
        """The hash of a request's share for one target."""
        return texts(self.client.hgetall(f"{{monarch}}:migration:{request['id']}:{target}"))

    def events(self) -> list[dict[str, str]]:
        """Every change of state, oldest first."""
        return [texts(fields) for _, fields in self.client.xrange("{monarch}:events")]

    def holder_of(self, target: str) -> "subprocess.Popen[bytes]":
        """The worker that has the migration into a target in hand; some worker has."""
        found = self.at_work_on(target)
        assert found is not None, self.story()
        return found

    def dead(self) -> list[dict[str, str]]:
        """The dead letters."""
        return [texts(fields) for _, fields in self.client.xrange("{monarch}:dead")]


def _begin(client: Any) -> None:
    """An installation that has begun: its workers need not find out whether its server is a new one."""
    keys, opening = Keys(), SCRIPTS["open_epoch"]
    client.eval(opening.text, 1, keys.epoch, keys.prefix)
    client.hset(keys.epoch, "quiet_until", 0)
    client.hdel(keys.epoch, "is_first")


@contextmanager
def a_fleet(server: EmbeddedValkey, sandbox: SandboxClient, logs: Path) -> Iterator[Fleet]:
    """A fleet without workers yet; all that it starts ends with it."""
    built = Fleet(server, sandbox, valkey.Valkey.from_url(server.url, socket_timeout=10), logs)
    _begin(built.client)
    try:
        yield built
    finally:
        built.end()
