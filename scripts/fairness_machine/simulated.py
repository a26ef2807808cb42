"""The cases on a virtual clock: the house of the stage tests, with the limits as they are set by default.

Workers, scripts and adapters are those of production over a Valkey in memory; GitHub answers at once. So the ceilings alone
take time, and each run gives the same figures.
"""

from collections.abc import Callable
from functools import partial

import anyio
from trio.testing import MockClock

from monarch.core.budget.ceilings import Ceilings
from monarch.core.ids import RequestId
from scripts.fairness_machine.cases import BEGUN, Case, Setup, Took
from tests.stages.house import SOURCE, House

SMALL, COHORT, OTHER_COHORT = "school/small", "C1", "C2"
WITHIN_S = 7 * 24 * 3600.0


def run(case: Case, setup: Setup) -> Took:
    """One case in a world of its own."""
    clock = MockClock(autojump_threshold=0)
    story = partial(_run, case, setup)
    return anyio.run(story, backend="trio", backend_options={"clock": clock})


async def _run(case: Case, setup: Setup) -> Took:
    house = _a_house(setup)
    over = anyio.Event()
    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as fleet:
            for n in range(setup.workers):
                fleet.start_soon(house.worker(f"worker-{n}").run, over.wait)
            took = await _measured(case, setup, house)
            over.set()
    return took


def _a_house(setup: Setup) -> House:
    house = House(Ceilings())
    house.github.add(SOURCE, *(f"Ticket {n}" for n in range(setup.tickets)))
    for name in (*_teams(setup), SMALL):
        house.github.add(name)
    return house


def _teams(setup: Setup) -> list[str]:
    return [f"school/team-{n:02}" for n in range(setup.teams)]


async def _measured(case: Case, setup: Setup, house: House) -> Took:
    ended: dict[str, float] = {}
    async with anyio.create_task_group() as waiting:
        if case.large:
            large = house.publish(*_teams(setup), channel=COHORT)
            waiting.start_soon(_follow, house, large, partial(ended.__setitem__, "large"))
            await house.until(lambda: _copied(house, setup) >= BEGUN or not case.small)
        if case.small:
            channel = COHORT if case.same_cohort else OTHER_COHORT
            small = house.publish(SMALL, channel=channel)
            waiting.start_soon(_follow, house, small, partial(ended.__setitem__, "small"))
    return Took(ended.get("small"), ended.get("large"))


async def _follow(house: House, request: RequestId, ended: Callable[[float], None]) -> None:
    """Tell after how many seconds a request is done."""
    began_s = anyio.current_time()
    await house.until(lambda: house.store.requests[request].get("state") == "done")
    ended(anyio.current_time() - began_s)


def _copied(house: House, setup: Setup) -> int:
    """How many copies the first team has."""
    return len(house.github.issues(_teams(setup)[0]))
