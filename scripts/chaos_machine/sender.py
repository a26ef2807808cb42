"""The producers: each sends its message in one of three ways, and says what it was told.

A producer that submits goes on until it is told that its request is on disk; one that publishes never looks back.
"""

import json
import sys
import time
import uuid

import anyio
from valkey.exceptions import ValkeyError

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.ports import StoreError
from monarch.sandbox.program import surroundings
from scripts.chaos_machine.record import ENDS, Ask
from scripts.chaos_machine.wishes import Wish
from scripts.chaos_machine.world import World

CHANNEL = "channel_migrate_issue_tickets"
PATIENCE_S = 60.0
AGAIN_AFTER_S = 0.5


async def send(world: World, number: int, wish: Wish) -> None:
    """Send one wish; `number` is its place in the timetable."""
    world.diary.wishes += 1
    if wish.source:
        asked = Ask(
            time.time(), wish.source, wish.targets, wish.channel, wish.milestones, wish.not_before
        )
        world.diary.asks.append(asked)
    if wish.way == "publish":
        await _publish(world, wish)
    elif wish.way == "command" and wish.source:
        await _command(world, number, wish)
    else:
        await _submit(world, number, wish)


async def send_again(world: World) -> None:
    """After Valkey was emptied: whoever was told that a request is safe, and saw no end of it, submits it anew."""
    told, ended = world.diary.told, _ended(world)
    world.diary.told = {}
    async with anyio.create_task_group() as group:
        for request, number in told.items():
            if request not in ended:
                group.start_soon(_submit, world, number, sent_as(world, number))


def sent_as(world: World, number: int) -> Wish:
    """A message as it was sent."""
    return world.diary.sent.get(number, world.plan.wishes[number])


def _ended(world: World) -> set[str]:
    ends = {f"request.{end}" for end in ENDS}
    return {event.fields.get("request", "") for event in world.diary.events if event.name in ends}


async def _publish(world: World, wish: Wish) -> None:
    try:
        await world.client.publish(CHANNEL, wish.payload)
    except (ValkeyError, OSError):
        return  # lost, as the platform would lose it: nobody is owed anything


async def _submit(world: World, number: int, wish: Wish) -> None:
    key = uuid.uuid4().hex
    with anyio.move_on_after(PATIENCE_S):
        while True:
            life = world.diary.lives
            try:
                # One socket each, as the waiting for the disk wants it.
                async with connected(world.store.place, "producer") as client:
                    request = await Submitter(client, Keys()).submit(wish.payload, key)
            except (StoreError, ValkeyError, OSError):
                await anyio.sleep(AGAIN_AFTER_S)
            else:
                if life == world.diary.lives:
                    world.diary.told[request] = number
                    return
                # It went into a memory that was emptied meanwhile: such a producer is told of it, and starts anew.
                key = uuid.uuid4().hex


async def _command(world: World, number: int, wish: Wish) -> None:
    life = world.diary.lives
    told = await by_command(world, "submit", wish.source, *wish.targets, "--channel", wish.channel)
    if told is not None and life == world.diary.lives:
        world.diary.told[told.split()[0]] = number


async def by_command(world: World, *words: str) -> str | None:
    """Run a command of Monarch's as people do; what it printed, or `None` where it failed."""
    ran = await anyio.run_process(
        [sys.executable, "-m", "monarch", *words],
        env=surroundings(world.environment),
        cwd=world.folder,
        check=False,
    )
    _write_down(world, words, ran.returncode, ran.stdout.decode(), ran.stderr.decode())
    return ran.stdout.decode() if ran.returncode == 0 else None


def _write_down(world: World, words: tuple[str, ...], code: int, out: str, err: str) -> None:
    told = {
        "at": time.time(),
        "command": words,
        "code": code,
        "out": out[-2000:],
        "err": err[-2000:],
    }
    with (world.folder / "commands.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")
