"""The hands of strangers: they plant markers and paste texts; and of people who do with copies what they like."""

from datetime import UTC, datetime
from typing import Any, Final

from monarch.sandbox.control.seed import Association, IssueChange, Seed
from monarch.sandbox.control.views import IssueView
from scripts.chaos_machine.hands.deeds import (
    Hand,
    ask,
    ask_and_fill,
    is_filled,
    until_ended,
)
from scripts.chaos_machine.record import Finding
from scripts.chaos_machine.scenes import Scene
from scripts.chaos_machine.sender import by_command
from scripts.chaos_machine.timetable import SOURCES, Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World

STUDENT: Final = "student"
HEALINGS: Final = 3
UNDER_WAY_S: Final = 600.0
AT_ONCE_S: Final = 1.0


def _plant(association: Association) -> Hand:
    """A hand that plants an issue with every ticket's marker, before the message comes."""

    async def hand(world: World, _: Watch, fault: Fault) -> str | None:
        scene = fault.stage
        repository = (await world.sandbox.repository(scene.team)).id
        forged = [
            line
            for ticket in await _tickets(world, scene.source)
            for line in _markers(scene.source, ticket, repository)
        ]
        await _open(world, scene.team, "\n".join(forged), association)
        await ask(world, scene)
        return f"{scene.team}, by {association}"

    return hand


async def _paste(world: World, _: Watch, fault: Fault) -> str | None:
    """A student opens an issue with the text of a copy; the hidden line comes along. Then the message comes again."""
    scene = fault.stage
    if not await ask_and_fill(world, scene, SOURCES[scene.source]):
        return None
    copy = (await world.sandbox.repository(scene.team)).issues[HALF_WAY]
    await _open(world, scene.team, copy.body or "", "MEMBER")
    await ask(world, scene)
    return f"{scene.team}#{copy.number}"


HALF_WAY: Final = 4


async def _mark(world: World, _: Watch, fault: Fault) -> str | None:
    """A student puts the last ticket's marker into the first copy, before the last ticket is copied."""
    scene = fault.stage
    if not await ask_and_fill(world, scene, 2):
        return None
    team = await world.sandbox.repository(scene.team)
    last = (await _tickets(world, scene.source))[-1]
    forged = "\n".join((team.issues[0].body or "", *_markers(scene.source, last, team.id)))
    await _edit(world, team.id, IssueChange(repo=scene.team, number=1, body=forged))
    return scene.team


async def _change(world: World, _: Watch, fault: Fault) -> str | None:
    """People close, edit, comment on and delete copies while the others are made; the message comes again."""
    scene = fault.stage
    if not await ask_and_fill(world, scene):
        return None
    team, name = (await world.sandbox.repository(scene.team)).id, scene.team
    await _edit(world, team, IssueChange(repo=name, number=1, state="closed"))
    await _edit(world, team, IssueChange(repo=name, number=2, title="Ours", body="As we like it."))
    await _edit(world, team, IssueChange(repo=name, number=3, further_comments=2))
    await world.sandbox.delete_issue(name, 4)
    await is_filled(world, scene, SOURCES[scene.source])
    await ask(world, scene)
    return name


async def _delete_all(world: World, _: Watch, fault: Fault) -> str | None:
    """People delete every copy, and the message comes again; then they want them back: a healing makes them."""
    scene = fault.stage
    size = next(one.tickets for one in world.plan.templates if one.name == scene.source)
    if not await ask_and_fill(world, scene, size):
        return None
    for issue in (await world.sandbox.repository(scene.team)).issues:
        await world.sandbox.delete_issue(scene.team, issue.number)
    await ask(world, scene)
    lives = world.diary.lives
    if await until_ended(world, scene) and lives == world.diary.lives:
        request = next(one for one, wish in world.diary.told.items() if wish == scene.wish)
        is_healed = await _heal(world, scene, request, 2 * size)
        if not is_healed and lives == world.diary.lives:
            what = f"{scene.team} was not healed by {HEALINGS} commands"
            world.diary.found.append(Finding("given up", what))
    return f"{size} of {scene.team}"


async def _heal(world: World, scene: Scene, request: str, copies: int) -> bool:
    """Give the command until so many copies have been made: it may meet a Valkey that is away, or forgets it."""
    for _again in range(HEALINGS):
        # It fails as long as something is missing, which it is until the healing has ended.
        await by_command(world, "verify", request, "--heal")
        if await is_filled(world, scene, copies):
            return True
    # One that is under way may be held up by whatever else befalls the fleet: nothing is given up until it has ended.
    has_ended = await until_ended(world, scene, UNDER_WAY_S)
    return has_ended and await is_filled(world, scene, copies, AT_ONCE_S)


# ------------------------------------------------------------------------------------------- pieces


async def _tickets(world: World, source: str) -> list[IssueView]:
    issues = (await world.sandbox.repository(source)).issues
    return [one for one in issues if one.state == "open" and not one.pull_request]


def _markers(source: str, ticket: IssueView, repository: int) -> tuple[str, str]:
    """A marker of a ticket as it was written before markers named their target, and as it is since."""
    old = f"<!-- monarch: {source}#{ticket.number} id={ticket.id} -->"
    return old, old.replace(" -->", f" target={repository} -->")


async def _open(world: World, repo: str, body: str, association: Association) -> None:
    issue: dict[str, Any] = {
        "title": "Our own",
        "body": body,
        "author": STUDENT,
        "author_association": association,
        "created_at": datetime.now(UTC).isoformat(),
    }
    repositories = [{"full_name": repo, "issues": [issue]}]
    await world.sandbox.seed(Seed.model_validate({"repositories": repositories}))


async def _edit(world: World, repository: int, change: IssueChange) -> None:
    await world.sandbox.update_issue(change)
    world.diary.touched.add((repository, change.number))


STRANGERS: Final[dict[str, Hand]] = {
    "strangers.plant_as_member": _plant("MEMBER"),
    "strangers.plant_as_collaborator": _plant("COLLABORATOR"),
    "strangers.plant_as_owner": _plant("OWNER"),
    "strangers.plant_as_none": _plant("NONE"),
    "strangers.paste_a_copy": _paste,
    "strangers.mark_a_copy": _mark,
    "people.change_copies": _change,
    "people.delete_all_copies": _delete_all,
}
