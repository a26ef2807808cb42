"""The budget within `ports.Ledger.permit`, and `ports.Budget`: the fleet shares one credential."""

from dataclasses import replace

import anyio
import pytest

from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.target.permission import (
    Credential,
    GateClosed,
    Permission,
    Wait,
    WasAnswered,
    WasCreated,
    WasNotCreated,
    WasUnanswered,
)
from tests.contracts.crossings import writing
from tests.contracts.moves import ME, is_left
from tests.contracts.worlds import NO_CEILINGS, World

MARGIN_S = Pace().margin_ms / 1000
"""Windows are taken for so much longer than GitHub's."""


def wait_of(answer: Permission) -> float:
    """How long to wait."""
    assert isinstance(answer, Wait)
    return answer.wait_s


async def test_without_ceilings_nobody_waits(world: World) -> None:
    """0 stands for none: an Enterprise Server without limits."""
    crossing = await writing(world)

    for _ in range(5):
        await crossing.written()


async def test_writes_keep_their_distance(world: World) -> None:
    """The next one may begin an interval after the one before began."""
    crossing = await writing(world, replace(NO_CEILINGS, interval_ms=20_000))
    began = anyio.current_time()
    await crossing.done()

    assert is_left(wait_of(await crossing.ask()), 20, began)
    await crossing.advance(20)
    await crossing.done()


@pytest.mark.parametrize(
    ("ceilings", "span_s"),
    [(replace(NO_CEILINGS, per_minute=2), 60), (replace(NO_CEILINGS, per_hour=2), 3600)],
)
async def test_a_full_window_says_when_it_has_room(
    world: World, ceilings: Ceilings, span_s: int
) -> None:
    """Windows slide: the oldest write in it says when."""
    crossing = await writing(world, ceilings)
    began = anyio.current_time()
    await crossing.done()
    await crossing.advance(span_s / 2)
    await crossing.done()

    assert is_left(wait_of(await crossing.ask()), span_s / 2 + MARGIN_S, began)
    await crossing.advance(span_s / 2 + MARGIN_S)
    await crossing.done()


async def test_a_write_that_came_to_nothing_gives_its_slot_back(world: World) -> None:
    """One at once: the next one need not wait for it."""
    crossing = await writing(world, replace(NO_CEILINGS, at_once=1))
    grant = await crossing.written()
    assert wait_of(await crossing.ask()) <= 1
    crossing.asked = 1

    await crossing.answered(WasNotCreated(grant.nonce))

    await crossing.written()


async def test_a_write_that_came_to_nothing_gives_its_place_in_the_windows_back(
    world: World,
) -> None:
    """GitHub does not count what it refused."""
    crossing = await writing(world, replace(NO_CEILINGS, per_hour=1))
    grant = await crossing.written()
    crossing.asked = 1
    await crossing.answered(WasNotCreated(grant.nonce))
    crossing.asked = 0

    await crossing.done()

    assert isinstance(await crossing.ask(), Wait)


async def test_what_came_to_nothing_keeps_its_distance_all_the_same(world: World) -> None:
    """It was a call, and calls that write are a second apart, whatever became of them."""
    crossing = await writing(world, replace(NO_CEILINGS, interval_ms=1000))
    grant = await crossing.written()
    await crossing.answered(WasNotCreated(grant.nonce))

    assert 0.5 < wait_of(await crossing.ask()) <= 1


async def test_an_answered_write_gives_its_slot_back(world: World) -> None:
    """Whatever it made."""
    crossing = await writing(world, replace(NO_CEILINGS, at_once=1))
    grant = await crossing.written(None)
    assert isinstance(await crossing.ask(), Wait)

    await crossing.answered(WasAnswered(grant.nonce), None)

    await crossing.written()


async def test_every_write_counts(world: World) -> None:
    """A label takes from the same windows as an issue."""
    crossing = await writing(world, replace(NO_CEILINGS, per_hour=2))
    for _ in range(2):
        grant = await crossing.written(None)
        await crossing.answered(WasAnswered(grant.nonce), None)

    assert isinstance(await crossing.ask(), Wait)


async def test_an_unanswered_write_gives_its_slot_back(world: World) -> None:
    """Its writer waits for it, and no other."""
    crossing = await writing(world, replace(NO_CEILINGS, at_once=1))
    grant = await crossing.written()

    await crossing.answered(WasUnanswered(grant.nonce))

    await crossing.written()


async def test_a_dead_writers_slot_runs_out(world: World) -> None:
    """A worker that dies with a write in hand blocks the fleet for 15 s."""
    crossing = await writing(world, replace(NO_CEILINGS, at_once=1))
    await crossing.written()
    await crossing.advance(12)
    assert isinstance(await crossing.ask(), Wait)
    await crossing.advance(3.5)

    await crossing.written()


