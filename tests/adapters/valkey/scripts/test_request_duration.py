"""Only the settle that ends a request knows that it has ended, and says after how long."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import ValkeyStreams, make_group
from monarch.core.delivery import Stream
from monarch.core.ids import TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket
from monarch.core.verdict import Done, Migrated, Planned
from monarch.sandbox.valkey import EmbeddedValkey

KEYS = Keys("durations")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Valkey]:
    """A client of an empty server."""
    with EmbeddedValkey(tmp_path) as server:
        client = connect(server.url, "tests")
        yield client
        await client.aclose()


async def test_the_settle_that_ends_a_request_tells_how_long_it_took(client: Valkey) -> None:
    """Two targets: planning and the first end tell nothing, the last one does, once."""
    took: list[float] = []
    scripts = Scripts(client, KEYS.prefix)
    streams = ValkeyStreams(
        dict.fromkeys(Stream, client),
        scripts,
        scripts,
        KEYS,
        "me",
        NewestMemory(),
        lease_ms=20_000,
        retention_ms=60_000,
        on_request_ended=took.append,
    )
    for stream in Stream:
        await make_group(client, KEYS.stream(stream))
    await Submitter(client, KEYS).submit(b"{}", "once")
    ticket = Ticket(TicketId(1), 1, "One", "", "", None, "")
    plan = Plan("school/template", (ticket,))

    (request,) = await streams.receive(Stream.REQUESTS, 1)
    await streams.settle(request, Done(Planned(plan, None, ("org/a", "org/b"), ())))
    first, last = await streams.receive(Stream.MIGRATIONS, 2)
    await streams.settle(first, Done(Migrated(TargetId(1), 1, 0)))
    before = list(took)
    await streams.settle(last, Done(Migrated(TargetId(2), 1, 0)))

    assert before == []
    assert len(took) == 1
    assert 0 <= took[0] < 30
