"""The hands that take copies back, and give them back, while people touch them."""

import random
from typing import Final

import anyio

from scripts.chaos_machine.hands.acts import (
    TOUCH_WITHIN_S,
    act_on,
    asked_for,
    copied,
    dice_of,
    has_ended,
    touch_some,
    until,
)
from scripts.chaos_machine.hands.deeds import Hand, ask
from scripts.chaos_machine.record import Finding
from scripts.chaos_machine.scenes import AFTER, Scene
from scripts.chaos_machine.sender import by_command
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World

HEALINGS: Final = 4
HEALED_WITHIN_S: Final = 60.0
EARLY, MEANWHILE = 2, 2
"""Copies that people touch before a command, and while it is carried out."""


async def _recall(world: World, _: Watch, fault: Fault) -> str | None:
    """The message comes again afterwards, and makes nothing again."""
    scene = fault.stage
    request = await copied(world, scene)
    if request is None:
        return None
    is_seen = await _recalled(world, scene, request, dice_of(world, fault))
    await ask(world, scene)
    return f"{scene.team}, {'ended' if is_seen else 'end not seen'}"


async def _recalled(world: World, scene: Scene, request: str, dice: random.Random) -> bool:
    """People touch some copies before, and others meanwhile."""
    numbers = [one.number for one in (await world.sandbox.repository(scene.team)).issues]
    dice.shuffle(numbers)
    await touch_some(world, scene.team, numbers[:EARLY], dice)
    return await _while_touched(
        world, scene, request, "recall", numbers[EARLY : EARLY + MEANWHILE], dice
    )


async def _while_touched(
    world: World, scene: Scene, request: str, kind: str, numbers: list[int], dice: random.Random
) -> bool:
    """Ask for an act and see its end, while people touch these; whether the end was seen."""
    async with anyio.create_task_group() as group:

        async def people() -> None:
            # What is closed cannot be closed.
            but = ("closed",) if kind == "undo" else ()
            await touch_some(world, scene.team, numbers, dice, within_s=TOUCH_WITHIN_S, but=but)

        group.start_soon(people)
        is_seen = await act_on(world, scene, request, kind)
    return is_seen  # noqa: RET504 - to mypy a task group may swallow what ends it


async def _undo(world: World, _: Watch, fault: Fault) -> str | None:
    """What people have touched since the recall stays closed."""
    scene, dice = fault.stage, dice_of(world, fault)
    request = await copied(world, scene)
    if request is None or not await _recalled(world, scene, request, dice):
        return None
    closed = [
        one.number
        for one in (await world.sandbox.repository(scene.team)).issues
        if one.state_reason == "not_planned"
    ]
    dice.shuffle(closed)
    await touch_some(world, scene.team, closed[:1], dice, but=("closed",))
    is_seen = await _while_touched(world, scene, request, "undo", closed[1:2], dice)
    return f"{scene.team}, {'ended' if is_seen else 'end not seen'}"


async def _heal(world: World, _: Watch, fault: Fault) -> str | None:
    """A healing opens all that a recall has closed."""
    scene, dice = fault.stage, dice_of(world, fault)
    request = await copied(world, scene)
    if request is None or not await _recalled(world, scene, request, dice):
        return None
    act, lives = await asked_for(world, "heal", scene), world.diary.lives

    async def is_open() -> bool:
        issues = (await world.sandbox.repository(scene.team)).issues
        return not any(one.state_reason == "not_planned" for one in issues)

    for _again in range(HEALINGS):
        # It fails as long as something is missing, which it is until the healing has ended.
        await by_command(world, "verify", request, "--heal")
        if await until(is_open, HEALED_WITHIN_S):
            has_ended(world, act)
            return f"{AFTER} of {scene.team}"
    if lives == world.diary.lives:
        what = f"{scene.team} is not open after {HEALINGS} healings"
        world.diary.found.append(Finding("not reopened", what))
    return f"{scene.team}, not healed"


RECALLS: Final[dict[str, Hand]] = {
    "after.recall": _recall,
    "after.undo": _undo,
    "after.heal": _heal,
}
