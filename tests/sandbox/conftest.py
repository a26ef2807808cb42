"""A stand-in in this very process, on a real socket, fresh for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from monarch.sandbox.control.client import no_tls
from tests.sandbox.world import Bench, a_seed, a_stand_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monarch.sandbox.control.client import SandboxClient


@pytest.fixture
def bench() -> Bench:
    """GitHub without a socket."""
    return Bench()


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxClient]:
    """A seeded stand-in and its client."""
    async with a_stand_in() as client:
        await client.seed(a_seed())
        yield client


@pytest.fixture
async def github(sandbox: SandboxClient) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the GitHub API with a pusher's token; follows no redirects."""
    headers = {"Authorization": "Bearer ghp_bot", "User-Agent": "tests"}
    async with httpx.AsyncClient(
        base_url=sandbox.github_url, headers=headers, trust_env=False, timeout=5, verify=no_tls()
    ) as client:
        yield client


@pytest.fixture
async def slack(sandbox: SandboxClient) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the Slack API with a bot's token."""
    headers = {"Authorization": "Bearer xoxb-bot"}
    async with httpx.AsyncClient(
        base_url=sandbox.slack_url, headers=headers, trust_env=False, timeout=5, verify=no_tls()
    ) as client:
        yield client
