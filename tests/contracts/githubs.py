"""The two GitHubs that the contract of `ports.GitHub` is tried on: the double, and the adapter against the stand-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.github.retries import Patience
from monarch.core.ticket import Label
from monarch.ports import GitHub
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.process import running_sandbox
from tests.contracts.doubles.github import FakeGitHub

TEAM, FOREIGN, PLAIN = "org/team", "org/foreign", "alone/plain"
"""Ours to push to; one that we may only read, with another account's issue; one without an organisation."""

TYPES: Final = ("Task", "Bug")
_PATIENCE = Patience(try_s=5, all_s=10, wait_s=0)


def in_memory() -> GitHub:
    """The double."""
    github = FakeGitHub("bot")
    github.add(TEAM)
    github.add(FOREIGN, "Theirs", may_push=False)
    github.at(FOREIGN).labels = {"bug": Label("bug", "d73a4a", "")}
    github.add(PLAIN, is_personal=True)
    for name in (TEAM, FOREIGN):
        github.at(name).types = TYPES
    return github


@asynccontextmanager
async def over_http() -> AsyncIterator[GitHub]:
    """The adapter, over real HTTP."""
    async with running_sandbox() as sandbox:
        await sandbox.seed(_seed())
        async with HttpGitHub("ghp_bot", sandbox.github_url, patience=_PATIENCE) as github:
            yield github


def _seed() -> Seed:
    pushing = {"collaborators": {"bot": "write"}}
    return Seed.model_validate(
        {
            "accounts": [
                {"login": "org", "kind": "Organization"},
                {"login": "alone", "kind": "User"},
                {"login": "bot"},
            ],
            "tokens": [{"token": "ghp_bot", "login": "bot"}],
            "repositories": [
                {"full_name": TEAM, "issue_types": TYPES, **pushing},
                {
                    "full_name": FOREIGN,
                    "issues": [{"title": "Theirs", "author": "org"}],
                    "labels": [{"name": "bug"}],
                },
                {"full_name": PLAIN, **pushing},
            ],
        }
    )
