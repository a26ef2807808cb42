"""The reclaimer: a timer that brings stalled and parked work back."""

from typing import Any

import anyio
from valkey.exceptions import ConnectionError as CutOffError

from monarch.core.delivery import Stream
from monarch.core.verdict import Snooze
from monarch.ports import StoreError
from scripts.memory.client import Answer, Command
from tests.contracts.doubles.flaky import failing
from tests.contracts.worlds import LEASE_S
from tests.stages.bench import Bench
from tests.stages.house import SOURCE, TEAM_A, House, pass_time


class LosesTheFirstRequest:
    """The first answer that brings a request is lost on its way."""

    def __init__(self, stream: str) -> None:
        self._stream = stream.encode()
        self._is_lost = False

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        reply = await answer()
        brings_one = command.name == "xreadgroup" and self._stream in command.args and reply
        if brings_one and not self._is_lost:
            self._is_lost = True
            raise CutOffError
        return reply


async def minutes(count: int) -> None:
    """Let so many go by."""
    await pass_time(60 * count)


async def test_it_sweeps_within_three_seconds(house: House) -> None:
    """Give or take a tenth; the dice of these tests show the middle."""
    bench = Bench(house)

    await bench.run(lambda: minutes(1))

    assert bench.streams.calls["streams.sweep"] in {22, 23}


async def test_a_dead_workers_delivery_is_in_other_hands_within_a_lease_and_5_s(
    house: House,
) -> None:
    """Promise 7."""
    bench = Bench(house)
    bench.give()
    await house.streams("dead").receive(Stream.NOTICES, 1)

    with anyio.fail_after(LEASE_S + 5):
        await bench.run(bench.until_quiet)

    assert LEASE_S <= anyio.current_time() <= LEASE_S + 5
    assert house.events.count("delivery.reclaimed") == 1


async def test_what_a_stopped_worker_never_heard_of_is_in_other_hands_within_5_s(
    house: House,
) -> None:
    """It was handed out by an answer that was lost with its connection: handed back all the same, and uncounted."""
    house.github.add(SOURCE)
    request = house.publish(TEAM_A)
    stopping = house.worker(
        "stopping", passage=LosesTheFirstRequest(house.keys.stream(Stream.REQUESTS))
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stopping.live)
        await pass_time(1)
        stopping.drain()
    stopped_at = anyio.current_time()

    await house.worker("heir").run(lambda: house.until(lambda: house.state(request) == "skipped"))

    assert anyio.current_time() - stopped_at <= 5
    assert [line["delivery"] for line in house.told("delivery.reclaimed")] == [1]


async def test_a_sweep_that_fails_is_not_the_last_one(house: House) -> None:
    """Valkey was away; the timer goes on."""
    bench = Bench(house)
    bench.streams.before = failing("streams.sweep", StoreError("away"), 1, 2, 3)
    bench.give()
    streams = house.streams("other")
    (delivery,) = await streams.receive(Stream.NOTICES, 1)
    await streams.settle(delivery, Snooze("later", 0))

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == 1
    assert house.events.count("valkey.unavailable") == 3


async def test_nothing_is_taken_over_without_a_free_place(house: House) -> None:
    """A full worker leaves it to another."""

    async def busy() -> None:
        await bench.handler.until_handled(1)
        bench.give()
        await house.streams("dead").receive(Stream.NOTICES, 1)
        await minutes(2)

    bench = Bench(house, lambda _delivery, hold: hold.sleep(600), places=1)  # type: ignore[arg-type,return-value]  # it never ends
    bench.give()

    await bench.run(busy)

    assert len(bench.handler.handled) == 1


async def test_a_removed_entry_is_told(house: House) -> None:
    """A person deleted work in hand."""
    bench = Bench(house)
    bench.give()
    await house.streams("dead").receive(Stream.NOTICES, 1)
    house.store.empty(Stream.NOTICES)

    await bench.run(lambda: minutes(1))

    assert house.told("entries.trimmed") == [
        {"event": "entries.trimmed", "log_level": "error", "n": 1}
    ]
