"""The budget over a Valkey in memory is that over a real one: both are asked the same, and answer the same.

The simulation of `scripts/bench budget` runs on the one, production on the other.
"""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monarch.adapters.valkey.client.connection import connected
from monarch.core.budget.ceilings import Ceilings
from monarch.core.target.permission import (
    GateClosed,
    Granted,
    Permission,
    Wait,
    WasAnswered,
    WasNotCreated,
)
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.crossings import Crossing, writing
from tests.contracts.moves import ME, TARGET
from tests.contracts.worlds import NO_CEILINGS, MemoryWorld, World

SET = Ceilings(per_minute=8, per_hour=30, interval_ms=1000, at_once=1)
STEP_S = 3
"""Time passes in such steps, and no wait ends on one: so a few milliseconds of real time decide nothing."""

MOVES = st.one_of(
    st.just("write"),
    st.just("write"),
    st.sampled_from([("refused", None), ("refused", 7.0), ("refused", 70.0), ("refused", 700.0)]),
    st.sampled_from([("pass", 1), ("pass", 7), ("pass", 21), ("pass", 401), ("pass", 1301)]),
)


def seen(answer: Permission) -> tuple[str, int]:
    """What it says, and for how long, to the second; a wait below half a second counts as 0."""
    match answer:
        case Wait(wait_s) | GateClosed(wait_s):
            return type(answer).__name__, round(wait_s)
        case _:
            return type(answer).__name__, 0


async def told(crossing: Crossing, move: str | tuple[str, float | None]) -> object:
    """Make one move; what it brought."""
    if isinstance(move, tuple) and move[0] == "pass":
        await crossing.world.advance(STEP_S * int(move[1] or 0))
        return None
    answer = await crossing.ask(None)
    if not isinstance(answer, Granted):
        return seen(answer)
    if move == "write":
        await crossing.answered(WasAnswered(answer.nonce), None)
        return "written"
    budget = crossing.world.gates(crossing.ceilings)
    wait_s = move[1] if isinstance(move, tuple) else None
    closed = await budget.close(ME, wait_s, "a limit", answer.nonce)
    await crossing.answered(WasNotCreated(answer.nonce), None)
    return seen(closed)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moves=st.lists(MOVES, max_size=40),
    ceilings=st.sampled_from([SET, replace(SET, per_minute=0), replace(NO_CEILINGS, at_once=1)]),
)
async def test_memory_and_scripts_answer_alike(
    server: EmbeddedValkey,
    short_reads: None,
    moves: list[str | tuple[str, float | None]],
    ceilings: Ceilings,
) -> None:
    """Whatever is written, refused and waited for: the same permissions, the same waits, the same ceilings."""
    memory = MemoryWorld()
    await memory.open()
    async with connected(server.url, "tests", connections=20) as client:
        await client.flushall()
        real = World(client, "model")
        await real.open()
        one, other = await writing(memory, ceilings), await writing(real, ceilings)
        # A closed gate lets nobody take the target again, and it is not what this is about: both locks stay for ever.
        for world in (memory, real):
            await world.client.persist(world.keys.target(TARGET))
        for move in moves:
            before, after = await told(one, move), await told(other, move)
            assert before == after, move

        assert await times_learned(real) == await times_learned(memory)


async def times_learned(world: World) -> int:
    """How often something was learned."""
    raw = await world.client.hget(world.keys.learned(ME.account), "version")  # type: ignore[misc]  # untyped there
    return int(raw or 0)
