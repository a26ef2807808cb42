"""The story of the pages: the sandbox's world, two workers, and what people do to them."""

import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from monarch.cli.demo import example_world as world
from monarch.cli.sandbox import SOURCE, TEAMS
from monarch.sandbox.control.seed import IssueChange, RepositoryChange
from monarch.sandbox.faults import HangAfter, Match
from monarch.sandbox.ports import free_port
from scripts.fleet_machine.fleet import Fleet
from tests.docs.valkey_cli import shown

WITHIN_S: Final = 100
TALKATIVE: Final = {"submit", "plan", "verify"}
"""What tells of its progress on standard error, in whatever order it comes."""

CREDENTIALS: Final = {"GH_PAT": world.GITHUB_TOKEN, "SLACK_BOT_TOKEN": world.SLACK_TOKEN}


@dataclass
class Story:
    """Runs the commands of the pages, and what their directives ask for."""

    fleet: Fleet
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    _held: int = 0

    async def begin(self) -> None:
        """Two workers in the world of the sandbox, the first one with the port for health."""
        await self.fleet.sandbox.seed(world.seed(SOURCE, TEAMS))
        self.fleet.spawn(**CREDENTIALS, **self.settings, MONARCH_WEB_PORT=str(self.port))
        self.fleet.start(1, **CREDENTIALS, **self.settings)
        self.fleet.until(lambda: self.fleet.subscribed() == 2)

    # ------------------------------------------------------------------------------------ commands

    def run(self, command: str) -> list[str]:
        """The lines that a command of a page says."""
        words = shlex.split(command)
        match words[0]:
            case "monarch":
                return self._monarch(words[1:])
            case "valkey-cli":
                return shown(self._ask_valkey(words[1:]))
            case "curl":
                return self._ask_health(words[-1])
            case _:
                message = f"no test runs {command!r}: see tests/docs/story.py"
                raise AssertionError(message)

    def run_python(self, program: str) -> str:
        """What a program of a page prints; its Valkey is ours."""
        here = f'host="127.0.0.1", port={self.fleet.server.port}'
        ended = subprocess.run(
            [sys.executable, "-c", program.replace('host="switchboard", port=6379', here)],
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def _monarch(self, words: list[str]) -> list[str]:
        """What a person sees who reads it in the end: first what it says, then its remarks, but for progress."""
        ended = self.fleet.run(*words, **CREDENTIALS, **self.settings, TERM="dumb")
        remarks = "" if words[0] in TALKATIVE else ended.stderr
        return [*ended.stdout.splitlines(), *remarks.splitlines()]

    def _ask_valkey(self, words: list[str]) -> Any:
        """As the server answers, without what the client makes of it."""
        connection = self.fleet.client.connection_pool.get_connection("_")
        try:
            connection.send_command(*words)
            reply = connection.read_response()
        finally:
            self.fleet.client.connection_pool.release(connection)
        if words[0] == "HGETALL":
            # A hash has no order that one could rely on.
            pairs = sorted(zip(reply[::2], reply[1::2], strict=True))
            return [part for pair in pairs for part in pair]
        return reply

    def _ask_health(self, address: str) -> list[str]:
        with urllib.request.urlopen(
            f"http://{address.replace(':8081', f':{self.port}')}", timeout=WITHIN_S
        ) as answer:
            text: str = answer.read().decode()
        return text.splitlines()

    # ---------------------------------------------------------------------------------- directives

    async def do(self, directive: str) -> None:
        """Do what a page does not show."""
        verb, _, rest = directive.partition(" ")
        deeds: dict[str, Callable[..., Awaitable[None]]] = {
            "start": self._start,
            "wait": self._wait,
            "hold": self._hold,
            "release": self._release,
            "archive": self._archive,
            "unarchive": self._unarchive,
            "close": self._close,
            "edit": self._edit,
            "delete": self._delete,
        }
        await deeds[verb](*rest.split())

    async def _start(self, *words: str) -> None:
        self._monarch(list(words))

    async def _wait(self) -> None:
        """Until nothing is under way."""
        self.fleet.until(self.fleet.is_idle)

    async def _hold(self, *start: str) -> None:
        """Start this while GitHub keeps the answer to its fifth new issue to itself, and wait until it does."""
        match = Match(api="github", method="POST", path_regex=r"/issues$")
        self._held = await self.fleet.sandbox.add_fault(HangAfter(), match=match, nth=5)
        await self._start(*start)
        assert await self.fleet.sandbox.wait(fault=self._held, hits=1, timeout_seconds=WITHIN_S)
        self.fleet.until(self._is_said)

    def _is_said(self) -> bool:
        """Whether Slack has the newest request as it is now."""
        newest = self.fleet.requests()[-1]
        shown = self.fleet.client.hget(f"{{monarch}}:card:{newest.get('card')}", "said_version")
        return int(shown or 0) >= int(newest.get("card_version", 1))

    async def _release(self) -> None:
        await self.fleet.sandbox.remove_faults(self._held)

    async def _archive(self, repo: str) -> None:
        await self.fleet.sandbox.update_repository(RepositoryChange(repo=repo, archived=True))

    async def _unarchive(self, repo: str) -> None:
        await self.fleet.sandbox.update_repository(RepositoryChange(repo=repo, archived=False))

    async def _close(self, repo: str, number: str) -> None:
        await self.fleet.sandbox.update_issue(
            IssueChange(repo=repo, number=int(number), state="closed")
        )

    async def _edit(self, repo: str, number: str) -> None:
        state = await self.fleet.sandbox.repository(repo)
        [body] = [issue.body for issue in state.issues if issue.number == int(number)]
        await self.fleet.sandbox.update_issue(
            IssueChange(repo=repo, number=int(number), body=f"- [x] done\n\n{body}")
        )

    async def _delete(self, repo: str, number: str) -> None:
        await self.fleet.sandbox.delete_issue(repo, int(number))
