"""A worker's own line on the roster, on a real Valkey."""

from valkey.asyncio import Valkey

from monarch.adapters.valkey.kept.enrolment import Enrolment
from monarch.adapters.valkey.kept.roster import Roster
from monarch.adapters.valkey.keys import Keys
from monarch.core.budget.ceilings import Ceilings
from monarch.ports import StoreError

KEYS = Keys("enrolment")
NAME = "host.1.aa"


async def test_an_entry_that_fails_is_noted_and_the_next_keeps_the_first_time(
    client: Valkey,
) -> None:
    """After Valkey was emptied, a stream without its group has the worker enter again: a failure there stops no reading."""
    troubles: list[tuple[str, StoreError]] = []
    roster = Roster(client, KEYS)
    enrolment = Enrolment(
        roster,
        NAME,
        "1.2.3",
        ["planner"],
        Ceilings(80, 500),
        lambda what, error: troubles.append((what, error)),
    )
    await enrolment.enter()
    first = (await roster.all())[NAME]

    await client.delete(KEYS.workers)
    await client.set(KEYS.workers, "a text")
    await enrolment.enter()
    [(what, error)] = troubles
    await client.delete(KEYS.workers)
    await enrolment.enter()

    assert what == "entering the roster"
    assert "WRONGTYPE" in str(error)
    assert len(troubles) == 1
    assert (await roster.all())[NAME] == first
