"""Since when a gate is closed: what counts down from a minute again and again says for how long it has done so."""

from dataclasses import replace

from monarch.adapters.valkey.refusals import ValkeyRefusals
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.core.budget.ceilings import Ceilings
from tests.contracts.crossings import writing
from tests.contracts.moves import ME
from tests.contracts.worlds import World


async def closed_for_s(world: World) -> float | None:
    """For how long the snapshot says that the gate has been closed; `None`: it is open."""
    seen = await FleetReader(world.client, world.keys, "tickets", Ceilings()).snapshot()
    since = [one.gate_since_ms for one in seen.accounts if one.gate_since_ms is not None]
    return (seen.at_ms - min(since)) / 1000 if since else None


async def test_a_gate_that_closes_again_has_been_closed_all_along(world: World) -> None:
    """A limit that comes back each minute for an hour is an hour, and not a minute sixty times."""
    await world.budget.close(ME, 60, "a limit")
    await world.advance(61)
    assert await closed_for_s(world) is None

    await world.budget.close(ME, 60, "a limit")

    assert 61 <= (await closed_for_s(world) or 0) < 120


async def test_a_gate_that_an_answer_opened_begins_anew(world: World) -> None:
    """What got through ends the closing."""
    await world.budget.close(ME, 60, "a limit")
    await world.advance(61)
    await (await writing(world)).done()

    await world.budget.close(ME, 60, "a limit")

    assert (await closed_for_s(world) or 0) < 60


async def test_a_gate_that_nobody_asked_for_long_begins_anew(world: World) -> None:
    """Closed yesterday, no work since, closed now: that is not a day."""
    await world.budget.close(ME, 60, "a limit")
    await world.advance(1_000)

    await world.budget.close(ME, 60, "a limit")

    assert (await closed_for_s(world) or 0) < 60


async def test_the_gate_of_an_account_that_was_replaced_holds_up_no_one(world: World) -> None:
    """Workers with another token did all of it within seconds, and every forecast waited an hour for the former one."""
    former = replace(ME, account="user:1")
    await world.budget.close(former, 3_600, "a limit")
    assert await closed_for_s(world) is not None

    await world.advance(1)
    await ValkeyRefusals(world.client, world.scripts, world.keys).note(None, "user:2")

    assert await closed_for_s(world) is None


async def test_the_gates_of_an_apps_accounts_all_count(world: World) -> None:
    """An App writes as another account for each owner, at the same time."""
    await world.budget.close(replace(ME, account="installation:1"), 3_600, "a limit")
    await world.advance(1)
    await ValkeyRefusals(world.client, world.scripts, world.keys).note(None, "installation:2")

    assert await closed_for_s(world) is not None
