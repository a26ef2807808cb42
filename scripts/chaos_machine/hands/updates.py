"""The hands that edit a template and bring it into the copies, while people edit those, too."""

from datetime import UTC, datetime
from typing import Any, Final

import anyio

from monarch.sandbox.control.seed import IssueChange, Seed
from monarch.sandbox.control.views import IssueView
from scripts.chaos_machine.hands.acts import (
    TOUCH_WITHIN_S,
    asked_for,
    copied,
    dice_of,
    has_ended,
    open_tickets,
    press,
    touch_some,
    until,
)
from scripts.chaos_machine.hands.deeds import Hand
from scripts.chaos_machine.record import ENDS
from scripts.chaos_machine.scenes import Scene
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World

EDITED: Final = 4
"""Tickets of the template that somebody edits or closes: two keep copies that people leave alone."""


async def _update(world: World, _: Watch, fault: Fault) -> str | None:
    """Edited tickets and a new one; given twice."""
    scene = fault.stage
    request = await copied(world, scene)
    if request is None:
        return None
    tickets = await open_tickets(world, scene.source)
    dice_of(world, fault).shuffle(tickets)
    for ticket in tickets[:EDITED:2]:
        await _edit(world, scene, ticket.number, body=f"{ticket.body}\nDo it better.\n")
    for ticket in tickets[1:EDITED:2]:
        await _edit(world, scene, ticket.number, title=f"{ticket.title} anew", labels=("hard",))
    await _add_one(world, scene)
    is_seen = await _brought(world, fault, request, tickets[:EDITED], "update")
    await press(world, "update", "--source", scene.source)
    return f"{scene.team}, {'ended' if is_seen else 'end not seen'}"


async def _update_and_close(world: World, _: Watch, fault: Fault) -> str | None:
    """The template has closed some tickets since; then it opens some of them again, and is brought in once more."""
    scene = fault.stage
    request = await copied(world, scene)
    if request is None:
        return None
    tickets = await open_tickets(world, scene.source)
    dice_of(world, fault).shuffle(tickets)
    for ticket in tickets[:EDITED]:
        await _edit(world, scene, ticket.number, state="closed")
    is_seen = await _brought(world, fault, request, tickets[:EDITED], "update-close")
    if is_seen:
        for ticket in tickets[:EDITED:2]:
            await _edit(world, scene, ticket.number, state="open")
        is_seen = await _pressed(world, scene, request, "update")
    return f"{scene.team}, {'ended' if is_seen else 'end not seen'}"


async def _brought(
    world: World, fault: Fault, request: str, tickets: list[IssueView], kind: str
) -> bool:
    """Ask for the update and see its end, while people touch copies of these tickets; whether it was seen."""
    scene, dice = fault.stage, dice_of(world, fault)
    titles = {one.former[0][0] if one.former else one.title for one in tickets}
    copies = (await world.sandbox.repository(scene.team)).issues
    numbers = [one.number for one in copies if one.title in titles]
    dice.shuffle(numbers)
    await touch_some(world, scene.team, numbers[:1], dice)
    seen: list[bool] = []
    async with anyio.create_task_group() as group:

        async def people() -> None:
            await touch_some(world, scene.team, numbers[1:2], dice, within_s=TOUCH_WITHIN_S)

        group.start_soon(people)
        seen.append(await _pressed(world, scene, request, kind))
    return all(seen)


async def _pressed(world: World, scene: Scene, request: str, kind: str) -> bool:
    """Ask for an update and wait for its end; whether it was seen."""
    words = ("--close",) if kind == "update-close" else ()
    act = await asked_for(world, kind, scene)
    told = await press(world, "update", request, *words)
    is_seen = told is not None and await is_done(world, told.split()[0])
    if is_seen:
        has_ended(world, act)
    return is_seen


async def is_done(world: World, request: str) -> bool:
    """Wait until a request has ended; whether it ended well."""
    state: bytes | None = None

    async def is_over() -> bool:
        nonlocal state
        state = await world.client.hget(f"{{monarch}}:request:{request}", "state")
        return state is None or state.decode() in ENDS

    return await until(is_over) and state == b"done"


async def _edit(world: World, scene: Scene, number: int, **change: Any) -> None:
    wish = IssueChange(repo=scene.source, number=number, by="teacher", **change)
    await world.sandbox.update_issue(wish)


async def _add_one(world: World, scene: Scene) -> None:
    issue = {
        "title": f"One more of {scene.source}",
        "body": "Do this, too.",
        "created_at": datetime.now(UTC).isoformat(),
    }
    repositories = [{"full_name": scene.source, "issues": [issue]}]
    await world.sandbox.seed(Seed.model_validate({"repositories": repositories}))


UPDATES: Final[dict[str, Hand]] = {
    "after.update": _update,
    "after.update_and_close": _update_and_close,
}
