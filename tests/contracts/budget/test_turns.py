"""Whose turn it is to write: where a budget is scarce, the oldest request's."""

from dataclasses import replace

import pytest

from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.delivery import Stream
from monarch.core.ids import TargetId
from monarch.core.target.permission import (
    WasUnanswered,
)
from tests.contracts.crossings import PATIENT, InLine
from tests.contracts.moves import ME, planned, taken
from tests.contracts.worlds import NO_CEILINGS, World

SLOWLY = replace(NO_CEILINGS, interval_ms=20_000)
ONE_A_MINUTE = replace(NO_CEILINGS, per_minute=1)
LATE_S = PATIENT.late_ms / 1000
RETURNS_S = 60.0


async def crossings(world: World, ceilings: Ceilings, *targets: str) -> list[InLine]:
    """A request for each of these targets, oldest first; all are at work."""
    found = []
    for number, target in enumerate(targets, start=1):
        await planned(world, target)
        delivery = await world.next(Stream.MIGRATIONS)
        look = await taken(world, delivery, TargetId(number))
        found.append(InLine(world, delivery, TargetId(number), ceilings, look))
    return found


async def test_the_older_request_writes_first_whoever_asks_first(world: World) -> None:
    """A request of 72 tickets ended behind thirty newer ones."""
    old, young = await crossings(world, SLOWLY, "org/old", "org/young")
    await young.done()
    wait_s = (await old.waits()).wait_s
    await young.waits()
    await world.advance(wait_s)

    assert (await young.waits()).wait_s <= 0.2
    await old.done()


async def test_a_younger_one_writes_what_an_older_one_does_not_ask_for(world: World) -> None:
    """Not due yet, it holds up no other: there is room, and it would be lost."""
    old, young = await crossings(world, ONE_A_MINUTE, "org/old", "org/young")
    await old.done()
    await old.waits()
    old.ceilings = young.ceilings = replace(NO_CEILINGS, per_minute=2)

    await young.done()


async def test_a_dead_waiter_blocks_nobody_for_longer_than_two_seconds(world: World) -> None:
    """From when it said that it would ask."""
    old, young = await crossings(world, SLOWLY, "org/old", "org/young")
    await young.done()
    wait_s = (await old.waits()).wait_s

    await world.advance(wait_s + LATE_S - 30)
    await young.waits()
    await world.advance(31)
    await young.done()
    assert Pace().late_ms == 2000


async def test_who_was_just_answered_comes_back_first(world: World) -> None:
    """Others ask every tenth of a second: between its answer and its next question one of them was always there."""
    ceilings = replace(NO_CEILINGS, at_once=1)
    old, young = await crossings(world, ceilings, "org/old", "org/young")
    old.pace = replace(PATIENT, returns_ms=round(RETURNS_S * 1000))
    granted = await old.written()
    await young.waits()
    await old.created(granted)

    await young.waits()
    await old.done()
    await world.advance(RETURNS_S + 1)
    await young.done()


async def test_who_waits_for_an_answer_that_does_not_come_holds_up_nobody(world: World) -> None:
    """One bad target costs the others a write's time, and no more."""
    ceilings = replace(NO_CEILINGS, at_once=1)
    old, young = await crossings(world, ceilings, "org/old", "org/young")
    granted = await old.written()
    await young.waits()
    await old.answered(WasUnanswered(granted.nonce))

    await young.done()


async def test_where_nothing_is_scarce_there_is_no_line(world: World) -> None:
    """Without ceilings everybody writes at once."""
    old, young = await crossings(world, NO_CEILINGS, "org/old", "org/young")

    for _ in range(3):
        await old.done()
        await young.done()


async def test_the_first_two_in_line_keep_their_place_through_a_minute(world: World) -> None:
    """Parked, they would come back behind all that came meanwhile; the third has to."""
    first, *others = await crossings(world, ONE_A_MINUTE, "org/a", "org/b", "org/c", "org/d")
    await first.done()

    assert [(await one.waits()).in_place for one in (first, *others)] == [True, True, False, False]


async def test_for_an_hour_nobody_keeps_a_place(world: World) -> None:
    """Others need it, under another account perhaps."""
    (only,) = await crossings(world, replace(NO_CEILINGS, per_hour=1), "org/a")
    await only.done()

    assert not (await only.waits()).in_place


@pytest.mark.parametrize("count", [6])
async def test_the_further_back_in_line_the_later_somebody_asks_again(
    world: World, count: int
) -> None:
    """Those before it will have had their turn; asking each time would be work for Valkey."""
    line = await crossings(world, SLOWLY, *(f"org/team-{n}" for n in range(count)))
    await line[0].done()
    for each in line:
        await each.waits()

    # When each asks again, and not how long it waits from the moment at which it asked: a busy machine has long moments.
    key = f"{world.keys.prefix}asks:{ME.account}"
    asks = await world.client.zrange(key, 0, -1, withscores=True)
    names = [name for name, _ in asks]
    assert names == sorted(names)
    assert len({at for _, at in asks[1:]}) == count - 1
    assert asks[-1][1] - asks[0][1] < 1000
