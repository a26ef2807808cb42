"""The hold: how long a worker trusts its lease."""

import anyio
import pytest

from monarch.core.delivery import Delivery, NoticeEntry, Stream, Token
from monarch.core.ids import CohortId
from monarch.ports import StoreError
from monarch.stages.lease import Draining, Hold, Holds, LeaseLost
from tests.contracts.doubles.flaky import Flaky, failing
from tests.contracts.worlds import LEASE_S
from tests.stages.house import House, pass_time


class Held:
    """A delivery in hand, and the streams that it came from."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.streams = Flaky(house.streams("worker-1"), "streams")
        self.holds = Holds(self.streams, house.telemetry, house.clock, lease_s=LEASE_S)
        house.store.append(Stream.NOTICES, {b"request": b"1-1"})

    async def receive(self) -> Delivery:
        """Take it."""
        (delivery,) = await self.streams.receive(Stream.NOTICES, 1)
        return delivery  # type: ignore[no-any-return]  # a `Flaky` knows no types


@pytest.fixture
async def held(house: House) -> Held:
    """Something to hold."""
    return Held(house)


def a_hold(house: House, received_at: float = 0.0) -> Hold:
    """A hold without renewal."""
    token = Token(Stream.NOTICES, "worker-1", "1-1", 1)
    return Hold(Delivery(token, NoticeEntry(CohortId("1-1"))), house.clock, LEASE_S, received_at)


async def test_the_lease_counts_from_before_the_call_was_sent(house: House) -> None:
    """Not from its answer."""
    await pass_time(5)
    hold = a_hold(house, received_at=0.0)

    assert hold.outlives(14.9)
    assert not hold.outlives(15)


async def test_a_renewal_extends_the_trust_from_its_sending(house: House) -> None:
    """And an older one that comes late never shortens it."""
    hold = a_hold(house)
    await pass_time(10)
    hold.renewed(8.0)
    hold.renewed(3.0)

    assert hold.outlives(17.9)
    assert not hold.outlives(18)


async def test_a_lost_lease_outlives_nothing(house: House) -> None:
    """Whatever its time says."""
    hold = a_hold(house)
    hold.lose()

    assert not hold.outlives(0)
    with pytest.raises(LeaseLost):
        hold.check()


async def test_a_write_waits_for_the_renewal_that_outlives_it(held: Held) -> None:
    """With 5 s left no write of 10 s begins."""
    delivery = await held.receive()
    with held.holds.holding(delivery, anyio.current_time()) as hold:
        await pass_time(15)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(held.holds.renew_forever)
            await hold.until_outlives(11)
            tasks.cancel_scope.cancel()

    assert held.streams.calls["streams.renew"] == 1


async def test_a_renewal_that_fails_is_repeated_soon(held: Held, house: House) -> None:
    """Not a quarter of the lease later: every failure costs trust."""
    held.streams.before = failing("streams.renew", StoreError("away"), 1, 2, 3)
    delivery = await held.receive()
    with held.holds.holding(delivery, anyio.current_time()) as hold:
        await pass_time(15)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(held.holds.renew_forever)
            await hold.until_outlives(11)
            tasks.cancel_scope.cancel()

    assert anyio.current_time() == pytest.approx(16.5)
    assert house.events.count("valkey.unavailable") == 3


async def test_renewals_keep_a_delivery_for_an_hour(held: Held) -> None:
    """Four in a lease."""
    delivery = await held.receive()
    other = held.house.streams("worker-2")
    with held.holds.holding(delivery, anyio.current_time()) as hold:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(held.holds.renew_forever)
            await hold.sleep(3600)
            tasks.cancel_scope.cancel()

    assert (await other.sweep({Stream.NOTICES: 1})).deliveries == ()
    assert held.streams.calls["streams.renew"] == pytest.approx(3600 / 5, abs=2)


@pytest.mark.parametrize(("end", "error"), [("lose", LeaseLost), ("drain", Draining)])
async def test_a_sleep_ends_early(house: House, end: str, error: type[Exception]) -> None:
    """When the lease is lost or the worker stops."""
    hold = a_hold(house)

    async def soon() -> None:
        await pass_time(3)
        getattr(hold, end)()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(soon)
        with pytest.raises(error):
            await hold.sleep(100)

    assert anyio.current_time() == 3


async def test_a_renewal_does_not_end_a_sleep(house: House) -> None:
    """It is no news to the sleeper."""
    hold = a_hold(house)

    async def renews() -> None:
        for _ in range(5):
            await pass_time(1)
            hold.renewed(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(renews)
        await hold.sleep(30)

    assert anyio.current_time() == 30


async def test_what_is_taken_while_stopping_is_drained_at_once(held: Held) -> None:
    """A read that was under way brings it."""
    held.holds.drain()

    with held.holds.holding(await held.receive(), 0) as hold, pytest.raises(Draining):
        hold.check()
