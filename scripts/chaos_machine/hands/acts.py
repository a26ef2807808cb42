"""What the hands of the acts share: a person gives a command until it is taken, and others touch copies meanwhile.

Commands are those that are shipped, run as people run them. One that fails, since Valkey is away or the request has not
ended yet, is given again: each promises that this is safe.
"""

import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import anyio
from valkey.exceptions import ValkeyError

from monarch.sandbox.control.seed import IssueChange
from monarch.sandbox.control.views import IssueView
from scripts.chaos_machine.hands.deeds import LOOK_EVERY_S, WITHIN_S, ask_and_fill, until_ended
from scripts.chaos_machine.record import Act, Touch
from scripts.chaos_machine.scenes import AFTER, Scene
from scripts.chaos_machine.sender import by_command
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.world import World

PRESSES: Final = 6
PRESS_AGAIN_S: Final = 4.0
TOUCH_WITHIN_S: Final = 5.0
"""How long after the command is given the last touch comes, in seconds."""

TOUCHES: Final[dict[str, dict[str, Any]]] = {
    "commented": {"further_comments": 1},
    "reacted to": {"further_reactions": 1},
    "labelled": {"labels": ("later",)},
    "assigned": {"assignees": ("student",)},
    "edited": {"body": "We do it our way."},
    "renamed": {"title": "Ours"},
    "closed": {"state": "closed"},
}
"""What people do to an issue, in a word, and how."""


def dice_of(world: World, fault: Fault) -> random.Random:
    """The dice of one fault: what people do in it derives from the seed."""
    return random.Random(f"{world.plan.seed} {fault.kind} {fault.at_s}")  # noqa: S311 - a plan, no secret


async def copied(world: World, scene: Scene) -> str | None:
    """Ask for the scene and wait for its end; the id of its request, `None` where Valkey does not know it any more."""
    if not await ask_and_fill(world, scene, AFTER) or not await until_ended(world, scene):
        return None
    return request_of(world, scene.wish)


def request_of(world: World, wish: int | None) -> str | None:
    """The first request that a producer was told of for that message, in this memory of Valkey's."""
    return next((one for one, number in world.diary.told.items() if number == wish), None)


async def press(world: World, *words: str) -> str | None:
    """Give a command until it is taken; what it printed, `None`: it never was."""
    for _again in range(PRESSES):
        told = await by_command(world, *words)
        if told is not None:
            return told
        await anyio.sleep(PRESS_AGAIN_S)
    return None


# ----------------------------------------------------------------------------------------- the acts


async def asked_for(world: World, kind: str, scene: Scene, target: str = "") -> int:
    """Write down that a person asks for an act now; returns its place in the diary."""
    repository = (await world.sandbox.repository(target or scene.team)).id
    world.diary.acts.append(Act(kind, time.time(), repository, scene.source))
    return len(world.diary.acts) - 1


def has_ended(world: World, act: int) -> None:
    """Write down that its end was seen."""
    world.diary.acts[act] = replace(world.diary.acts[act], ended=time.time())


async def act_on(world: World, scene: Scene, request: str, kind: str) -> bool:
    """Ask for a recall or its undoing and follow it to its end; whether that was seen."""
    words = ("recall", request, "--undo") if kind == "undo" else ("recall", request)
    act = await asked_for(world, kind, scene)
    if await press(world, *words, "--by", "chaos") is None:
        return False
    migration = f"{{monarch}}:migration:{request}:{scene.team}"

    async def is_over() -> bool:
        told: bytes | None = await world.client.hget(migration, "acted")
        return told == kind.encode()

    is_seen = await until(is_over)
    if is_seen:
        has_ended(world, act)
    return is_seen


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = WITHIN_S) -> bool:
    """Wait until something holds that Valkey is asked for; whether that was in time."""
    with anyio.move_on_after(within_s):
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            try:
                if await holds():
                    return True
            except (ValkeyError, OSError):
                continue
    return False


# ------------------------------------------------------------------------------------------- people


async def open_tickets(world: World, source: str) -> list[IssueView]:
    """The tickets of a source, in its order."""
    issues = (await world.sandbox.repository(source)).issues
    return [one for one in issues if one.state == "open" and not one.pull_request]


async def touch(world: World, name: str, number: int, what: str) -> None:
    """A person does that to an issue; it is written down when GitHub has it."""
    repository, change = (await world.sandbox.repository(name)).id, TOUCHES[what]
    # Before, so that what Monarch does meanwhile is not taken for altered.
    world.diary.touched.add((repository, number))
    await world.sandbox.update_issue(IssueChange(repo=name, number=number, **change))
    touched = Touch(time.time(), repository, number, what, change.get("title"), change.get("body"))
    world.diary.touches.append(touched)


async def touch_some(
    world: World,
    name: str,
    numbers: Iterable[int],
    dice: random.Random,
    *,
    within_s: float = 0.0,
    but: tuple[str, ...] = (),
) -> None:
    """People do something to each of these issues, each at its moment within so many seconds."""

    async def one(number: int, after_s: float, what: str) -> None:
        await anyio.sleep(after_s)
        await touch(world, name, number, what)

    words = [what for what in TOUCHES if what not in but]
    async with anyio.create_task_group() as group:
        for number in numbers:
            group.start_soon(one, number, dice.random() * within_s, dice.choice(words))
