"""Rubbish beside work, on a real server: the work goes on, and the rubbish is reported."""

import pytest

from monarch.core.delivery import Stream
from monarch.core.verdict import Snooze
from monarch.ports import Held
from tests.contracts.moves import TARGET, migrating, planned, taken
from tests.contracts.worlds import LEASE_S, World

PLACES = dict.fromkeys(Stream, 4)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xff\x00",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"requests"',
        b"{}",
        b"[" * 2000,
        b'{"stream": "ledger:7", "fields": ["a", "b"]}',
        b'{"stream": "requests"}',
        b'{"stream": "requests", "fields": []}',
        b'{"stream": "requests", "fields": ["payload"]}',
        b'{"stream": "requests", "fields": ["payload", 7]}',
        b'{"stream": "requests", "fields": {"payload": "x"}}',
        b'{"stream": ["requests"], "fields": ["a", "b"]}',
    ],
)
async def test_a_parked_entry_that_cannot_be_read_is_buried_and_the_others_have_their_turn(
    world: World, packed: bytes
) -> None:
    """One script promotes them all, so one that broke it would stop the fleet's parked work for ever."""
    await planned(world, "org/team-a")
    delivery = await world.next(Stream.MIGRATIONS)
    await world.settle(delivery, Snooze("later", 0.0))
    await world.run("ZADD", world.keys.parked, 1, "000-rubbish")
    await world.run("HSET", world.keys.parked_entries, "000-rubbish", packed)

    swept = await world.streams().sweep(PLACES)

    assert swept.promoted == 1
    assert await world.length(Stream.MIGRATIONS) == 1
    assert await world.parked() == 0
    (letter,) = await world.dead()
    assert (letter["stream"], letter["code"]) == ("parked", "entry_unreadable")
    assert letter["entry"] == "000-rubbish"


@pytest.mark.parametrize("what", ["waiting", "migration"])
async def test_a_parked_entry_is_promoted_whatever_stands_beside_it(
    world: World, what: str
) -> None:
    """The worker that takes the entry finds out that a key is of another type."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(Stream.MIGRATIONS)
    await world.settle(delivery, Snooze("busy", 0.0, waits_for=TARGET))
    key = {
        "waiting": world.keys.waiting(TARGET),
        "migration": f"{world.keys.prefix}migration:{request}:org/team-a",
    }[what]
    await world.run("DEL", key)
    await world.run("SET", key, "x")

    swept = await world.streams().sweep(PLACES)

    assert swept.promoted == 1
    assert await world.length(Stream.MIGRATIONS) == 1


@pytest.mark.parametrize("kind", ["another type", "rubbish"])
async def test_a_delivery_is_reclaimed_whatever_its_progress_says(world: World, kind: str) -> None:
    """One migration's hash must not keep the whole fleet from reclaiming."""
    delivery = await migrating(world, consumer="dead-worker")
    request = str(delivery.entry.request)  # type: ignore[union-attr]  # it is a migration
    key = f"{world.keys.prefix}migration:{request}:org/team-a"
    if kind == "rubbish":
        await world.run("HSET", key, "progress_entry", delivery.token.entry, "progress_count", "x")
    else:
        await world.run("DEL", key)
        await world.run("SET", key, "x")
    await world.advance(LEASE_S + 1)

    swept = await world.streams("other").sweep(PLACES)

    assert [found.token.entry for found in swept.deliveries if found.entry == delivery.entry] == [
        delivery.token.entry
    ]


async def test_a_stream_that_is_none_keeps_no_other_from_being_swept(world: World) -> None:
    """The read reports it; the deliveries of a dead worker are taken over all the same."""
    delivery = await migrating(world, consumer="dead-worker")
    await world.advance(LEASE_S + 1)
    await world.drop(Stream.REQUESTS)
    await world.run("SET", world.keys.stream(Stream.REQUESTS), "x")

    swept = await world.streams("other").sweep(PLACES)

    assert delivery.token.entry in {found.token.entry for found in swept.deliveries}


async def test_a_lock_of_another_type_costs_no_lease(world: World) -> None:
    """One script renews all that a worker holds."""
    delivery = await migrating(world)
    await taken(world, delivery)
    await world.run("DEL", world.keys.target(TARGET))
    await world.run("RPUSH", world.keys.target(TARGET), "x")

    lost = await world.streams().renew([Held(delivery.token, TARGET)])

    assert lost == frozenset()
