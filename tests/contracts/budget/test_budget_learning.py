"""What the fleet learns from a refused write, and keeps: `ports.Budget.close` and the ceilings within `permit`."""

from dataclasses import replace

import pytest

from monarch.core.budget.ceilings import Ceilings
from monarch.core.target.permission import (
    Credential,
    GateClosed,
    Granted,
    Wait,
    WasCreated,
    WasNotCreated,
)
from tests.contracts.budget.test_budget import MARGIN_S
from tests.contracts.crossings import Crossing, writing
from tests.contracts.moves import ME
from tests.contracts.worlds import NO_CEILINGS, World

PAST_S = MARGIN_S + 0.1
SET = replace(NO_CEILINGS, per_minute=80, per_hour=500)


async def refused(crossing: Crossing, wait_s: float | None = None) -> GateClosed:
    """One more write, and GitHub's no to it."""
    grant = await crossing.written()
    budget = crossing.world.gates(crossing.ceilings)
    closed = await budget.close(crossing.me, wait_s, "a limit", grant.nonce)
    await crossing.answered(WasNotCreated(grant.nonce))
    crossing.asked -= 1
    return closed


async def limited(world: World, fit: int, ceilings: Ceilings = SET) -> Crossing:
    """A crossing whose account got so many writes through, and no more; the wait for that is over."""
    crossing = await writing(world, ceilings)
    for _ in range(fit):
        await crossing.done()
    await crossing.advance((await refused(crossing)).wait_s + PAST_S)
    return crossing


async def test_a_refusal_closes_the_gate_before_anybody_else_asks(world: World) -> None:
    """For as long as GitHub asked, or for a minute."""
    crossing = await writing(world, SET)

    closed = await refused(crossing, 30)

    assert 29 < closed.wait_s <= 30
    assert closed.cause == "a limit"
    assert isinstance(await crossing.ask(), GateClosed)


async def test_what_was_accepted_is_the_ceiling_from_then_on(world: World) -> None:
    """20 fitted into a minute: the 21st waits, and meets no refusal any more."""
    crossing = await limited(world, 20)

    for _ in range(20):
        await crossing.done()

    answer = await crossing.ask()
    assert isinstance(answer, Wait)
    assert answer.wait_s > 50


async def test_a_ceiling_that_is_set_stays_where_it_is_lower(world: World) -> None:
    """What was learned is for what is not known better."""
    crossing = await limited(world, 20)
    crossing.ceilings = replace(SET, per_minute=5)
    for _ in range(5):
        await crossing.done()

    assert isinstance(await crossing.ask(), Wait)


async def test_a_ceiling_is_learned_where_none_is_set(world: World) -> None:
    """An Enterprise Server that has limits after all: two refusals that agree make one."""
    crossing = await limited(world, 15, NO_CEILINGS)
    for _ in range(15):
        await crossing.done()
    await crossing.advance((await refused(crossing)).wait_s + PAST_S)

    for _ in range(15):
        await crossing.done()

    assert isinstance(await crossing.ask(), Wait)


@pytest.mark.parametrize("writes", [1, 5, 20])
@pytest.mark.parametrize(("asked_s", "waits_s"), [(5.0, 5), (None, 60)])
async def test_a_lone_refusal_without_ceilings_holds_nobody_longer_than_it_asked(
    world: World, writes: int, asked_s: float | None, waits_s: int
) -> None:
    """GitHub asked for five seconds, and the fleet waited for an hour."""
    crossing = await writing(world, NO_CEILINGS)
    for _ in range(writes):
        await crossing.done()

    closed = await refused(crossing, asked_s)
    assert round(closed.wait_s) == waits_s
    await crossing.advance(closed.wait_s + 0.1)

    for _ in range(40):
        await crossing.done()


async def test_a_second_refusal_after_the_wait_is_the_hours(world: World) -> None:
    """The minute was empty, so its ceiling is taken back; the hour's is what was accepted."""
    crossing = await limited(world, 20, replace(SET, per_minute=0))
    await crossing.advance((await refused(crossing)).wait_s + PAST_S)

    for _ in range(105):
        await crossing.done()

    answer = await crossing.ask()
    assert isinstance(answer, Wait)
    assert answer.wait_s > 3000


async def test_refusals_that_go_on_are_waited_for_longer(world: World) -> None:
    """60 s, doubling, however often the probe tries."""
    crossing = await writing(world, SET)
    waits = []
    for _ in range(3):
        closed = await refused(crossing)
        waits.append(round(closed.wait_s))
        await crossing.advance(closed.wait_s + PAST_S)

    assert waits == [60, 120, 240]


async def test_what_goes_on_is_not_hammered_even_where_little_is_asked(world: World) -> None:
    """An answer that asks for five seconds, again and again, is not believed for ever."""
    crossing = await writing(world, SET)
    waits = []
    for _ in range(3):
        closed = await refused(crossing, 5)
        waits.append(round(closed.wait_s))
        await crossing.advance(closed.wait_s + PAST_S)

    assert waits == [5, 120, 240]


async def test_a_repeated_closing_teaches_nothing_twice(world: World) -> None:
    """Its answer may be lost, and the caller asks again."""
    crossing = await writing(world, SET)
    grant = await crossing.written()
    budget = world.gates(SET)

    first = await budget.close(ME, None, "a limit", grant.nonce)
    again = await budget.close(ME, None, "a limit", grant.nonce)

    assert round(first.wait_s) == round(again.wait_s) == 60


