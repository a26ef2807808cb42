"""A backlog of 100,000 open requests, on a real server: what people ask is answered from a bounded part of it.

What is counted are commands and answers, which are the same on every machine.
"""

import gc
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.outlook import ValkeyOutlook
from monarch.adapters.valkey.views.requests import LOOKED_THROUGH, RequestReader
from monarch.adapters.valkey.views.sought import Sought
from monarch.core.budget.ceilings import Ceilings
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.sandbox.valkey import EmbeddedValkey

KEYS = Keys("backlog")
OPEN = 100_000
FILLED_BY = """
local ns = ARGV[1]
for n = ARGV[2], ARGV[3] do
  local id, ms = n .. '-0', n
  redis.call('ZADD', ns .. 'open', ms, id)
  redis.call('ZADD', ns .. 'known', ms, id)
  redis.call('HSET', ns .. 'request:' .. id, 'state', 'running', 'tickets', '3', 'targets', 'org/team-' .. n, 'channel', 'C1',
    'source', 'org/template', 'card', '1700000000000-0', 'version', '1', 'notice_due', '1')
  redis.call('SADD', ns .. 'unsettled:' .. id, id .. ':org/team-' .. n)
  redis.call('HSET', ns .. 'migration:' .. id .. ':org/team-' .. n, 'state', 'queued', 'target', 'org/team-' .. n)
end
"""
FIRST, LAST = 1_700_000_000_000, 1_700_000_000_000 + OPEN - 1
OLDEST, NEWEST = RequestId(f"{FIRST}-0"), RequestId(f"{LAST}-0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """One server for all of these tests."""
    directory: Path = tmp_path_factory.mktemp("valkey")
    options = {"appendonly": "no", "appendfsync": "no"}
    with EmbeddedValkey(directory, options=options) as embedded:
        yield embedded


@pytest.fixture
async def client(server: EmbeddedValkey) -> AsyncIterator[Valkey]:
    """A client; the backlog is made by the first test, in steps that a busy machine answers in time."""
    client = connect(server.url, "test")
    if await client.zcard(KEYS.open) < OPEN:
        fill = client.register_script(FILLED_BY)
        for start in range(FIRST, LAST + 1, 1_000):
            await fill(keys=[KEYS.open], args=[KEYS.prefix, start, start + 999])
    yield client
    await client.aclose()


async def commands(client: Valkey, asked: Awaitable[Any]) -> int:
    """How many commands the server runs for it, those in scripts included."""

    async def processed() -> int:
        return int((await client.info("stats"))["total_commands_processed"])

    before = await processed()
    await asked
    return await processed() - before - 1


def outlook(client: Valkey) -> ValkeyOutlook:
    """With the usual ceilings."""

    async def effective(_: str) -> Ceilings:
        return Ceilings()

    return ValkeyOutlook(client, KEYS, effective)


@pytest.mark.parametrize("request_id", [OLDEST, NEWEST, RequestId("9999999999999-0")])
async def test_a_forecast_looks_at_a_bounded_part(client: Valkey, request_id: RequestId) -> None:
    """It read all of it, at each progress notice: the event loop stood still for two seconds."""
    assert await commands(client, outlook(client).forecast(request_id)) < 1500


async def test_the_newest_is_told_what_it_takes_at_least(client: Valkey) -> None:
    """And the oldest, too: who was not looked at may take turns with it."""
    newest, oldest = [await outlook(client).forecast(one) for one in (NEWEST, OLDEST)]

    assert newest is not None
    assert oldest is not None
    assert (newest.is_least, oldest.is_least) == (True, True)
    assert newest.seconds > 600 > oldest.seconds


async def test_a_plan_looks_at_a_bounded_part(client: Valkey) -> None:
    """Of what would be before a new request."""
    assert await commands(client, outlook(client).traffic()) < 1500
    assert (await outlook(client).traffic()).is_least


async def test_a_forecast_makes_no_great_heap_of_answers(client: Valkey) -> None:
    """Half a gigabyte of them, it was: a worker's memory limit is less."""
    gc.collect()
    before = len(gc.get_objects())
    traffic = await outlook(client).traffic()

    assert len(gc.get_objects()) - before < 5_000
    assert traffic.ahead.before(9_999) == 600


async def test_one_request_is_shown_without_the_others(client: Valkey) -> None:
    """Whatever else is open."""
    assert await commands(client, RequestReader(client, KEYS).request(NEWEST)) < 50


@pytest.mark.parametrize("state", [State.DONE, State.SKIPPED])
async def test_a_state_is_looked_for_among_the_newest(client: Valkey, state: State) -> None:
    """It went through all 100,000, two commands each."""
    asked = RequestReader(client, KEYS).requests(20, Sought(state=state))

    assert await commands(client, asked) < LOOKED_THROUGH * 1.1


async def test_a_status_needs_no_look_at_the_names_of_keys(client: Valkey) -> None:
    """Two SCANs of the whole database, it needed, to find the accounts."""
    standing = FleetReader(client, KEYS, "channel", Ceilings())

    assert await commands(client, standing.snapshot()) < 100
    stats = await client.info("commandstats")
    assert "cmdstat_scan" not in stats


async def test_a_pause_tells_the_oldest_alone(client: Valkey) -> None:
    """The server stood still for half a second, for everybody."""
    hands = ValkeyHands(Scripts(client, KEYS.prefix), KEYS, retention_ms=1000)

    assert await commands(client, hands.pause("ada")) < 5_000
    assert await commands(client, hands.resume("ada")) < 5_000