async def test_another_account_has_a_budget_of_its_own(world: World) -> None:
    """Limits are the account's."""
    crossing = await writing(world, replace(NO_CEILINGS, per_hour=1))
    await crossing.done()
    assert isinstance(await crossing.ask(), Wait)

    crossing.me = Credential("account-2", "fingerprint-2")

    await crossing.written()


# ---------------------------------------------------------------------------------------------- gate


async def test_an_open_gate_says_nothing(world: World) -> None:
    """Calls may be made."""
    assert await world.budget.gate(ME) is None


async def test_a_gate_closes_for_as_long_as_it_was_told(world: World) -> None:
    """And opens by itself."""
    began = anyio.current_time()
    closed = await world.budget.close(ME, 30, "a limit")

    assert closed.cause == "a limit"
    assert is_left(closed.wait_s, 30, began)
    await world.advance(31)
    assert await world.budget.gate(ME) is None


async def test_a_closing_never_shortens_another(world: World) -> None:
    """Two workers meet two limits: the longer wait counts."""
    await world.budget.close(ME, 300, "the long one")

    closed = await world.budget.close(ME, 10, "the short one")

    assert closed.wait_s > 290


async def test_a_limit_without_a_time_doubles_while_it_goes_on(world: World) -> None:
    """60 s, then 120 s, then 240 s, until a write succeeds."""
    waits = []
    for _ in range(3):
        closed = await world.budget.close(ME, None, "a limit")
        waits.append(round(closed.wait_s, -1))
        await world.advance(closed.wait_s + 1)
    crossing = await writing(world)
    await crossing.done()
    waits.append(round((await world.budget.close(ME, None, "a limit")).wait_s, -1))

    assert waits == [60, 120, 240, 60]


async def test_a_late_answer_does_not_open_a_gate_that_closed_meanwhile(world: World) -> None:
    """A write of before the limit is answered after it: the door stays closed, for everybody.

    The first version opened the gate on every 201, so that one late answer sent the fleet against the limit again.
    """
    crossing = await writing(world)
    grant = await crossing.written()
    await world.budget.close(ME, 300, "a limit")

    await crossing.answered(WasCreated(crossing.asked, grant.nonce))

    closed = await world.budget.gate(ME)
    assert closed is not None
    assert closed.wait_s > 290


async def test_a_token_is_closed_alone(world: World) -> None:
    """A revoked token says nothing about the account's next one."""
    await world.budget.close_token(ME, 60, "revoked")

    closed = await world.budget.gate(ME)

    assert isinstance(closed, GateClosed)
    assert closed.cause == "revoked"
    assert await world.budget.gate(replace(ME, fingerprint="rotated")) is None


async def test_one_probe_goes_first_through_an_opening_gate(world: World) -> None:
    """Not all at once into a door that may be closed still."""
    await world.budget.close(ME, 10, "a limit")
    await world.advance(11)
    crossing = await writing(world)
    grant = await crossing.written()
    assert isinstance(await crossing.ask(), Wait)
    crossing.asked = 1

    await crossing.answered(WasCreated(1, grant.nonce))

    await crossing.written()
    await crossing.written()


@pytest.mark.parametrize("fact", [WasNotCreated, WasUnanswered])
async def test_a_probe_into_a_bad_target_makes_nobody_wait_longer_than_its_write(
    world: World, fact: type[WasNotCreated | WasUnanswered]
) -> None:
    """A write that hung for 10 s was the first through an opening gate, and kept all others out for 5 s more."""
    await world.budget.close(ME, 10, "a limit")
    await world.advance(11)
    crossing = await writing(world)
    grant = await crossing.written()

    await crossing.answered(fact(grant.nonce))

    await crossing.written()
    assert isinstance(await crossing.ask(), Wait)


async def test_a_probe_that_comes_back_late_makes_way_for_nobody(world: World) -> None:
    """Its right had run out, and another one is under way."""
    await world.budget.close(ME, 10, "a limit")
    await world.advance(11)
    crossing = await writing(world)
    late = await crossing.written()
    await crossing.advance(15.5)
    await crossing.written()
    crossing.asked = 1

    await crossing.answered(WasUnanswered(late.nonce))

    crossing.asked = 2
    assert isinstance(await crossing.ask(), Wait)


async def test_any_answer_opens_a_gate_that_is_half_open(world: World) -> None:
    """The probe may be a label as well as an issue."""
    await world.budget.close(ME, 10, "a limit")
    await world.advance(11)
    crossing = await writing(world)
    grant = await crossing.written(None)

    await crossing.answered(WasAnswered(grant.nonce), None)

    await crossing.written()
    await crossing.written()


async def test_a_dead_probe_does_not_close_the_gate_for_ever(world: World) -> None:
    """Its right is a lease."""
    await world.budget.close(ME, 10, "a limit")
    await world.advance(11)
    crossing = await writing(world)
    await crossing.written()
    await crossing.advance(15.5)

    await crossing.written()
