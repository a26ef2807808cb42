"""What Valkey remembers, for how long, and what follows when it does not."""

from pathlib import Path

import pytest
from valkey.exceptions import ResponseError

from monarch.adapters.valkey.client.connection import connect, connected
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import GROUP
from monarch.core.delivery import Delivery, Stream
from monarch.core.outcome import Code
from monarch.core.target.permission import Granted, Quiet, Taken, Wish
from monarch.core.verdict import Dead
from monarch.ports import Hearing, StoreError
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.moves import (
    FIRST,
    ME,
    TARGET,
    crossing,
    migrated,
    migrating,
    one,
    planned,
    taken,
)
from tests.contracts.worlds import RETENTION_MS, World, a_message

# --------------------------------------------------------------------------------------------- epoch


async def test_a_restarted_server_is_a_new_epoch(tmp_path: Path) -> None:
    """Its last writes may be gone: no worker writes for 25 s, and then each looks again."""
    with EmbeddedValkey(tmp_path) as server:
        async with connected(server.url, "tests", connections=20) as client:
            world = World(client, "restarted")
            await world.open()
            delivery = await migrating(world)
            before = await taken(world, delivery)
            server.kill()
            server.start()
        async with connected(server.url, "tests", connections=20) as client:
            world = World(client, "restarted")
            ledger = world.ledger()

            assert isinstance(await ledger.take(delivery, TARGET, ME), Quiet)
            await world.advance(10)
            answer = await ledger.permit(delivery, TARGET, ME, Wish(before.epoch, FIRST))
            assert isinstance(answer, Quiet)


async def test_an_emptied_server_is_a_new_epoch(world: World) -> None:
    """FLUSHALL forgets the epoch as well, and everybody's deliveries with it."""
    before = await taken(world, await migrating(world))
    for key in await world.client.keys(world.keys.prefix.replace("[", r"\[") + "*"):
        await world.client.delete(key)
    delivery = await migrating_after_the_flood(world)

    assert isinstance(await world.ledger().take(delivery, TARGET, ME), Quiet)
    await world.advance(25)
    after = await world.ledger().take(delivery, TARGET, ME)
    assert isinstance(after, Taken)
    assert after.epoch != before.epoch


async def migrating_after_the_flood(world: World) -> Delivery:
    """A migration in hand where the groups had to be made again."""
    for stream in Stream:
        await world.streams().receive(stream, 1)
    return await migrating(world)


# ----------------------------------------------------------------------------------------- lifetimes


async def test_what_ended_well_goes_after_the_retention(world: World) -> None:
    """Request, plan and migrations."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(Stream.MIGRATIONS)
    await world.settle(delivery, migrated())

    migration = f"{world.keys.prefix}migration:{request}:org/team-a"
    for key in (world.keys.request(request), world.keys.plan(request), migration):
        assert 0 < await world.client.pttl(key) <= RETENTION_MS


async def test_what_a_replay_needs_is_kept(world: World) -> None:
    """Dead work pins its plan and its ledger."""
    delivery, look = await crossing(world)
    answer = await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))
    assert isinstance(answer, Granted)
    request = delivery.entry.request  # type: ignore[union-attr]  # it is a migration

    await world.streams().settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))

    for key in (world.keys.request(request), world.keys.plan(request), world.keys.ledger(TARGET)):
        assert await world.client.pttl(key) == -1


# ----------------------------------------------------------------------------------------- consumers


async def test_a_retired_consumer_is_gone_and_what_it_held_is_not(world: World) -> None:
    """Otherwise dead names would pile up for ever, or work be dropped with them."""
    await planned(world, "org/team-a", consumer="leaving")
    holding = world.streams("holding")
    await one(holding, Stream.MIGRATIONS)

    await world.streams("leaving").retire()
    await holding.retire()

    found = [await names(world, stream) for stream in (Stream.REQUESTS, Stream.MIGRATIONS)]
    assert found == [set(), {"released"}]


async def names(world: World, stream: Stream) -> set[str]:
    """The consumers of a stream."""
    found = await world.client.xinfo_consumers(world.keys.stream(stream), GROUP)
    return {consumer["name"].decode() for consumer in found}


# ------------------------------------------------------------------------------------ memory runs out


async def test_without_memory_facts_fit_and_new_work_does_not(tmp_path: Path) -> None:
    """What is known is written down; what would be new work is refused, and may be tried again."""
    with EmbeddedValkey(tmp_path, options={"appendonly": "no"}) as server:
        async with connected(server.url, "tests", connections=20) as client:
            world = World(client, "full")
            await world.open()
            delivery = await migrating(world)
            look = await taken(world, delivery)
            await client.config_set("maxmemory", "1")

            with pytest.raises(StoreError, match="OutOfMemory"):
                await world.inbox("replica-1").mirror([Hearing("h", a_message())])
            with pytest.raises(StoreError, match="OutOfMemory"):
                await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))
            assert await world.streams().settle(delivery, migrated())


# ------------------------------------------------------------------------------------------- submit


async def test_a_submission_is_one_request_however_often_it_is_repeated(
    server: EmbeddedValkey, world: World
) -> None:
    """Under one key; and it is on disk when its id is returned."""
    client = connect(server.url, "submit")
    submitter = Submitter(client, world.keys)

    first = await submitter.submit(a_message(), "key-1")

    assert await submitter.submit(a_message(), "key-1") == first
    assert await submitter.submit(a_message(), "key-2") != first
    assert await world.length(Stream.REQUESTS) == 2
    await client.aclose()


async def test_an_error_of_the_server_is_a_store_error(world: World) -> None:
    """Stages know no other."""
    await world.drop(Stream.REQUESTS)
    await world.client.set(world.keys.stream(Stream.REQUESTS), "no stream")

    with pytest.raises(StoreError, match="WRONGTYPE") as caught:
        await world.streams().receive(Stream.REQUESTS, 1)
    assert isinstance(caught.value.__cause__, ResponseError)
