"""The hands on repositories: a target becomes another one while it is filled, a source changes while it is read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import anyio

from monarch.sandbox import faults
from monarch.sandbox.control.seed import IssueChange, RepositoryChange, Seed
from scripts.chaos_machine.hands.deeds import (
    WITHIN_S,
    Hand,
    ask,
    ask_and_fill,
    calls_about,
    make,
)
from scripts.chaos_machine.scenes import PAGE, Template
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World, template_seed

# ------------------------------------------------------------------------------------------ targets


async def _regenerate(world: World, _: Watch, fault: Fault) -> str | None:
    """Delete the target and generate it anew; the platform may ask again, and GitHub may be late with one answer."""
    scene = fault.stage
    if not await ask_and_fill(world, scene):
        return None
    late = None
    if fault.kind == "repository.regenerated_late":
        delay = faults.Delay(seconds=fault.length_s)
        late = await world.sandbox.add_fault(
            delay, match=await calls_about(world, scene.team, "POST")
        )
        await world.sandbox.wait(fault=late, hits=1, timeout_seconds=fault.length_s)
    await world.sandbox.delete_repository(scene.team)
    number = await make(world, scene.team)
    if fault.kind != "repository.regenerated":
        await ask(world, scene)
    if late is not None:
        await anyio.sleep(fault.length_s)
        await world.sandbox.remove_faults(late)
    return f"{scene.team} is {number} now"


async def _rename(world: World, _: Watch, fault: Fault) -> str | None:
    scene, kind = fault.stage, fault.kind
    if not await ask_and_fill(world, scene):
        return None
    name = scene.team.partition("/")[2]
    new = f"alumni/{name}" if kind == "repository.transferred" else f"{scene.team}-renamed"
    await world.sandbox.update_repository(RepositoryChange(repo=scene.team, rename_to=new))
    if kind == "repository.renamed_with_successor":
        await make(world, scene.team)
    return f"{scene.team} is {new} now"


async def _swap(world: World, _: Watch, fault: Fault) -> str | None:
    """The target and a repository that nobody asks for exchange their names."""
    scene = fault.stage
    [other] = scene.others
    if not await ask_and_fill(world, scene):
        return None
    for old, new in ((scene.team, f"{other}-moving"), (other, scene.team)):
        await world.sandbox.update_repository(RepositoryChange(repo=old, rename_to=new))
    change = RepositoryChange(repo=f"{other}-moving", rename_to=other)
    await world.sandbox.update_repository(change)
    return f"{scene.team} and {other}"


async def _delete(world: World, _: Watch, fault: Fault) -> str | None:
    if not await ask_and_fill(world, fault.stage):
        return None
    await world.sandbox.delete_repository(fault.stage.team)
    return fault.stage.team


# ------------------------------------------------------------------------------------------ sources


def _between_pages(deed: Callable[[World, str], Awaitable[None]]) -> Hand:
    """A hand that does something to a source after the first page of its listing was read."""

    async def hand(world: World, _: Watch, fault: Fault) -> str | None:
        scene = fault.stage
        lists = await calls_about(world, scene.source, "GET")
        rule = await world.sandbox.add_fault(faults.Hold(), match=lists, nth=2)
        async with anyio.create_task_group() as group:
            group.start_soon(ask, world, scene)
            is_met = await world.sandbox.wait(fault=rule, hits=1, timeout_seconds=WITHIN_S)
            if is_met:
                await deed(world, scene.source)
            await world.sandbox.remove_faults(rule)
        return scene.source if is_met else None

    return hand


async def _close_one(world: World, source: str) -> None:
    await world.sandbox.update_issue(IssueChange(repo=source, number=PAGE - 4, state="closed"))


async def _delete_one(world: World, source: str) -> None:
    await world.sandbox.delete_issue(source, 3)


async def _open_one(world: World, source: str) -> None:
    issue = {"title": f"One more of {source}", "created_at": datetime.now(UTC).isoformat()}
    repositories = [{"full_name": source, "issues": [issue]}]
    await world.sandbox.seed(Seed.model_validate({"repositories": repositories}))


async def _edit_one(world: World, source: str) -> None:
    change = IssueChange(repo=source, number=PAGE - 4, body="Do it otherwise.")
    await world.sandbox.update_issue(change)


async def _hide(world: World, _: Watch, fault: Fault) -> str | None:
    """No listing has ever shown the second ticket."""
    await ask(world, fault.stage)
    return fault.stage.source


async def _make_just_now(world: World, _: Watch, fault: Fault) -> str | None:
    """A template that was made a moment ago, and whose listing does not know yet."""
    scene = fault.stage
    size = next(one.tickets for one in world.plan.templates if one.name == scene.source)
    made = template_seed(Template(scene.source, size))
    now = datetime.now(UTC).isoformat()
    issues = [{**issue, "created_at": now} for issue in made["issues"]]
    fields = {**made, "issues": issues, "listing_lag_seconds": fault.length_s}
    await world.sandbox.seed(Seed.model_validate({"repositories": [fields]}))
    await ask(world, scene)
    return scene.source


PLACES: Final[dict[str, Hand]] = {
    "repository.regenerated": _regenerate,
    "repository.regenerated_late": _regenerate,
    "repository.regenerated_twice_asked": _regenerate,
    "repository.renamed": _rename,
    "repository.renamed_with_successor": _rename,
    "repository.transferred": _rename,
    "repository.swapped": _swap,
    "repository.deleted": _delete,
    "source.closed_between_pages": _between_pages(_close_one),
    "source.deleted_between_pages": _between_pages(_delete_one),
    "source.opened_between_pages": _between_pages(_open_one),
    "source.edited_between_pages": _between_pages(_edit_one),
    "source.hides_one": _hide,
    "source.made_just_now": _make_just_now,
}
