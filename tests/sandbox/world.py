"""Builders: a small world that has one of everything, and GitHub without a socket."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.planting import plant
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.control.settings import Settings
from monarch.sandbox.github.entry import GitHub
from monarch.sandbox.github.state.quotas import Quotas
from monarch.sandbox.github.state.world import World
from monarch.sandbox.http import Call, Reply
from monarch.sandbox.server import QuietServer, base_url_of, build_app, listen
from monarch.sandbox.slack.workspace import Workspace
from monarch.sandbox.stage import Stage
from tests.schemas import assert_documented

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

BASE_URL = "http://127.0.0.1:1"
START = 1_790_000_000.0
BOT = "ghp_bot"
TEAM, TEMPLATE = "/repos/org/team-a", "/repos/org/template"

REPOSITORIES: list[dict[str, Any]] = [
    {
        "full_name": "org/template",
        "is_template": True,
        "labels": [{"name": "bug", "color": "d73a4a", "description": "Broken"}],
        "milestones": [
            {"title": "Sprint 1", "due_on": "2026-12-01T00:00:00Z"},
            {"title": "Past", "state": "closed"},
        ],
        "issues": [
            {"title": "First", "body": "See #3", "labels": ["Bug"], "milestone": "Sprint 1"},
            {"title": "A pull request", "pull_request": True, "author": "student"},
            {"title": "Third", "body": None, "author": None},
            {"title": "Done", "state": "closed", "author_association": "CONTRIBUTOR"},
        ],
    },
    {"full_name": "org/team-a", "collaborators": {"bot": "write"}, "formerly": ["org/Old-Name"]},
    {"full_name": "org/public", "labels": [{"name": "bug"}]},
    {"full_name": "org/private", "private": True, "issues": [{"title": "Secret"}]},
    {"full_name": "org/archived", "archived": True, "collaborators": {"bot": "write"}},
    {"full_name": "org/no-issues", "has_issues": False, "collaborators": {"bot": "write"}},
]


def a_seed() -> Seed:
    """Everything that most tests need."""
    tokens = [
        {"token": "ghp_bot", "login": "bot"},
        {"token": "ghp_admin", "login": "org"},
        {"token": "ghp_noscope", "login": "bot", "scopes": ["read:user"]},
        {"token": "ghp_revoked", "login": "bot", "revoked": True},
        {"token": "github_pat_reader", "login": "bot", "kind": "fine-grained", "issues": "read"},
        {
            "token": "ghs_app",
            "login": "app[bot]",
            "kind": "installation",
            "repositories": ["org/Team-A"],
        },
    ]
    slack = {
        "tokens": [{"token": "xoxb-bot"}, {"token": "xoxb-other", "bot_user": "U1"}],
        "channels": [
            {"id": "C1", "name": "tickets"},
            {"id": "C2", "name": "elsewhere", "member": False},
            {"id": "C3", "name": "old", "archived": True},
        ],
    }
    return Seed.model_validate(
        {
            "accounts": [{"login": "teacher", "member_of": ["org"]}],
            "tokens": tokens,
            "repositories": REPOSITORIES,
            "slack": slack,
        }
    )


@dataclass
class Bench:
    """GitHub without a socket, on a clock that stands still until it is moved.

    Every reply to a documented operation is held against GitHub's description.
    """

    now: float = START
    settings: Settings = field(default_factory=Settings)
    under_way: int = 1

    def __post_init__(self) -> None:
        """Build the world of ``a_seed``."""
        self.world = World(lambda: self.now)
        self.workspace = Workspace(lambda: self.now)
        plant(self.world, self.workspace, a_seed())
        self.quotas = Quotas()
        self.github = GitHub(
            self.world, self.quotas, lambda: self.settings, lambda _: self.under_way
        )

    def send(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        token: str | None = BOT,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one call; ``body`` is JSON unless it is bytes already, and ``None`` for none.

        The reply must be as GitHub documents it, where it does.
        """
        split = urlsplit(url.removeprefix(f"{BASE_URL}/github"))
        given = {"user-agent": "tests"} | dict(headers or {})
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        encoded = b"" if body is None else encoded
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        call = Call(method, split.path, query, given, encoded, BASE_URL)
        reply = self.github.handle(call)
        if "json" in (reply.header("Content-Type") or "") or not reply.body:
            parsed = reply.json() if reply.body else None
            assert_documented(method, split.path, reply.status, parsed)
        return reply


@asynccontextmanager
async def a_stand_in() -> AsyncIterator[SandboxClient]:
    """A stand-in on a real socket, without any repository, and its client."""
    stage = Stage(time.time)
    server, listener = QuietServer(build_app(stage), stage), listen()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with SandboxClient(base_url_of(listener)) as client:
        yield client
    server.stop()
    await serving
