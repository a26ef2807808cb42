"""A real server for what only a real server can show."""

from collections.abc import AsyncIterator, Iterator

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connect, connected
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import ValkeyStreams
from monarch.adapters.valkey.views.dead_letters import Letters
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Stream
from monarch.sandbox.valkey import EmbeddedValkey
from tests.adapters.valkey.house import CHANNEL, House
from tests.contracts.worlds import World


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A server that runs through all tests."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
async def world(
    server: EmbeddedValkey, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """An installation of its own on the server of all tests."""
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


@pytest.fixture
async def house(server: EmbeddedValkey) -> AsyncIterator[House]:
    """An empty one."""
    client, blocking = connect(server.url, "test"), connect(server.url, "reads")
    await client.flushall()
    keys = Keys("test")
    scripts = Scripts(client, keys.prefix)
    streams = ValkeyStreams(
        dict.fromkeys(Stream, blocking),
        scripts,
        scripts,
        keys,
        "host.1.abc",
        NewestMemory(),
        lease_ms=20_000,
        retention_ms=60_000,
    )
    for stream in Stream:
        await client.xgroup_create(keys.stream(stream), "workers", "0", mkstream=True)
    standing = FleetReader(client, keys, CHANNEL, Ceilings(per_minute=80, per_hour=0))
    yield House(
        client,
        keys,
        RequestReader(client, keys),
        EventLog(client, keys),
        Letters(client, keys),
        standing,
        streams,
    )
    await client.aclose()
    await blocking.aclose()
