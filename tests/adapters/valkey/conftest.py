"""A real server for what only a real server can show."""

from collections.abc import AsyncIterator, Iterator

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connect, connected
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.worlds import World


@pytest.fixture
def anyio_backend() -> str:
    """The Valkey client needs asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A server that nobody stops."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
async def world(
    server: EmbeddedValkey, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """An installation of its own on the server that nobody stops."""
    monkeypatch.setattr("monarch.adapters.valkey.streams.BLOCK_MS", 10)
    async with connected(server.url, "tests", connections=20) as client:
        real = World(client, request.node.name)
        await real.open()
        yield real


@pytest.fixture
async def client(server: EmbeddedValkey) -> AsyncIterator[Valkey]:
    """A client of the server, emptied for this test."""
    client = connect(server.url, "tests")
    await client.flushall()
    yield client
    await client.aclose()
