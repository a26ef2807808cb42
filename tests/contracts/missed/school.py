"""A school at the stand-in, and an installation that sweeps it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.logins import ValkeyLogins
from monarch.adapters.valkey.missed import ValkeyMissed
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.missed.judging import SweepWindow
from monarch.core.request.rules import Rules
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.journal import LogEntry
from monarch.stages.missed.sweeper import Options, Sweep, SweepTools, sweep

OWNER, TEMPLATE, CHANNEL = "school", "school/template", "C06GHMZB3M3"
WEEK_MS, RETENTION_MS = 7 * 86_400_000, 30 * 86_400_000
DAY = 86_400_000


def days_ago(days: float) -> str:
    """A time as a seed says it."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def made(name: str, days: float = 1, **more: Any) -> dict[str, Any]:
    """A repository that was made from the template."""
    its = {"generated_from": TEMPLATE, "created_at": days_ago(days), **more}
    return {"full_name": f"{OWNER}/{name}", "collaborators": {"monarch-bot": "write"}, **its}


def a_school(*repositories: dict[str, Any]) -> Seed:
    """A template that is older than anything, and these."""
    old = {"is_template": True, "created_at": days_ago(400)}
    return Seed.model_validate(
        {
            "accounts": [
                {"login": "monarch-bot", "kind": "User"},
                {"login": OWNER, "kind": "Organization"},
            ],
            "tokens": [{"token": "ghp_monarch", "login": "monarch-bot"}],
            "repositories": [
                {"full_name": TEMPLATE, "issues": [{"title": "One"}], **old},
                {"full_name": f"{OWNER}/other-template", **old},
                *repositories,
            ],
        }
    )


@dataclass
class School:
    """An installation that sweeps."""

    sandbox: SandboxClient
    github: HttpGitHub
    client: Any
    keys: Keys
    rules: Rules = field(default_factory=Rules)

    @property
    def missing(self) -> ValkeyMissed:
        """What is kept in Valkey."""
        return ValkeyMissed(self.client, self.keys, "channel", retention_ms=RETENTION_MS)

    async def id_of(self, name: str) -> int:
        """GitHub's id of a repository."""
        return (await self.sandbox.state()).repositories[f"{OWNER}/{name}"].id

    async def asks_for(self, *names: str, source: str = "template", days: float = 0) -> None:
        """The platform asked for these targets, and the planner has read it, so many days ago."""
        now_ms = await self.missing.now_ms()
        at_ms = int(now_ms - days * DAY)
        source_id = await self.id_of(source)
        await self.client.zadd(self.keys.sources, {str(source_id): now_ms})
        fields = {"name": f"{OWNER}/{source}", "channel": CHANNEL}
        await self.client.hset(self.keys.source(source_id), mapping=fields)
        for name in names:
            await self.client.zadd(self.keys.named, {f"{OWNER}/{name}".lower(): at_ms})

    @property
    def reading(self) -> SweepTools:
        """Where a sweep reads."""
        scripts = Scripts(self.client, self.keys.prefix)
        us = ValkeyLogins(scripts, self.keys).us
        budget = ValkeyBudget(scripts, self.keys)
        return SweepTools(self.github, self.github, self.missing, budget, us)

    async def sweeps(self, days: float = 7, **options: Any) -> Sweep:
        """What a sweep finds."""
        now_ms = await self.missing.now_ms()
        window = SweepWindow(int(now_ms - days * DAY), now_ms, options.pop("young_ms", 0))
        return await sweep(self.reading, OWNER, window, Options(self.rules, **options))

    async def calls(self) -> list[LogEntry]:
        """Every call of GitHub until now, but for who we are."""
        calls = [one for one in await self.sandbox.log() if one.api == "github"]
        return [one for one in calls if one.path != "/user"]

    async def reads(self) -> int:
        """How many these are."""
        return len(await self.calls())


def names(found: Sweep) -> list[str]:
    """What was missed, without the owner."""
    assert found.problem == ""
    return [one.repository.full_name.partition("/")[2] for one in found.missed]
