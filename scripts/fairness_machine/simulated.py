"""The cases on a virtual clock, with the limits as they are set by default.

Workers as the program assembles them and the scripts as they are shipped, over a Valkey in memory; the sandbox's GitHub, which has
the same limits, in this process. Each call takes as long as is said here, so each run gives the same figures.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Final

import anyio
import trio._core._run as trio_run
from trio.testing import MockClock

from monarch.core.ids import RequestId
from scripts.fairness_machine.cases import BEGUN, Case, Setup, Took
from scripts.fairness_machine.town import Town
from scripts.fleet_machine.fleet import a_message, a_seed

SMALL: Final = "school/small"
COHORT, OTHER_COHORT = "C1", "C2"
SEED: Final = 1
WITHIN_S: Final = 7 * 24 * 3600.0


def run(case: Case, setup: Setup) -> Took:
    """One case in a world of its own."""
    # Trio shuffles what is ready, on purpose, and workers throw dice: both are loaded, as in the stories of seams.
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc] # noqa: SLF001 - Final, and its own plugin sets it
    trio_run._r.seed(SEED)  # noqa: SLF001 - there is no other way
    random.seed(SEED)
    clock = MockClock(autojump_threshold=0)
    story = partial(_run, case, setup)
    return anyio.run(story, backend="trio", backend_options={"clock": clock})


async def _run(case: Case, setup: Setup) -> Took:
    town = Town()
    await town.open(a_seed(setup.tickets, [*setup.large, SMALL]))
    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as fleet:
            for n in range(setup.workers):
                fleet.start_soon(town.worker(f"worker-{n}").run)
            took = await _measured(case, setup, town)
            fleet.cancel_scope.cancel()
    return took


async def _measured(case: Case, setup: Setup, town: Town) -> Took:
    ended: dict[str, float] = {}
    async with anyio.create_task_group() as waiting:
        if case.large:
            large = await town.send(a_message(setup.large, channel=COHORT))
            waiting.start_soon(_follow, town, large, partial(ended.__setitem__, "large"))
        if case.large and case.small:
            await town.until(lambda: town.copied(large, setup.large[0]) >= BEGUN)
        if case.small:
            channel = COHORT if case.same_cohort else OTHER_COHORT
            small = await town.send(a_message([SMALL], channel=channel))
            waiting.start_soon(_follow, town, small, partial(ended.__setitem__, "small"))
    return Took(ended.get("small"), ended.get("large"))


async def _follow(town: Town, request: RequestId, ended: Callable[[float], None]) -> None:
    """Tell after how many seconds a request is done."""
    began_s = anyio.current_time()
    await town.until(lambda: town.state(request) == "done")
    ended(anyio.current_time() - began_s)
