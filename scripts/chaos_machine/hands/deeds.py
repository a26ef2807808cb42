"""What the hands of the edges share: a scene's message is sent, and something is done when its target is half full."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from valkey.exceptions import ValkeyError

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.faults import Match
from scripts.chaos_machine.record import ENDS
from scripts.chaos_machine.scenes import Scene
from scripts.chaos_machine.sender import send
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World, team_seed

Hand = Callable[[World, Watch, Fault], Awaitable[str | None]]

HALF: Final = 4
"""Copies after which a target of twelve tickets is half full."""

LOOK_EVERY_S: Final = 0.5

WITHIN_S: Final = 180.0
"""How long a hand waits for its moment, in seconds: a new epoch, a pause and a closed gate may come in between."""


async def ask(world: World, scene: Scene) -> None:
    """Send the scene's message; returns when its producer was told that it is on disk."""
    if scene.wish is not None:
        await send(world, scene.wish, world.plan.wishes[scene.wish])


async def is_filled(
    world: World, scene: Scene, copies: int = HALF, within_s: float = WITHIN_S
) -> bool:
    """Wait until so many copies have been made in the scene's target; whether they were in time."""
    return await world.sandbox.wait(created=copies, repo=scene.team, timeout_seconds=within_s)


async def ask_and_fill(world: World, scene: Scene, copies: int = HALF) -> bool:
    """Both."""
    await ask(world, scene)
    return await is_filled(world, scene, copies)


async def make(world: World, name: str) -> int:
    """Make an empty repository of that name; returns its id."""
    made = await world.sandbox.seed(Seed.model_validate({"repositories": [team_seed(name)]}))
    return made[name]


async def calls_about(world: World, name: str, method: str) -> Match:
    """Calls about the issues of a repository, by its name or by its id."""
    number = (await world.sandbox.repository(name)).id
    path = rf"^(/repos/{name}|/repositories/{number})/issues$"
    return Match(api="github", method=method, path_regex=path)


async def until_ended(world: World, scene: Scene, within_s: float = WITHIN_S) -> bool:
    """Wait until every request for the scene has ended; whether that was in time."""
    with anyio.move_on_after(within_s):
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            try:
                if await has_ended(world, scene):
                    return True
            except (ValkeyError, OSError):
                continue
    return False


async def has_ended(world: World, scene: Scene) -> bool:
    """Whether every request for the scene that Valkey knows of has ended; raises what its client raises."""
    requests = [one for one, number in world.diary.told.items() if number == scene.wish]
    states = [await world.client.hget(f"{{monarch}}:request:{one}", "state") for one in requests]
    return all(state is None or state.decode() in ENDS for state in states)
