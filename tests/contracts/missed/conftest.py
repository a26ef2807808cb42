"""One stand-in for all of these tests, over real HTTP."""

from collections.abc import AsyncIterator, Iterator

import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.keys import Keys
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.process import start_sandbox, stop_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.missed.school import School


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    """The address of one stand-in for all of these tests."""
    running = start_sandbox()
    yield running.base_url
    stop_sandbox(running)


@pytest.fixture
async def school(
    server: EmbeddedValkey, stand_in: str, request: pytest.FixtureRequest
) -> AsyncIterator[School]:
    """A school with nothing in it yet."""
    async with (
        SandboxClient(stand_in) as sandbox,
        connected(server.url, "tests") as client,
        HttpGitHub("ghp_monarch", sandbox.github_url) as github,
    ):
        await sandbox.reset()
        yield School(sandbox, github, client, Keys(request.node.name))
