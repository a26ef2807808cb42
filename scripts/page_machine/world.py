"""A fleet whose page has something of everything: what runs, what has ended, what was given up, and texts that attack.

Workers are real processes; GitHub and Slack are the stand-in. What is done to them is done over its control port.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from monarch.sandbox.control.client import SandboxClient, no_tls
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.ports import free_port
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.program import start
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fleet_machine.fleet import SLACK_CHANNEL, SOURCE, Fleet, a_fleet, a_message, a_target

P = ParamSpec("P")
T = TypeVar("T")

TOKEN: Final = "correct-horse-battery-staple"  # noqa: S105 - of a fleet that lives for a minute
HOST: Final = "127.0.0.1"

HOSTILE: Final = (
    '<img src=x onerror="document.title=1">',
    "</script><script>document.title=1</script>",
    "\u202eevil \u2066right to left\u2069",
    "{{ 7 * 7 }} {% raw %} javascript:document.title=1",
    "W" * 200,
)
"""Titles that try to be obeyed, or to break the page."""

TITLES: Final = ("Set up the project", "Draw the wireframes", "Write the first test", *HOSTILE)
GOOD: Final = ("team/kayak", "team/cedar")
ARCHIVED: Final = "team/attic"
GONE: Final = "team/gone"
SLOW: Final = "team/slow"
SLOWER: Final = "team/slower"
SLOWEST: Final = "team/slowest"
SPARE: Final = "team/spare"


def a_seed() -> Seed:
    """A template with plain and with hostile titles, and targets of which some cannot be written to."""
    issues = [{"title": title, "body": f"Do this: {title}\n"} for title in TITLES]
    targets = [a_target(name) for name in (*GOOD, ARCHIVED, SLOW, SLOWER, SLOWEST, SPARE)]
    targets[2]["archived"] = True
    return Seed.model_validate(
        {
            "accounts": [{"login": "monarch-bot", "kind": "User"}],
            "tokens": [{"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic"}],
            "repositories": [
                {"full_name": SOURCE, "issues": issues, "is_template": True},
                *targets,
            ],
            "slack": {
                "tokens": [{"token": "xoxb-monarch"}],
                "channels": [{"id": SLACK_CHANNEL, "name": "cohort"}],
            },
        }
    )


@dataclass
class World:
    """What a story of the page works with."""

    fleet: Fleet
    sandbox: SandboxClient
    portal: BlockingPortal
    port: int = field(default_factory=free_port)
    other_port: int = field(default_factory=free_port)
    sites: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)
    """The port of each page that is served alone, by its settings."""
    others: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    held: int = 0
    """The fault that holds a write."""

    @property
    def base(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.port}"

    def call(self, work: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        """Ask the stand-in something."""
        return self.portal.call(lambda: work(*args, **kwargs))

    def start_worker(self, port: int | None = None, **settings: str) -> "subprocess.Popen[bytes]":
        """A worker with the page on its port."""
        own = {
            "MONARCH_WEB_PORT": str(port or self.port),
            "MONARCH_WEB_TOKEN": TOKEN,
            "MONARCH_TARGET_PATIENCE_SECONDS": "0",
        }
        return self.fleet.start(**{**own, **settings})

    def start_web(self, port: int, **settings: str) -> "subprocess.Popen[bytes]":
        """`monarch web` alone; returns once it answers."""
        process = start(
            [*self.fleet.program, "web"],
            self.fleet.environment(MONARCH_WEB_PORT=str(port), **settings),
            self.fleet.logs / f"web-{port}.log",
        )
        self.others.append(process)
        self.fleet.until(lambda: answers(port))
        return process

    def open_by_name(self, name: str) -> int:
        """A page that is reached under this name; its port."""
        return self._site(MONARCH_WEB_TOKEN=TOKEN, MONARCH_WEB_NAMES=name)

    def open_by_proxy(self, networks: str) -> int:
        """A page that lets proxies in these networks say who comes; its port."""
        return self._site(
            MONARCH_WEB_USER_HEADER="X-Auth-Request-Email", MONARCH_WEB_TRUSTED_PROXIES=networks
        )

    def _site(self, **settings: str) -> int:
        """`monarch web` with these settings, started once; returns when it answers."""
        wanted = tuple(sorted(settings.items()))
        if wanted not in self.sites:
            self.sites[wanted] = free_port()
            self.start_web(self.sites[wanted], **settings)
        return self.sites[wanted]

    def signed_in(self, name: str = "ada") -> httpx.Client:
        """A program's way to the page."""
        return a_client(self.base, self.sign(name))

    def sign(self, name: str = "ada") -> dict[str, str]:
        """The headers by which a program signs in."""
        return {"Authorization": f"Bearer {TOKEN}", "X-Monarch-By": name}

    def submit(self, *targets: str) -> str:
        """A request, by its id."""
        done = self.fleet.run("submit", SOURCE, *targets, "--channel", SLACK_CHANNEL)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout.strip()

    def fill(self) -> None:
        """Have something of everything: done, given up, unreadable, and one that is held while it runs."""
        self.fleet.publish(a_message(GOOD))
        self.fleet.publish(a_message([GOOD[0], ARCHIVED, GONE]))
        self.fleet.publish(a_message([GOOD[0]], source=f"school/{HOSTILE[0]}"))
        self.fleet.until_ended(3)
        self.hold()

    def hold(self, slow: str = SLOW) -> str:
        """A request that has begun to write into this empty target, and waits for GitHub; its id."""
        target = self.call(self.sandbox.state).repositories[slow].id
        write = Match(method="POST", path_regex=f"^/(repos/{slow}|repositories/{target})/issues$")
        self.held = self.call(self.sandbox.add_fault, Hold(), match=write, nth=3)
        request = self.submit(slow)
        if not self.call(self.sandbox.wait, fault=self.held):
            raise AssertionError("the write did not come")
        return request

    def release(self) -> None:
        """Let it go on."""
        self.call(self.sandbox.release, self.held)


def a_client(base: str, headers: dict[str, str] | None = None) -> httpx.Client:
    """Of whatever listens there; no proxy of this machine is asked."""
    return httpx.Client(
        base_url=base, headers=headers, trust_env=False, verify=no_tls(), timeout=30
    )


def answers(port: int) -> bool:
    """Whether there is a page on this port."""
    try:
        with a_client(f"http://{HOST}:{port}") as client:
            return client.get("/health").status_code in {200, 503}
    except httpx.TransportError:
        return False


def stop(process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> None:
    """End a process that was started here."""
    if process.poll() is None:
        os.kill(process.pid, how)
        process.wait(20)


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """A fleet without workers yet; all that it starts ends with it."""
    with (
        EmbeddedValkey(folder / "valkey") as server,
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(running_sandbox()) as sandbox,
        a_fleet(server, sandbox, folder) as fleet,
    ):
        portal.call(sandbox.seed, a_seed())
        world = World(fleet, sandbox, portal)
        try:
            yield world
        finally:
            for process in world.others:
                stop(process)
