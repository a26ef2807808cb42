"""One server for the session, one namespace for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from monarch.adapters.valkey.client.connection import connected
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.worlds import MemoryWorld, World


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A real server; what the disk does is not the point here."""
    options = {"appendonly": "no", "appendfsync": "no"}
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey"), options=options) as running:
        yield running


@pytest.fixture
def short_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that finds nothing says so at once."""
    monkeypatch.setattr("monarch.adapters.valkey.streams.BLOCK_MS", 10)


@pytest.fixture(params=["memory", "valkey"])
async def world(
    request: pytest.FixtureRequest, server: EmbeddedValkey, short_reads: None
) -> AsyncIterator[World]:
    """An installation: once in memory, once on a real Valkey."""
    if request.param == "memory":
        memory = MemoryWorld()
        await memory.open()
        yield memory
        return
    async with connected(server.url, "tests", connections=20) as client:
        real = World(client, request.node.name)
        await real.open()
        yield real
