"""The hands on the fleet's surroundings: for a while it is somebody else, or its clock is wrong."""

from typing import Final

import anyio

from monarch.sandbox import faults
from monarch.sandbox.control.seed import Seed
from scripts.chaos_machine.hands.deeds import Hand, ask, calls_about, is_filled, until_ended
from scripts.chaos_machine.hands.workers import replace_all
from scripts.chaos_machine.record import Finding
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World, team_seed

LOGINS: Final = {"account.nameless": "monarch[bot]", "account.switched": "monarch-two"}
AHEAD_S: Final = {"clock.fast": 600, "clock.slow": -600}
FILLED_WITHIN_S: Final = 90.0
"""The whole fleet is somebody else for no longer than that, and others wait for their turn."""

APPEARS_AFTER_S: Final = 8.0
"""A generated repository may take so long to appear, in seconds; Monarch is told to have patience for 20."""

GIVES_UP_WITHIN_S: Final = 240.0
"""A target that never appears is given up by then, in seconds, with new epochs, closed gates and a backlog in between."""


async def _be_somebody_else(world: World, watch: Watch, fault: Fault) -> str | None:
    """Another token, by a restart; two answers are lost while it is used. Then the old one again."""
    scene = fault.stage
    async with world.account_hand:
        world.login = LOGINS[fault.kind]
        await replace_all(world, watch)
        creates = await calls_about(world, scene.team, "POST")
        rule = await world.sandbox.add_fault(faults.DropAfter(), match=creates, nth=2, times=2)
        await ask(world, scene)
        is_met = await is_filled(world, scene, within_s=FILLED_WITHIN_S)
        await anyio.sleep(fault.length_s)
        world.login = "monarch-bot"
        await replace_all(world, watch)
        await world.sandbox.remove_faults(rule)
    return f"as {LOGINS[fault.kind]}" if is_met else None


async def _misset_clocks(world: World, watch: Watch, fault: Fault) -> str | None:
    """Every worker's clock is wrong by ten minutes, by a restart, while a target is awaited."""
    async with world.account_hand:
        world.clock_ahead_s = AHEAD_S[fault.kind]
        await replace_all(world, watch)
        if fault.kind == "clock.fast":
            await _await_late_target(world, fault)
        else:
            await _await_nobody(world, fault)
        world.clock_ahead_s = 0
        await replace_all(world, watch)
    return f"{AHEAD_S[fault.kind]} s"


async def _await_late_target(world: World, fault: Fault) -> None:
    """It appears some seconds after the message: soon enough for anybody with a right clock."""
    scene = fault.stage
    team = {**team_seed(scene.team), "appears_after_seconds": APPEARS_AFTER_S}
    await world.sandbox.seed(Seed.model_validate({"repositories": [team]}))
    await ask(world, scene)
    await anyio.sleep(fault.length_s)


async def _await_nobody(world: World, fault: Fault) -> None:
    """It never appears, and is given up as soon as patience says, by the server's clock."""
    await ask(world, fault.stage)
    lives = world.diary.lives
    if not await until_ended(world, fault.stage, GIVES_UP_WITHIN_S) and lives == world.diary.lives:
        what = f"{fault.stage.team} was still waited for after {GIVES_UP_WITHIN_S:.0f} s"
        world.diary.found.append(Finding("late end", what))


FLEET: Final[dict[str, Hand]] = {
    "account.nameless": _be_somebody_else,
    "account.switched": _be_somebody_else,
    "clock.fast": _misset_clocks,
    "clock.slow": _misset_clocks,
}
