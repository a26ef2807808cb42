"""A server clock that jumps back by five minutes: nothing that has to be waited for lies further away than it was meant to.

To let the clock go back is the same as to move every time that Valkey holds into the future.
"""

import pytest

from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Stream
from monarch.core.target.permission import Busy, GateClosed, Granted, Quiet, Taken, Wait, Wish
from monarch.core.verdict import Snooze
from monarch.ports import Hearing
from tests.contracts.moves import FIRST, ME, SECOND, TARGET, crossing, migrating, planned, taken
from tests.contracts.worlds import LEASE_S, World, a_message

BACK_S = -300
MOST_S = 61


async def test_a_gate_is_closed_for_no_longer_than_it_was_asked(world: World) -> None:
    """And opens when that is over."""
    delivery = await migrating(world)
    await world.budget.close(ME, 30, "a limit")
    await world.advance(BACK_S)

    closed = await world.ledger().take(delivery, TARGET, ME)
    assert isinstance(closed, GateClosed)
    assert closed.wait_s <= 30
    await world.advance(closed.wait_s)
    assert isinstance(await world.ledger().take(delivery, TARGET, ME), Taken)


async def test_the_limit_on_calls_begins_anew_when_it_was_to(world: World) -> None:
    """GitHub counts by its own clock."""
    delivery, look = await crossing(world)
    await world.meter().standing(ME.account, 0, 40)
    await world.advance(BACK_S)

    answer = await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))

    assert isinstance(answer, GateClosed)
    assert answer.wait_s <= 40


@pytest.mark.parametrize(
    "ceilings",
    [
        Ceilings(per_minute=1, per_hour=0, interval_ms=0, at_once=0),
        Ceilings(per_minute=0, per_hour=0, interval_ms=1000, at_once=0),
        Ceilings(per_minute=0, per_hour=0, interval_ms=0, at_once=1),
    ],
)
async def test_the_budget_stops_nobody_for_longer_than_a_minute(
    world: World, ceilings: Ceilings
) -> None:
    """Writes, slots and points of the future are those of now."""
    delivery, look = await crossing(world)
    ledger = world.ledger(ceilings)
    granted = await ledger.permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))
    assert isinstance(granted, Granted)
    await world.advance(BACK_S)

    answer = await ledger.permit(delivery, TARGET, ME, Wish(look.epoch, SECOND))

    assert isinstance(answer, Wait)
    assert answer.wait_s <= MOST_S
    for _ in range(2):
        await world.advance(MOST_S)
        await world.streams().sweep({})
        answer = await ledger.permit(delivery, TARGET, ME, Wish(look.epoch, SECOND))
        if isinstance(answer, Granted):
            break
    assert isinstance(answer, Granted)


async def test_what_is_parked_is_due_when_it_was_to_be(world: World) -> None:
    """A sweep notices that the clock went back, and moves all due times along."""
    await planned(world, "org/team-a")
    streams = world.streams()
    await world.settle(await world.next(Stream.MIGRATIONS), Snooze("later", 20))
    await streams.sweep({})
    await world.advance(BACK_S)

    assert (await streams.sweep({})).promoted == 0
    await world.advance(35)
    assert (await streams.sweep({})).promoted == 1


async def test_a_lock_of_a_dead_holder_ends_within_a_lease(world: World) -> None:
    """Its expiry is a moment of the server's clock, too."""
    await taken(world, await migrating(world))
    other = await migrating(world, consumer="worker-2")
    await world.advance(BACK_S)
    ledger = world.ledger(consumer="worker-2")

    assert isinstance(await ledger.take(other, TARGET, ME), Busy)
    await world.advance(LEASE_S + 1)

    assert isinstance(await ledger.take(other, TARGET, ME), Taken)


async def test_a_quiet_time_is_no_longer_than_it_was_meant_to_be(world: World) -> None:
    """25 s."""
    delivery = await migrating(world)
    await world.forget()
    await world.ledger().take(delivery, TARGET, ME)
    await world.advance(BACK_S)

    answer = await world.ledger().take(delivery, TARGET, ME)
    assert isinstance(answer, Quiet)
    assert answer.wait_s <= 25
    await world.advance(26)
    assert isinstance(await world.ledger().take(delivery, TARGET, ME), Taken)


async def test_a_message_is_no_echo_of_one_that_lies_in_the_future(world: World) -> None:
    """When in doubt it is appended."""
    first, second = (world.inbox(f"replica-{number}") for number in (1, 2))
    await first.mirror([Hearing("one", a_message())])
    await world.advance(BACK_S)

    (request,) = await second.mirror([Hearing("two", a_message())])

    assert request is not None


async def test_an_audit_comes_again_within_seconds(world: World) -> None:
    """Whatever the clock says of the last one."""
    await world.streams().audit()
    request = await planned(world, "org/team-a")
    await world.drop(Stream.MIGRATIONS)
    await world.advance(BACK_S)

    audited = await world.streams().audit()

    assert audited.restored > 0, request