async def test_a_refused_read_teaches_nothing_of_writes(world: World) -> None:
    """The gate closes, and the ceilings stay."""
    crossing = await writing(world, SET)
    for _ in range(15):
        await crossing.done()
    await world.gates(SET).close(ME, 10, "a limit of reads")
    await crossing.advance(11)

    for _ in range(40):
        await crossing.done()


async def test_another_accounts_ceiling_is_its_own(world: World) -> None:
    """Limits are the account's."""
    crossing = await limited(world, 12)
    crossing.me = Credential("account-2", "fingerprint-2")

    for _ in range(30):
        await crossing.done()


async def test_a_write_in_hand_is_not_taken_for_accepted(world: World) -> None:
    """The limit is not known yet: only what was answered fits for certain."""
    crossing = await writing(world, replace(NO_CEILINGS, per_minute=80))
    for _ in range(25):
        await crossing.done()
    in_hand = await crossing.written()
    closed = await refused(crossing)
    await crossing.advance(closed.wait_s + PAST_S)
    crossing.asked += 1
    await crossing.answered(WasCreated(99, in_hand.nonce))

    for _ in range(25):
        await crossing.done()

    assert isinstance(await crossing.ask(), Wait)


async def test_a_quiet_time_raises_the_ceiling(world: World) -> None:
    """The minute's after three hours, by a tenth, and the next caller has it at once."""
    crossing = await limited(world, 20)
    await crossing.advance(10801)

    for _ in range(22):
        await crossing.done()

    assert isinstance(await crossing.ask(), Wait)


async def test_whoever_would_wait_for_a_ceiling_that_is_due_to_be_raised_need_not(
    world: World,
) -> None:
    """The raise comes with the question that finds it due."""
    crossing = await limited(world, 20)
    await crossing.advance(10720)
    for _ in range(20):
        await crossing.done()
    assert isinstance(await crossing.ask(), Wait)
    crossing.asked -= 1
    await crossing.advance(30)

    assert isinstance(await crossing.ask(), Granted)


# ----------------------------------------------------------------------- points, and calls of any kind


async def test_reads_and_writes_share_the_points_of_a_minute(world: World) -> None:
    """900 of them: a read costs one, a write five."""
    meter, crossing = world.meter(SET), await writing(world, SET)
    for _ in range(896):
        await meter.admit(ME.account)

    answer = await crossing.ask()
    assert isinstance(answer, Wait)
    assert 50 < answer.wait_s <= 63

    await crossing.advance(63)
    await crossing.done()


async def test_without_ceilings_points_are_not_counted(world: World) -> None:
    """An Enterprise Server without limits."""
    meter, crossing = world.meter(NO_CEILINGS), await writing(world, NO_CEILINGS)
    for _ in range(1000):
        await meter.admit(ME.account)

    await crossing.done()


async def test_reads_of_another_account_cost_it_nothing(world: World) -> None:
    """Points are the account's."""
    meter, crossing = world.meter(SET), await writing(world, SET)
    for _ in range(899):
        await meter.admit("account-2")

    await crossing.done()


async def test_a_limit_on_calls_that_is_nearly_used_up_lets_nobody_write(world: World) -> None:
    """What is left is for those who read back what they wrote; and everybody waits for the new count."""
    meter, crossing = world.meter(SET), await writing(world, SET)
    await meter.standing(ME.account, 20, 1200)

    answer = await crossing.ask()

    assert isinstance(answer, GateClosed)
    assert 1190 < answer.wait_s <= 1200
    await crossing.advance(1201)
    await crossing.done()


async def test_an_older_answer_does_not_bring_calls_back(world: World) -> None:
    """Answers come out of order: within one count what remains only falls."""
    meter, crossing = world.meter(SET), await writing(world, SET)
    await meter.standing(ME.account, 20, 1200)
    await world.meter(SET).standing(ME.account, 25, 1201)

    assert isinstance(await crossing.ask(), GateClosed)


async def test_a_new_count_brings_calls_back(world: World) -> None:
    """It ends later than the one before."""
    meter, crossing = world.meter(SET), await writing(world, SET)
    await meter.standing(ME.account, 0, 10)
    await meter.standing(ME.account, 5000, 3600)

    await crossing.done()


async def test_a_refusal_for_want_of_calls_teaches_nothing_of_writes(world: World) -> None:
    """It is the limit on calls of any kind, and says so."""
    crossing = await writing(world, SET)
    for _ in range(12):
        await crossing.done()
    grant = await crossing.written()
    await world.meter(SET).standing(ME.account, 0, 50)
    closed = await world.gates(SET).close(ME, 50, "no calls left", grant.nonce)
    await crossing.answered(WasNotCreated(grant.nonce))
    await crossing.advance(61)

    assert round(closed.wait_s) == 50
    for _ in range(40):
        await crossing.done()


@pytest.mark.parametrize("remaining", [5000, 1000])
async def test_plenty_of_calls_hold_up_nobody(world: World, remaining: int) -> None:
    """The usual case."""
    await world.meter(SET).standing(ME.account, remaining, 3600)
    crossing = await writing(world, SET)

    await crossing.done()
