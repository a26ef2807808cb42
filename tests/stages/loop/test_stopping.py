"""Stopping on a virtual clock: a worker ends in time, however late its last answer comes."""

from typing import Any

import anyio
import pytest
from valkey.exceptions import ConnectionError as CutOffError

from monarch.app.worker import WRITE_GRACE_S
from monarch.core.outcome import Created
from scripts.memory.client import Answer, Command
from tests.contracts.doubles.faults import Fault
from tests.stages.house import SOURCE, TEAM_A, House, pass_time

ENDS_WITHIN_S, LOOKED_EVERY_S = 10, 0.01


@pytest.mark.parametrize("answered_s", [0.0, 6.0, WRITE_GRACE_S - 0.01, 30.0])
async def test_an_answer_that_comes_late_while_valkey_is_away_delays_no_end(
    house: House, answered_s: float
) -> None:
    """It has to be recorded when there is hardly any time left, and cannot be; another worker finds the copy."""
    house.github.add(SOURCE, "One", "Two")
    house.github.add(TEAM_A)
    answer = Created(1, 1)
    house.github.faults.at("create_issue", 1, Fault(answer, takes_effect=True, after_s=answered_s))
    request = house.publish(TEAM_A)
    called_at: list[float] = []

    async def away(_command: Command, answer: Answer) -> Any:
        if not called_at:
            return await answer()
        raise CutOffError

    async with anyio.create_task_group() as tasks:
        stopping = house.worker("stopping", passage=away)
        tasks.start_soon(stopping.live)
        while not house.github.faults.count("create_issue"):
            await pass_time(LOOKED_EVERY_S)
        called_at.append(anyio.current_time())
        stopping.drain()
    ended_after_s = anyio.current_time() - called_at[0]
    await house.settle()

    assert min(answered_s, WRITE_GRACE_S) - LOOKED_EVERY_S <= ended_after_s < ENDS_WITHIN_S
    assert house.github.titles(TEAM_A) == ["One", "Two"]
    assert house.state(request) == "done"
    assert "stray.found" not in house.events
