"""A stand-in in this very process, on a real socket, fresh for each test."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from monarch.sandbox.control.client import SandboxClient, no_tls
from monarch.sandbox.server import QuietServer, base_url_of, build_app, listen
from monarch.sandbox.stage import Stage
from tests.sandbox.world import Bench, a_seed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def bench() -> Bench:
    """GitHub without a socket."""
    return Bench()


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxClient]:
    """A seeded stand-in and its client."""
    stage = Stage(time.time)
    server, listener = QuietServer(build_app(stage), stage), listen()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with SandboxClient(base_url_of(listener)) as client:
        await client.seed(a_seed())
        yield client
    server.stop()
    await serving


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
