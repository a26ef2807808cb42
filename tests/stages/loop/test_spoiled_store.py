"""What stands in Valkey is not what should stand there: each failure is counted, bounded and told, and nothing is doubled."""

import pytest

from monarch.core.delivery import Delivery
from monarch.core.ids import TicketId
from monarch.core.outcome import Code
from monarch.core.target.step import CreatedAs, UnreadableRecord
from monarch.core.verdict import Done, Policy, Said, Snooze, Verdict
from monarch.ports import StoreRefused
from monarch.stages.lease import Hold
from tests.contracts.doubles.flaky import failing
from tests.contracts.worlds import LEASE_S
from tests.stages.bench import Bench
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, pass_time

WRONG_TYPE = StoreRefused("take: WRONGTYPE Operation against a key holding the wrong kind of value")
ODD = UnreadableRecord("moved #1 17 by newer code")


async def refused(_delivery: Delivery, _hold: Hold) -> Verdict:
    """A handler whose script can never be run."""
    raise WRONG_TYPE


async def test_what_valkey_refuses_for_ever_is_counted_and_given_up(house: House) -> None:
    """An outage is waited for without counting; a key of another type would be waited for without an end."""
    bench = Bench(house, refused)
    bench.give()

    await bench.run(bench.until_quiet)

    (letter,) = house.store.dead
    assert letter["code"] == Code.OUT_OF_ATTEMPTS
    assert "WRONGTYPE" in letter["reason"]
    assert len(bench.handler.handled) == Policy().max_attempts
    assert len(house.told("valkey.unavailable")) == Policy().max_attempts


async def test_the_key_that_work_was_refused_for_is_left_where_people_look(house: House) -> None:
    """At its first failure and when it is given up: only what could not be settled left it there."""
    key = f"{house.keys.prefix}turns:user:9"

    async def handled(_delivery: Delivery, _hold: Hold) -> Verdict:
        seen.append(house.store.do("ZRANGE", house.keys.broken, 0, -1))
        house.store.do("DEL", house.keys.broken)
        raise StoreRefused(str(WRONG_TYPE), key=key)

    seen: list[object] = []
    bench = Bench(house, handled)
    bench.give()

    await bench.run(bench.until_quiet)
    seen.append(house.store.do("ZRANGE", house.keys.broken, 0, -1))

    assert len(house.store.dead) == 1
    assert seen == [[], *([[key.encode()]] * Policy().max_attempts)]


async def test_a_roster_that_cannot_be_entered_keeps_no_worker_from_working(house: House) -> None:
    """Nothing is decided by it; the log says what is in the way."""
    house.store.do("SET", house.keys.workers, "of another type")
    house.github.add(SOURCE, "One")
    house.github.add(TEAM_A)
    await house.migrated(TEAM_A)

    assert {line["where"] for line in house.told("valkey.unavailable")} <= {
        "entering the roster",
        "retiring",
    }
    assert house.told("valkey.unavailable")


async def test_a_verdict_that_valkey_refuses_becomes_a_counted_failure(house: House) -> None:
    """The second settle carries the failure out, and the log says what was refused."""
    bench = Bench(house)
    bench.streams.before = failing("streams.settle", WRONG_TYPE, 1)
    bench.give()

    await bench.run(bench.until_quiet)

    assert [delivery.attempts for delivery in bench.handler.handled] == [0, 1]
    assert house.store.dead == []


async def test_an_entry_that_cannot_be_settled_at_all_is_no_hot_loop(house: House) -> None:
    """It is left to be reclaimed: thrice a lease at most, loudly, and its neighbours are settled meanwhile."""
    bench = Bench(house)
    bench.streams.before = failing("streams.settle", WRONG_TYPE, *range(1, 1000))
    bench.give()
    leases = 10

    async with bench.running():
        await pass_time(leases * LEASE_S)

    assert bench.streams.calls["streams.settle"] <= 3 * (leases + 1)
    assert len(house.told("valkey.unavailable")) >= leases
    assert bench.consumer.free == 2


async def test_what_waits_for_a_broken_key_to_be_mended_is_never_taken_for_poison(
    house: House,
) -> None:
    """After a few minutes it was given up as what ends its workers, and none had ended."""
    verdicts: list[Verdict] = [Snooze("later", 1.0)]

    async def parked(_delivery: Delivery, _hold: Hold) -> Verdict:
        return verdicts[-1]

    bench = Bench(house, parked)
    bench.give()
    house.store.do("SET", house.keys.open, "text")

    async with bench.running():
        await pass_time((Policy().max_deliveries + 5) * LEASE_S)
        times = len(bench.handler.handled)
        house.store.do("DEL", house.keys.open)
        verdicts.append(Done(Said()))
        await bench.until_quiet()

    assert times > Policy().max_deliveries
    assert house.store.dead == []


async def test_an_error_in_settling_that_no_code_expects_does_not_end_the_worker(
    house: House,
) -> None:
    """It is store trouble: logged with its traceback, tried again, and its neighbours are settled meanwhile."""
    bench = Bench(house)
    bench.streams.before = failing("streams.settle", OSError(24, "Too many open files"), 1, 2, 3)
    bench.give(4)

    await bench.run(bench.until_quiet)

    assert house.store.dead == []
    assert len(house.told("delivery.failed")) == 3
    assert len(house.told("valkey.unavailable")) == 3
    assert isinstance(house.told("delivery.failed")[0]["exc_info"], OSError)


@pytest.fixture
def teams(house: House) -> House:
    """A template with two tickets, and two teams; something odd stands in the first team's ledger."""
    house.github.add(SOURCE, "One", "Two")
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    return house


async def test_a_record_that_cannot_be_read_is_not_taken_for_absence(teams: House) -> None:
    """Its target stops, saying where to look; nothing is created there, and the other one goes on."""
    first = teams.publish(TEAM_A)
    await teams.settle()
    for records in teams.store.ledgers.values():
        records.update(dict.fromkeys(records, ODD))
    for issue in teams.github.issues(TEAM_A):
        teams.github.delete_issue(TEAM_A, issue.number)

    second = teams.publish(TEAM_A, TEAM_B)
    await teams.settle()

    assert (teams.state(first), teams.state(second)) == ("done", "failed")
    assert teams.github.titles(TEAM_A) == []
    assert teams.github.titles(TEAM_B) == ["One", "Two"]
    (letter,) = teams.store.dead
    assert ODD.text in letter["reason"]
    assert letter["code"] == Code.OUT_OF_ATTEMPTS


async def test_a_record_that_cannot_be_read_is_left_alone_where_its_copy_is_seen(
    teams: House,
) -> None:
    """There is nothing to be done, and newer code may still need its own words."""
    teams.publish(TEAM_A)
    await teams.settle()
    (records,) = teams.store.ledgers.values()
    odd: TicketId = next(iter(records))
    records[odd] = ODD

    second = teams.publish(TEAM_A)
    await teams.settle()

    assert teams.state(second) == "done"
    assert teams.github.titles(TEAM_A) == ["One", "Two"]
    assert records[odd] == ODD
    assert sum(isinstance(record, CreatedAs) for record in records.values()) == 1
