"""The hands for teams that come otherwise: filled by the predecessor, in portions, put first, or missed."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import anyio

from monarch.sandbox.control.seed import Seed
from scripts.chaos_machine.hands.acts import (
    act_on,
    asked_for,
    copied,
    dice_of,
    has_ended,
    open_tickets,
    press,
    request_of,
    touch,
)
from scripts.chaos_machine.hands.deeds import Hand, ask, until_ended
from scripts.chaos_machine.record import Ask, Finding
from scripts.chaos_machine.scenes import AFTER
from scripts.chaos_machine.sender import by_command, send
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.wishes import message
from scripts.chaos_machine.world import World, team_seed

OURS: Final = "monarch-bot"
ZONE: Final = timezone(timedelta(hours=1))
SWEEPS: Final = 4
FILLED_WITHIN_S: Final = 60.0


async def _adopt(world: World, _: Watch, fault: Fault) -> str | None:
    """The predecessor has filled the team, or half of it; people edit one, and the message comes again."""
    scene, dice = fault.stage, dice_of(world, fault)
    tickets = await open_tickets(world, scene.source)
    dice.shuffle(tickets)
    there = tickets[: dice.choice((AFTER, AFTER // 2))]
    # Its `$` before the text and a line end after it; its order is that of a set.
    issues = [{"title": one.title, "body": f"${one.body}\n", "author": OURS} for one in there]
    fields = {**team_seed(scene.team), "issues": issues}
    await world.sandbox.seed(Seed.model_validate({"repositories": [fields]}))
    await ask(world, scene)
    if not await until_ended(world, scene):
        return None
    await touch(world, scene.team, dice.randint(1, len(there)), dice.choice(("edited", "labelled")))
    await ask(world, scene)
    request = request_of(world, scene.wish)
    if await until_ended(world, scene) and request is not None:
        await act_on(world, scene, request, "recall")
    return f"{len(there)} in {scene.team}"


async def _portions(world: World, _: Watch, fault: Fault) -> str | None:
    """The first sprint now, the second one on its date."""
    scene = fault.stage
    [later] = scene.later
    wish = world.plan.wishes[later]
    at = datetime.now(ZONE) + timedelta(seconds=fault.length_s)
    payload = message(
        wish.source, list(wish.targets), wish.channel, wish.milestones, at.isoformat()
    )
    dated = replace(wish, payload=payload, not_before=at.timestamp())
    world.diary.sent[later] = dated
    async with anyio.create_task_group() as group:
        group.start_soon(send, world, later, dated)
        group.start_soon(ask, world, scene)
    return f"{scene.team} at {at.isoformat()}"


async def _first(world: World, _: Watch, fault: Fault) -> str | None:
    """A person puts a small request before a large one."""
    scene = fault.stage
    [small] = scene.later
    await ask(world, scene)
    await send(world, small, world.plan.wishes[small])
    request = request_of(world, small)
    told = None if request is None else await by_command(world, "first", request, "--by", "chaos")
    return None if told is None else str(request)


async def _missed(world: World, _: Watch, fault: Fault) -> str | None:
    """A repository is made and no message heard; two people look for it at once and ask for its tickets."""
    scene = fault.stage
    if await copied(world, scene) is None:
        return None
    [team] = scene.late
    await _generate(world, team, scene.source)
    act, lives = await asked_for(world, "missed", scene, team), world.diary.lives
    world.diary.asks.append(Ask(time.time(), scene.source, (team,), scene.channel))
    words = ("missed", team.partition("/")[0], "--since", "7d", "--submit", "--by", "chaos")
    for _again in range(SWEEPS):
        async with anyio.create_task_group() as group:
            group.start_soon(press, world, *words)
            group.start_soon(by_command, world, *words)
        if await world.sandbox.wait(created=AFTER, repo=team, timeout_seconds=FILLED_WITHIN_S):
            has_ended(world, act)
            return team
    if lives == world.diary.lives:
        what = f"{team} is not filled after {SWEEPS} sweeps"
        world.diary.found.append(Finding("not filled", what))
    return f"{team}, not filled"


async def _generate(world: World, team: str, source: str) -> None:
    """A repository that was made from the template ten minutes ago."""
    fields: dict[str, Any] = {
        **team_seed(team),
        "generated_from": source,
        "created_at": (datetime.now(UTC) - timedelta(minutes=10)).isoformat(),
    }
    await world.sandbox.seed(Seed.model_validate({"repositories": [fields]}))


ARRIVALS: Final[dict[str, Hand]] = {
    "after.adopt": _adopt,
    "after.portions": _portions,
    "after.first": _first,
    "after.missed": _missed,
}
