"""A person's act beside a key of another type changes nothing, names the key, and is done once that is mended."""

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from monarch.core.after.acts import Act
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TicketId
from monarch.core.outcome import Code
from monarch.core.verdict import Dead
from monarch.ports import StoreRefused
from tests.contracts.hands.test_acts import TEAM_A, TEAM_B, ended
from tests.contracts.moves import TARGET
from tests.contracts.worlds import World

NAMES: Final = ("recall", "heal", "replay")
OWN: Final = [
    *((act, what) for act in NAMES for what in ("card", "cohort", "plan", "unsettled")),
    *((act, what) for act in ("recall", "heal") for what in ("migration", "ledger")),
]
BESIDE: Final = [
    *((act, what) for act in NAMES for what in ("another migration", "needs", "sibling")),
    ("replay", "ledger"),
]
"""The ledger is that of both targets; a replay leaves it to the worker."""


async def _of(world: World, request: RequestId, what: str) -> str:
    """The name of a key that belongs to the request, or to its cohort."""
    card = (await world.request(request))["card"]
    names = {
        "migration": f"migration:{request}:{TEAM_A}",
        "another migration": f"migration:{request}:{TEAM_B}",
        "needs": f"needs:{TARGET}",
        "ledger": f"ledger:{TARGET}",
        "card": f"card:{card}",
        "cohort": f"cohort:{card}",
        "sibling": "request:9-9",
        "plan": f"plan:{request}",
        "unsettled": f"unsettled:{request}",
    }
    await world.run("ZADD", f"{world.keys.prefix}cohort:{card}", 1, "9-9")
    return world.keys.prefix + names[what]


async def _recall(world: World, request: RequestId) -> None:
    [begun] = await world.hands.begin(request, Act.RECALL, [TEAM_A], "ann")
    assert not begun.refused


async def _heal(world: World, request: RequestId) -> None:
    [healing] = await world.hands.heal(request, {TEAM_A: [TicketId(101)]}, "ann")
    assert not healing.refused


async def _replay(world: World, _: RequestId) -> None:
    letters = [
        letter["id"] for letter in await world.dead() if letter["migration"].endswith(TEAM_A)
    ]
    [replayed] = await world.hands.replay(letters, "ann")
    assert not replayed.refused


async def _ended(world: World, act: str) -> RequestId:
    """A request that the act can be about: a replay wants dead letters."""
    dead = Dead(Code.POISON, "no") if act == "replay" else None
    return await ended(world, TEAM_A, TEAM_B, verdict=dead)


async def _spoil(world: World, key: str) -> bool:
    """Something else stands there now; whether anything did."""
    was_there = bool(await world.client.exists(key))
    if was_there:
        await world.client.rename(key, f"{key}:aside")
    await world.run("RPUSH", key, "x")
    return was_there


ACTS: Final[dict[str, Callable[[World, RequestId], Awaitable[None]]]] = {
    "recall": _recall,
    "heal": _heal,
    "replay": _replay,
}


@pytest.mark.parametrize(("act", "what"), OWN)
async def test_a_request_does_not_run_for_ever_because_of_a_broken_key(
    world: World, act: str, what: str
) -> None:
    """It was reopened before the broken key was met: it ran with nothing under way, and no act took it up again."""
    request = await _ended(world, act)
    key = await _of(world, request, what)
    before = await world.request(request)
    was_there = await _spoil(world, key)

    with pytest.raises(StoreRefused, match="WRONGTYPE") as refused:
        await ACTS[act](world, request)
    after = await world.request(request)
    queued = await world.length(Stream.MIGRATIONS)
    await world.client.delete(key)
    if was_there:
        await world.client.rename(f"{key}:aside", key)
    await ACTS[act](world, request)

    assert key in str(refused.value)
    assert (after, queued) == (before, 0)
    assert (await world.request(request))["state"] == "running"
    assert await world.length(Stream.MIGRATIONS) == 1


@pytest.mark.parametrize(("act", "what"), BESIDE)
async def test_a_broken_key_of_one_target_holds_up_no_act_in_another(
    world: World, act: str, what: str
) -> None:
    """The act broke off there, behind the reopening of the request."""
    request = await _ended(world, act)
    await _spoil(world, await _of(world, request, what))

    await ACTS[act](world, request)

    assert (await world.request(request))["state"] == "running"
    assert await world.length(Stream.MIGRATIONS) == 1
