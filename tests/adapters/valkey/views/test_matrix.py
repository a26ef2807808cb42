"""What the page shows of teams, of parked work and of the budget, read from a real Valkey."""

from collections.abc import Awaitable
from typing import cast

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.codec import encode_plan
from monarch.adapters.valkey.kept.verifications import Verifications
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.settlement import member_of_migration, member_of_request
from monarch.adapters.valkey.views.matrix import Matrices
from monarch.adapters.valkey.views.traffic import TrafficReader
from monarch.core.after.later import Later, Recalled
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TargetId, TicketId, migration_id
from monarch.core.report.verification import Finding, Mark, Verification
from monarch.core.target.step import CreatedAs
from monarch.ports.readings import Parked
from tests.core.builders import a_plan

KEYS = Keys("matrix")
REQUEST, OTHER = RequestId("1732406400000-0"), RequestId("1732406400001-0")
TEAM = "org/team-a"
MIGRATION = migration_id(REQUEST, TEAM)


async def put(client: Valkey, key: str, **fields: str) -> None:
    """Write a hash."""
    await cast("Awaitable[int]", client.hset(key, mapping=fields))


async def test_a_team_is_its_ledger_and_the_last_look_at_it(client: Valkey) -> None:
    """A team that was never found has neither."""
    await put(client, KEYS.migration(MIGRATION), target_id="7", ended_ms="1000")
    await put(
        client,
        KEYS.ledger(TargetId(7)),
        **{"101": "created #5 900", "recall:101": "closed #5 950 1-0"},
    )
    found = Verification(TEAM, (Finding(1, TicketId(101), "One", 5, (Mark.EDITED,)),))
    await Verifications(client, KEYS, 60_000).keep(MIGRATION, found)

    known, unknown = await Matrices(client, KEYS).holdings(
        [(REQUEST, TEAM), (REQUEST, "org/nowhere")]
    )

    assert known.records == {TicketId(101): CreatedAs(5, 900)}
    assert known.later == {TicketId(101): Later(recall=Recalled(5, 950))}
    assert known.ended_ms == 1000
    assert known.look is not None
    assert known.look.found == found
    assert known.look.at_ms > 1000
    assert 0 < await client.pttl(KEYS.verified(MIGRATION)) <= 60_000
    assert (unknown.records, unknown.look, unknown.ended_ms) == ({}, None, None)


@pytest.mark.parametrize("kept", [b"", b"2:new", b"1:junk", b"nonsense"])
async def test_a_look_that_cannot_be_read_is_none(client: Valkey, kept: bytes) -> None:
    """The ledger is shown instead."""
    await client.set(KEYS.verified(MIGRATION), kept)

    (known,) = await Matrices(client, KEYS).holdings([(REQUEST, TEAM)])

    assert known.look is None


async def test_a_plan_is_read_once(client: Valkey) -> None:
    """It is frozen: another look finds it remembered, and so does another request with the same plan."""
    plan = a_plan(3, 5)
    matrices = Matrices(client, KEYS)
    before = await matrices.tickets([REQUEST])
    await client.set(KEYS.plan(REQUEST), encode_plan(plan))
    await client.set(KEYS.plan(OTHER), encode_plan(plan))

    first = await matrices.tickets([REQUEST, OTHER])
    await client.flushall()
    again = await matrices.tickets([REQUEST, OTHER])

    assert before == {}
    assert [line.number for line in first[REQUEST]] == [3, 5]
    assert first == again
    assert first[REQUEST] is first[OTHER]


async def test_parked_work_is_named_as_people_know_it(client: Valkey) -> None:
    """What is due first comes first."""
    members = {
        member_of_migration(REQUEST, 3, TEAM): 2000,
        member_of_request(OTHER, Stream.REQUESTS): 1000,
    }
    await client.zadd(KEYS.parked, members)

    parked = await TrafficReader(client, KEYS).parked(10)

    assert parked == (
        Parked(OTHER, "requests", "", 1000),
        Parked(REQUEST, "migrations", TEAM, 2000),
    )
    assert await TrafficReader(client, KEYS).parked(1) == parked[:1]


async def test_writes_are_counted_by_minute(client: Valkey) -> None:
    """The newest minute last; what is older than an hour is left out."""
    seconds, _ = await client.time()
    now_ms = int(seconds) * 1000
    times = {"a": now_ms, "b": now_ms, "c": now_ms - 30 * 60_000, "d": now_ms - 3 * 3_600_000}
    await client.zadd(KEYS.budget("user:1"), times)

    (written,) = await TrafficReader(client, KEYS).writes(["user:1"])

    assert sum(written.by_minute) == 3
    # The minute may have turned between the two questions.
    assert sum(written.by_minute[-2:]) == 2
    assert len(written.by_minute) == 60
