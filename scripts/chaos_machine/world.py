"""The world of a run: a Valkey, the stand-in, the fleet, and the diary of what was done to them."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio

from monarch.adapters.valkey.client.connection import connected
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.fleet import over
from monarch.sandbox.ports import free_port
from monarch.sandbox.process import running_sandbox
from scripts.chaos_machine.catalogue import LEASE_S
from scripts.chaos_machine.record import (
    Act,
    Ask,
    Event,
    Exit,
    Finding,
    Resume,
    Struck,
    Touch,
)
from scripts.chaos_machine.scenes import Template, text_of, title_of
from scripts.chaos_machine.store import Alone, Store, Watched
from scripts.chaos_machine.timetable import SOURCES, Timetable
from scripts.chaos_machine.wishes import GONE, Wish
from scripts.chaos_machine.workers import Worker

SLACK_TOKEN = "xoxb-chaos"  # noqa: S105 - of the stand-in
MARKER_KEY = "a-key-of-the-chaos-machine"
GITHUB_TOKENS = {
    "monarch-bot": "ghp_chaos",
    "monarch-two": "ghp_chaos_two",
    "monarch[bot]": "ghs_chaos_app",
}
"""Every account that Monarch ever is. The last one's token may not ask who it is, as that of an installation."""


@dataclass
class Diary:
    """What was done and seen, while it happens; `told` are ids of requests that a producer was told of."""

    struck: list[Struck] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    touched: set[tuple[int, int]] = field(default_factory=set)
    """Copies that people have changed: repository id and number."""
    peak_mib: dict[str, int] = field(default_factory=dict)
    resumes: list[Resume] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    sent: dict[int, Wish] = field(default_factory=dict)
    """By its number, a message as it was sent, where that is not as the timetable has it."""
    wishes: int = 0
    lives: int = 1
    """How many memories Valkey has had: an emptied one has forgotten what was acknowledged before."""


