"""A verdict that a broken key keeps from being carried out is carried out once, when the key is mended."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import pytest

from monarch.adapters.valkey.keys import KINDS
from monarch.core.delivery import Stream
from monarch.core.outcome import Code
from monarch.core.verdict import Dead, RefusedTarget, Retry, Snooze, Verdict
from monarch.ports import StoreRefused
from tests.contracts.moves import appended, migrated, migrating, plan_for, taken
from tests.contracts.worlds import World

REFUSED: Final = (RefusedTarget("org/no", Code.TARGET_NOT_ALLOWED, "no"),)
VERDICTS: Final[dict[str, tuple[Stream, Verdict]]] = {
    "planned": (Stream.REQUESTS, plan_for("org/team-a", "org/team-b", refused=REFUSED)),
    "retried": (Stream.REQUESTS, Retry("later", 60.0)),
    "given up": (Stream.REQUESTS, Dead(Code.POISON, "no")),
    "done": (Stream.MIGRATIONS, migrated()),
    "parked": (Stream.MIGRATIONS, Snooze("later", 60.0)),
    "failed": (Stream.MIGRATIONS, Dead(Code.POISON, "no")),
}
CASES: Final = [
    (what, key) for what, (stream, _) in VERDICTS.items() for key in KINDS if key != stream.value
]
"""Without its own stream, a delivery is held by no worker."""


async def lengths(world: World) -> tuple[int, int]:
    """How many migrations and notices are in their streams."""
    return await world.length(Stream.MIGRATIONS), await world.length(Stream.NOTICES)


async def spoiled(world: World, name: str) -> Callable[[], Awaitable[None]]:
    """Something else stands in the key until what this gives is called."""
    key = world.keys.prefix + name
    aside = f"{key}:aside"
    was_there = await world.client.exists(key)
    if was_there:
        await world.client.rename(key, aside)
    await world.run("SET", key, "x")

    async def mend() -> None:
        await world.client.delete(key)
        if was_there:
            await world.client.rename(aside, key)

    return mend


@pytest.mark.parametrize(("what", "name"), CASES)
async def test_what_stands_before_the_broken_key_is_not_done_again_with_each_repetition(
    world: World, what: str, name: str
) -> None:
    """Each repetition queued the migrations again, and buried another letter."""
    stream, verdict = VERDICTS[what]
    if stream is Stream.REQUESTS:
        await appended(world, "org/team-a", "org/team-b", "org/no")
        delivery = await world.next(stream)
    else:
        delivery = await migrating(world)
        await taken(world, delivery)
    before = await lengths(world)

    mend = await spoiled(world, name)
    for _ in range(3):
        with suppress(StoreRefused):
            await world.streams().settle(delivery, verdict)
    await mend()
    await world.streams().settle(delivery, verdict)

    after = await lengths(world)
    grown = (after[0] - before[0], after[1] - before[1])
    letters = len(await world.dead())
    assert (*grown, letters, await world.parked()) == {
        "planned": (2, 1, 1, 0),
        "retried": (0, 0, 0, 1),
        "given up": (0, 0, 1, 0),
        "done": (-1, 0, 0, 0),
        "parked": (-1, 0, 0, 1),
        "failed": (-1, 0, 1, 0),
    }[what]
