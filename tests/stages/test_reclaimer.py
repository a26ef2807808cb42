"""The reclaimer: a timer that brings stalled and parked work back."""

import anyio

from monarch.core.delivery import Stream
from monarch.core.verdict import Snooze
from monarch.ports import StoreError
from tests.contracts.doubles.flaky import failing
from tests.contracts.doubles.streams import MemoryStreams
from tests.stages.bench import Bench
from tests.stages.house import LEASE_S, House, pass_time


async def minutes(count: int) -> None:
    """Let so many go by."""
    await pass_time(60 * count)


async def test_it_sweeps_every_two_seconds(house: House) -> None:
    """Give or take a quarter; the dice of these tests show the middle."""
    bench = Bench(house)

    await bench.run(lambda: minutes(1))

    assert bench.streams.calls["streams.sweep"] in {30, 31}


async def test_a_dead_workers_delivery_is_in_other_hands_within_a_lease_and_5_s(
    house: House,
) -> None:
    """Promise 7."""
    bench = Bench(house)
    bench.give()
    await MemoryStreams(house.store, "dead", lease_s=LEASE_S).receive(Stream.NOTICES, 1)

    await bench.run(bench.until_quiet)

    assert LEASE_S <= anyio.current_time() <= LEASE_S + 5
    assert house.events.count("delivery.reclaimed") == 1


async def test_a_sweep_that_fails_is_not_the_last_one(house: House) -> None:
    """Valkey was away; the timer goes on."""
    bench = Bench(house)
    bench.streams.before = failing("streams.sweep", StoreError("away"), 1, 2, 3)
    bench.give()
    streams = MemoryStreams(house.store, "other")
    (delivery,) = await streams.receive(Stream.NOTICES, 1)
    await streams.settle(delivery, Snooze("later", 0))

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == 1
    assert house.events.count("store.troubled") == 3


async def test_nothing_is_taken_over_without_a_free_place(house: House) -> None:
    """A full worker leaves it to another."""

    async def busy() -> None:
        await bench.handler.until_handled(1)
        bench.give()
        await MemoryStreams(house.store, "dead", lease_s=LEASE_S).receive(Stream.NOTICES, 1)
        await minutes(2)

    bench = Bench(house, lambda _delivery, hold: hold.sleep(600), places=1)  # type: ignore[arg-type,return-value]  # it never ends
    bench.give()

    await bench.run(busy)

    assert len(bench.handler.handled) == 1


async def test_a_removed_entry_is_told(house: House) -> None:
    """Somebody deleted work in hand."""
    bench = Bench(house)
    bench.give()
    await MemoryStreams(house.store, "dead", lease_s=LEASE_S).receive(Stream.NOTICES, 1)
    house.store.streams[Stream.NOTICES].entries.clear()

    await bench.run(lambda: minutes(1))

    assert house.told("entries.trimmed") == [
        {"event": "entries.trimmed", "log_level": "error", "n": 1}
    ]