@dataclass
class World:
    """What the hands work with."""

    plan: Timetable
    folder: Path
    store: Store
    sandbox: SandboxClient
    client: Any
    """A Valkey client; the library's types are too vague to be of use."""
    workers: list[Worker] = field(default_factory=list)
    diary: Diary = field(default_factory=Diary)
    server_hand: anyio.Lock = field(default_factory=anyio.Lock)
    """One thing at a time is done to Valkey, one to a worker: a frozen server cannot be paused."""
    account_hand: anyio.Lock = field(default_factory=anyio.Lock)
    """One thing at a time is done to the whole fleet's surroundings."""
    login: str = "monarch-bot"
    clock_ahead_s: int = 0
    is_over: bool = False

    def environment_of(self, worker: Worker) -> dict[str, str]:
        """What a life of a worker knows of its surroundings; in the edges it has ports that a stranger can find."""
        if self.plan.world != "edges":
            return self.environment
        worker.ports = (free_port(), free_port())
        metrics, web = map(str, worker.ports)
        return {
            **self.environment,
            "MONARCH_METRICS_PORT": metrics,
            "MONARCH_WEB_PORT": web,
            "CHAOS_CLOCK_AHEAD_S": str(self.clock_ahead_s),
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a worker or a command knows of its surroundings; nothing of a real installation."""
        return {
            **self.store.environment,
            **over(self.sandbox),
            "GH_PAT": GITHUB_TOKENS[self.login],
            "SLACK_BOT_TOKEN": SLACK_TOKEN,
            # In the edges accounts change and memories are lost: what keeps copies known after both is the signature.
            "MONARCH_MARKER_KEY": MARKER_KEY if self.plan.world == "edges" else "",
            "MONARCH_SLACK_ENDING_SECONDS": "2",
            "MONARCH_LEASE_SECONDS": f"{LEASE_S:g}",
            # Quicker than GitHub would bear, since thousands of tickets must fit into minutes; and slow enough that
            # there is always something in hand when a fault comes.
            "MONARCH_WRITE_INTERVAL_SECONDS": "0.2",
            "MONARCH_WRITES_PER_MINUTE": "0",
            "MONARCH_WRITES_PER_HOUR": "0",
            "MONARCH_WRITES_AT_ONCE": "6",
            # A target that never appears ends its request within the run.
            "MONARCH_TARGET_PATIENCE_SECONDS": "20",
        }

    def victim(self, number: int) -> Worker | None:
        """The worker of that number if it is up, else the next that is; `None`: none is."""
        fleet = self.workers[number:] + self.workers[:number]
        return next((one for one in fleet if one.state == "up" and one.has_life()), None)

    def note(self, kind: str, began: float, detail: str = "", **more: Any) -> None:
        """Write down a fault that has just ended."""
        struck = Struck(kind, began, time.time(), detail, **more)
        self.diary.struck.append(struck)
        with (self.folder / "faults.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(struck)) + "\n")

    async def heal(self) -> None:
        """Make everything whole again."""
        await self.store.heal()
        await self.client.delete("{monarch}:paused")
        await self.sandbox.remove_faults()
        await self.sandbox.settings(**FRIENDLY)
        self.login, self.clock_ahead_s = "monarch-bot", 0
        for worker in self.workers:
            if worker.state == "frozen":
                worker.thaw()
            if not worker.has_life():
                worker.start()


FRIENDLY: dict[str, Any] = {
    "primary_per_hour": 10_000_000,
    "listing_lag_seconds": 0,
    "latency_seconds": 0.05,
    "content_per_minute": None,
    "time_scale": 1,
}
"""The stand-in's settings when nothing is wrong."""


@asynccontextmanager
async def world(plan: Timetable, folder: Path) -> AsyncIterator[World]:
    """Valkey and the stand-in, seeded, and no worker yet; all that is started ends with it."""
    place = folder / "valkey"
    is_edges = plan.world == "edges"
    store: Store = Watched(place) if plan.is_watched else Alone(place, is_relayed=is_edges)
    try:
        store.start()
        async with (
            store.reached(),
            running_sandbox() as sandbox,
            connected(store.place, "chaos", connections=8) as client,
        ):
            await sandbox.seed(seed(plan))
            await sandbox.settings(**FRIENDLY)
            built = World(plan, folder, store, sandbox, client)
            try:
                yield built
            finally:
                for worker in built.workers:
                    worker.kill()
    finally:
        store.stop()


def seed(plan: Timetable) -> Seed:
    """The templates, the teams and the channels of a plan."""
    sources = [Template(name, count) for name, count in SOURCES.items() if name != GONE]
    sources += [template for template in plan.templates if not template.is_made_late]
    teams = [name for name in (*plan.healthy, *plan.others) if name not in plan.late]
    return Seed.model_validate(
        {
            "accounts": [{"login": login} for login in GITHUB_TOKENS],
            "tokens": [
                {
                    "token": token,
                    "login": login,
                    "kind": "installation" if token.startswith("ghs_") else "classic",
                }
                for login, token in GITHUB_TOKENS.items()
            ],
            "repositories": [
                *map(template_seed, sources),
                *map(team_seed, teams),
                *({**team_seed(name), "archived": True} for name in plan.archived),
            ],
            "slack": {
                "tokens": [{"token": SLACK_TOKEN}],
                "channels": [{"id": one, "name": one.lower()} for one in plan.channels],
            },
        }
    )


def team_seed(name: str) -> dict[str, Any]:
    """A repository that Monarch may write to, whoever it is: people as collaborators, an app by its permissions."""
    people = [login for login in GITHUB_TOKENS if not login.endswith("[bot]")]
    return {"full_name": name, "collaborators": dict.fromkeys(people, "write")}


def template_seed(template: Template) -> dict[str, Any]:
    """Tickets of all sizes; between them a pull request and a closed issue, which are none."""
    issues: list[dict[str, Any]] = [
        {"title": title_of(template, n), "body": text_of(template, n), **_milestone(template, n)}
        for n in range(1, template.tickets + 1)
    ]
    issues.insert(template.tickets // 2, {"title": "A change", "body": "", "pull_request": True})
    issues.insert(template.tickets // 3, {"title": "Long done", "body": "", "state": "closed"})
    pulls = [
        {"title": f"Change {n}", "body": "", "pull_request": True}
        for n in range(1, template.pulls + 1)
    ]
    hides = [template.hides] if template.hides else []
    return {
        "full_name": template.name,
        "is_template": True,
        "issues": pulls + issues,
        "hidden_from_lists": hides,
        "milestones": [{"title": title} for title in template.milestones],
    }


def _milestone(template: Template, number: int) -> dict[str, str]:
    """The milestone of a ticket, for its seed."""
    titles = template.milestones
    return {"milestone": titles[number % len(titles)]} if titles else {}
