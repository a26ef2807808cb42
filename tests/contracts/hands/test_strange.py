"""`ports.Hands`: a request whose state no script here has written is left as it is, whatever a person asks of it."""

from collections.abc import Awaitable, Callable
from typing import Final, cast

import pytest

from monarch.core.after.acts import Act
from monarch.core.ids import RequestId, TicketId
from monarch.ports.hands import NotDone
from tests.contracts.moves import planned
from tests.contracts.worlds import World

TEAM: Final = "org/team-a"
STRANGE: Final = "resting"
Asking = Callable[[World, RequestId], Awaitable[str]]


async def _cancelled(world: World, request: RequestId) -> str:
    return _reason(await world.hands.cancel(request, "ann"))


async def _first(world: World, request: RequestId) -> str:
    return _reason(await world.hands.first(request, "ann"))


async def _tried(world: World, request: RequestId) -> str:
    return _reason(await world.hands.hurry(request, "ann"))


async def _healed(world: World, request: RequestId) -> str:
    (healing,) = await world.hands.heal(request, {TEAM: [TicketId(7)]}, "ann")
    return healing.refused


async def _recalled(world: World, request: RequestId) -> str:
    (begun,) = await world.hands.begin(request, Act.RECALL, [TEAM], "ann")
    return begun.refused


def _reason(answer: object) -> str:
    assert isinstance(answer, NotDone), answer
    assert not answer.is_unknown
    return answer.reason


@pytest.mark.parametrize("ask", [_cancelled, _first, _tried, _healed, _recalled])
async def test_a_request_in_a_state_of_a_newer_version_is_left_as_it_is(
    world: World, ask: Asking
) -> None:
    """It was cancelled, for good, and nothing would ever have ended it."""
    request = await planned(world, TEAM)
    await cast("Awaitable[int]", world.client.hset(world.keys.request(request), "state", STRANGE))
    before = await world.request(request)

    reason = await ask(world, request)

    assert f"has the state {STRANGE}, which this version of Monarch does not know" in reason
    assert await world.request(request) == before
