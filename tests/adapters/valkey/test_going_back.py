"""A memory that goes back, on real servers: whatever way it goes, the fleet is quiet and then looks again."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.core.delivery import Delivery
from monarch.core.target.permission import Granted, Wish
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.moves import FIRST, ME, TARGET, crossing, migrating, taken
from tests.contracts.worlds import World, a_message

WHOLE_S = 24
"""A quiet time that has just begun lasts longer, in seconds."""

YOUNG_MS = 5_000


@pytest.fixture
def second(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """Another server, which keeps the older memory."""
    with EmbeddedValkey(tmp_path / "second") as running:
        yield running


@pytest.fixture
def first(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """The server of these tests; it may be asked to load its file again while it runs."""
    with EmbeddedValkey(tmp_path / "first", options={"enable-debug-command": "yes"}) as running:
        yield running


@asynccontextmanager
async def living(server: EmbeddedValkey, name: str = "monarch") -> AsyncIterator[World]:
    """An installation whose workers live on, whatever becomes of the server."""
    async with connected(server.url, "tests", connections=20) as client:
        world = World(client, name)
        await world.open()
        yield world


async def write_under_way(world: World) -> Delivery:
    """A migration of `worker-1` whose first ticket is on its way to GitHub."""
    delivery, look = await crossing(world)
    grant = await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))
    assert isinstance(grant, Granted)
    return delivery


async def is_quiet(world: World) -> bool:
    """Whether a quiet time has just begun, as a starting process reads it."""
    return await opened_ms(world) > 1000 * WHOLE_S


async def follow(replica: Valkey, primary: EmbeddedValkey) -> None:
    """Become a replica, wait until all is there, and be promoted again."""
    await replica.replicaof("127.0.0.1", primary.port)
    while (await replica.info("replication"))["master_link_status"] != "up":
        await replica.ping()
    await replica.replicaof("NO", "ONE")


async def test_failover_and_back_before_a_worker_noticed(
    first: EmbeddedValkey, second: EmbeddedValkey
) -> None:
    """A to B, which lagged, and back to A: its run id is the one on record, and the newest intent is gone."""
    async with connected(second.url, "tests") as lagging, living(first) as world:
        run_id = (await world.client.info("server"))["run_id"]
        await follow(lagging, first)
        # Its first replica gives a server another replication id, too.
        await world.streams().sweep({})
        await world.advance(26)
        await write_under_way(world)
        await follow(world.client, second)

        assert (await world.client.info("server"))["run_id"] == run_id
        assert await world.client.exists(world.keys.ledger(TARGET)) == 0
        assert await is_quiet(world)


async def test_a_backup_that_is_restored_by_replicaof(
    first: EmbeddedValkey, second: EmbeddedValkey, tmp_path: Path
) -> None:
    """The backup's server was started from a copy of the file; the running one takes its memory over."""
    async with living(first) as world:
        await world.client.save()
        second.stop()
        shutil.copytree(first.directory, second.directory, dirs_exist_ok=True)
        second.start()
        await write_under_way(world)
        await follow(world.client, second)

        assert await is_quiet(world)


async def test_a_snapshot_that_is_reverted_under_a_running_server(first: EmbeddedValkey) -> None:
    """No id changes: only a worker that has seen more can tell, and does so with whatever it asks next."""
    async with living(first) as world:
        delivery = await migrating(world)
        look = await taken(world, delivery)
        await world.client.save()
        grant = await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))
        assert isinstance(grant, Granted)
        await world.client.execute_command(  # type: ignore[no-untyped-call]  # the library leaves it untyped
            "DEBUG", "RELOAD", "NOSAVE"
        )
        assert await world.client.exists(world.keys.ledger(TARGET)) == 0

        await world.streams().sweep({})

        assert await is_quiet(world)


async def test_an_older_file_that_is_put_back(first: EmbeddedValkey, tmp_path: Path) -> None:
    """Stopped, the older files put back, started: another run id."""
    async with living(first) as world:
        first.stop()
        shutil.copytree(first.directory, tmp_path / "older")
        first.start()
    async with living(first) as world:
        await write_under_way(world)
        first.stop()
        shutil.rmtree(first.directory)
        shutil.copytree(tmp_path / "older", first.directory)
        first.start()
    async with connected(first.url, "tests") as client:
        assert await is_quiet(World(client, world.keys.namespace))


async def test_a_newcomer_is_quiet_on_a_server_that_was_emptied_beside_a_living_fleet(
    first: EmbeddedValkey,
) -> None:
    """FLUSHALL, and no worker listens for a moment: the newcomer must not open an epoch without the quiet time."""
    async with living(first) as world:
        await write_under_way(world)
        await world.client.flushall()

        assert await is_quiet(world)


async def test_a_server_that_comes_back_empty_is_quiet_as_soon_as_a_worker_reaches_it(
    first: EmbeddedValkey,
) -> None:
    """To a newcomer it looks like a new one. It waits for some seconds, and in those the living workers sweep."""
    async with living(first) as world:
        await write_under_way(world)
        first.stop()
        shutil.rmtree(first.directory)
        first.start()
        await world.client.connection_pool.disconnect()

        newcomer = await opened_ms(world)
        assert 0 < newcomer <= YOUNG_MS
        await world.streams().sweep({})
        assert await is_quiet(world)


async def test_on_a_server_that_was_never_written_to_nobody_waits_for_25_s(
    second: EmbeddedValkey,
) -> None:
    """A newcomer on a fresh laptop; a submission that comes before its first worker changes nothing."""
    async with connected(second.url, "tests") as client:
        world = World(client, "fresh")
        await Submitter(client, world.keys).submit(a_message(), "first")

        assert await opened_ms(world) <= YOUNG_MS


async def test_keys_of_somebody_else_are_no_proof_of_a_new_server(second: EmbeddedValkey) -> None:
    """Those of this installation may have been deleted beside a living fleet."""
    async with connected(second.url, "tests") as client:
        await client.set("somebody", "else's")
        assert await is_quiet(World(client, "late"))
        await client.delete("somebody")
        assert await is_quiet(World(client, "later"))


async def test_an_epoch_that_was_opened_is_not_opened_again(first: EmbeddedValkey) -> None:
    """Workers come and go, and none waits."""
    async with living(first) as world:
        before = await world.client.hget(world.keys.epoch, "id")  # type: ignore[misc]  # typed for both clients

        assert await opened_ms(world) == 0
        assert await world.client.hget(world.keys.epoch, "id") == before  # type: ignore[misc]  # as above


async def opened_ms(world: World) -> int:
    """A process starts; returns the quiet time that it reads, in ms."""
    keys = Keys(world.keys.namespace)
    answer = await world.scripts.call("open_epoch", [keys.epoch])
    assert isinstance(answer, list)
    return int(answer[1])
