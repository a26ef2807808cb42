"""One token fences one handler: of what is handed out twice at one count, only the holder works on it."""

import anyio
from anyio.abc import TaskGroup

from monarch.core.delivery import Delivery, Stream
from monarch.core.verdict import Handback, Verdict
from monarch.stages.lease import Hold
from tests.stages.bench import DONE, Bench
from tests.stages.house import House


async def received(bench: Bench) -> tuple[Delivery, ...]:
    """The one delivery that there is, in hand of this worker."""
    bench.give()
    deliveries: tuple[Delivery, ...] = await bench.streams.receive(Stream.NOTICES, 1)
    return deliveries


async def until_over(bench: Bench, tasks: TaskGroup) -> None:
    """Until whatever was accepted has ended, or waits for a lease that was never its own."""
    await bench.until_quiet()
    await bench.handler.until_idle()
    tasks.cancel_scope.cancel()


async def test_what_is_handed_out_twice_before_its_handler_began_is_worked_on_once(
    house: House,
) -> None:
    """The memory went back between reading and sweeping, so that both brought the entry at the same count."""
    bench = Bench(house)
    deliveries = await received(bench)

    async with anyio.create_task_group() as tasks:
        bench.consumer.accept(deliveries, house.clock.now(), tasks)
        bench.consumer.accept(deliveries, house.clock.now(), tasks)
        await until_over(bench, tasks)

    assert [delivery.token for delivery in bench.handler.handled] == [deliveries[0].token]
    assert bench.streams.calls["streams.settle"] == 1


async def test_what_is_handed_out_again_while_it_waits_for_a_place_is_worked_on_once(
    house: House,
) -> None:
    """It has no handler yet, and is in hand all the same."""
    bench = Bench(house, places=1)
    first, second = await received(bench), await received(bench)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            bench.consumer.accept(first + second, house.clock.now(), tasks)
        await until_over(bench, tasks)

    handled = [delivery.token for delivery in bench.handler.handled]
    assert len(handled) == 2
    assert set(handled) == {first[0].token, second[0].token}


async def test_what_was_let_go_is_taken_on_again_at_the_same_count(house: House) -> None:
    """A handback is uncounted: the worker that handed it back may get it again, under the very same token."""

    async def hand_back_once(_delivery: Delivery, _hold: Hold) -> Verdict:
        return Handback() if len(bench.handler.handled) == 1 else DONE

    bench = Bench(house, hand_back_once)
    bench.give()

    await bench.run(bench.until_quiet)

    before, after = bench.handler.handled
    assert before.token == after.token
