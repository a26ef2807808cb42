"""`ports.Streams.audit`: work that a person removed is put back, or given up with a reason."""

import pytest

from monarch.adapters.valkey.keys import GROUP
from monarch.core.delivery import MigrationEntry, Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.verdict import Done, Retry, Said, Snooze
from monarch.ports import Audited, Hearing
from tests.contracts.moves import fields_of, migrated, plan_for, planned, target_of
from tests.contracts.telling import tell
from tests.contracts.worlds import LEASE_S, World, a_message

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES
real = pytest.mark.parametrize("world", ["valkey"], indirect=True)


async def heard(world: World, *targets: str) -> RequestId:
    """A request by way of the channel."""
    (request,) = await world.inbox("replica").mirror([Hearing(str(targets), a_message(*targets))])
    assert request is not None
    return request


async def audit(world: World) -> Audited:
    """The next one that is not too soon."""
    await world.advance(6)
    return await world.streams("auditor").audit()


async def finish(world: World, targets: int) -> None:
    """Every migration that waits ends well."""
    deliveries = await world.streams().receive(MIGRATIONS, 10)
    assert len(deliveries) == targets
    for delivery in deliveries:
        await world.settle(delivery, migrated())


# --------------------------------------------------------------------------------------- migrations


async def test_a_deleted_stream_of_migrations_is_filled_again(world: World) -> None:
    """Undelivered and in hand, but not what was done, and the request ends as if nothing had been."""
    request = await planned(world, "org/team-a", "org/team-b", "org/team-c")
    streams = world.streams()
    done, held = await streams.receive(MIGRATIONS, 2)
    await world.settle(done, migrated())
    await world.drop(MIGRATIONS)

    assert await audit(world) == Audited(restored=2)

    assert not await streams.settle(held, migrated())
    assert await streams.receive(MIGRATIONS, 1) == ()
    await finish(world, 2)
    assert (await world.request(request))["state"] == "done"
    assert await audit(world) == Audited()


async def test_a_migration_that_was_removed_before_anybody_had_it_is_put_back(
    world: World,
) -> None:
    """With its place in the order, its run and its attempts."""
    request = await planned(world, "org/team-a", "org/team-b")
    streams = world.streams()
    delivery = (await streams.receive(MIGRATIONS, 2))[1]
    await world.settle(delivery, Retry("GitHub is down", 1))
    await world.advance(2)
    await streams.sweep({})
    await world.remove(MIGRATIONS, (await fields_of(world, request, "org/team-b"))["entry"])

    assert await audit(world) == Audited(restored=1)

    # The one that was removed stays in the order of those that nobody has read.
    again = (await streams.receive(MIGRATIONS, 5))[-1]
    assert again.entry == MigrationEntry(request, "org/team-b", 1, 1)
    assert again.attempts == 1


async def test_a_migration_that_was_removed_while_it_was_in_hand_is_put_back_once(
    world: World,
) -> None:
    """By the audit, the renewal or the sweep, whichever comes first."""
    request = await planned(world, "org/team-a")
    await world.next(MIGRATIONS, "dead")
    await world.advance(LEASE_S + 1)
    await world.remove(MIGRATIONS, (await fields_of(world, request, "org/team-a"))["entry"])

    assert await world.streams("auditor").audit() == Audited(restored=1)

    swept = await world.streams().sweep({MIGRATIONS: 5})
    assert swept.deliveries == ()
    assert await world.length(MIGRATIONS) == 1


@real
async def test_parked_work_whose_time_was_lost_is_due_at_once(world: World) -> None:
    """A person deleted the sorted set: without the audit what it parked would never come back, and no message either."""
    await heard(world, "org/team-b")
    await world.settle(await world.next(REQUESTS), Snooze("a gate", 3600))
    await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), Snooze("a gate", 3600))
    await world.client.delete(world.keys.parked)

    assert (await audit(world)).restored == 2

    await world.streams().sweep({})
    assert (await world.length(REQUESTS), await world.length(MIGRATIONS)) == (1, 1)
    assert await audit(world) == Audited()


@real
async def test_parked_work_whose_entry_was_lost_is_put_back(world: World) -> None:
    """A person deleted the hash: a migration needs no more than its names."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), Snooze("a gate", 3600))
    await world.client.delete(world.keys.parked_entries, world.keys.parked)

    assert await audit(world) == Audited(restored=1)

    assert target_of(await world.next(MIGRATIONS)) == "org/team-a"
    assert (await fields_of(world, request, "org/team-a"))["state"] == "queued"


# ----------------------------------------------------------------------------------------- requests


async def test_a_deleted_stream_of_requests_is_given_up_with_a_reason(world: World) -> None:
    """The message stood in its entry alone: the reason says to send it again."""
    request = await heard(world, "org/team-a")
    await world.drop(REQUESTS)

    assert await audit(world) == Audited(given_up=1)

    assert (await world.request(request))["state"] == "dead"
    (letter,) = await world.dead()
    assert (letter["stream"], letter["code"], letter["request"]) == (
        "requests",
        "entry_trimmed",
        request,
    )
    (told,) = await world.hands.replay([letter["id"]], "ann")
    assert "send the message again" in told.refused
    assert await audit(world) == Audited()


async def test_a_removed_request_that_had_named_a_channel_is_told_there(world: World) -> None:
    """It was parked once, so its channel is known."""
    request = await heard(world, "org/team-a")
    details = {"source": "org/template", "channel": "C1"}
    await world.settle(await world.next(REQUESTS), Snooze("a gate", 1, details=details))
    await world.advance(2)
    await world.streams().sweep({})
    await world.remove(REQUESTS, (await world.request(request))["entry"])

    assert await audit(world) == Audited(given_up=1)

    assert await tell(world) == ["dead"]


async def test_a_request_that_was_removed_while_it_was_planned_ends_once(world: World) -> None:
    """Its planner settles it all the same, where it still holds it; or it is dead."""
    request = await heard(world, "org/team-a")
    delivery = await world.next(REQUESTS)
    await world.remove(REQUESTS, request)

    assert await audit(world) == Audited(given_up=1)
    await world.advance(LEASE_S + 1)
    await world.streams("other").sweep({REQUESTS: 5})

    assert not await world.streams().settle(delivery, plan_for("org/team-a"))
    assert (await world.request(request))["state"] == "dead"
    assert await world.length(MIGRATIONS) == 0


# ------------------------------------------------------------------------------------------ notices


async def test_a_deleted_stream_of_notices_is_filled_with_what_is_news(world: World) -> None:
    """One for each cohort that has something to tell."""
    await planned(world, "org/team-a")
    await tell(world)
    await planned(world, "org/team-b")
    await world.drop(NOTICES)

    assert await audit(world) == Audited(restored=1)

    await world.streams().receive(NOTICES, 1)
    assert await tell(world) == ["running"]


async def test_an_end_whose_notice_was_lost_is_told_once(world: World) -> None:
    """The worker that was telling it has died, and a person removed its entry."""
    request = await planned(world, "org/team-a")
    await tell(world)
    await finish(world, 1)
    notice = await world.next(NOTICES, "dead")
    await world.cards.begin(notice, CohortId(request))
    await world.cards.end(notice, CohortId(request))
    await world.remove(NOTICES, notice.token.entry)

    assert await audit(world) == Audited(restored=1)

    assert await audit(world) == Audited()
    assert await tell(world) == ["done"]
    assert await audit(world) == Audited()
    assert await world.length(NOTICES) == 0


async def test_an_end_that_was_told_is_not_told_again(world: World) -> None:
    """However its notice went."""
    await planned(world, "org/team-a")
    await finish(world, 1)
    assert await tell(world) == ["done"]
    await world.drop(NOTICES)

    assert await audit(world) == Audited()


# ------------------------------------------------------------------------------------- how often, who


async def test_a_fleet_does_not_audit_more_often_than_one_worker(world: World) -> None:
    """Each asks; one of them does."""
    await planned(world, "org/team-a")
    assert await audit(world) == Audited()
    await world.drop(MIGRATIONS)

    assert await world.streams("another").audit() == Audited()
    await world.advance(6)
    assert await world.streams("another").audit() == Audited(restored=1)
    assert await world.streams("third").audit() == Audited()


@real
async def test_workers_go_on_where_the_last_audit_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together they get through many open requests, however many workers there are."""
    monkeypatch.setattr("monarch.adapters.valkey.streams._AUDITED_AT_ONCE", 2)
    for team in "abcde":
        await heard(world, f"org/team-{team}")
    await world.drop(REQUESTS)
    given_up = []

    for n in range(5):
        await world.advance(6)
        given_up.append((await world.streams(f"worker-{n}").audit()).given_up)

    assert sum(given_up) == 5
    assert max(given_up) == 2


@real
async def test_consumers_that_are_no_more_are_removed_and_no_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds something stays, whatever became of it: removing it would drop what it holds."""
    monkeypatch.setattr("monarch.adapters.valkey.streams._GONE_AFTER_MS", -1_000_000)
    await planned(world, "org/team-a", consumer="idle")
    await world.next(MIGRATIONS, "holder")
    key = world.keys.stream(MIGRATIONS)
    # A lease is 20 s, and none of these is idle for so long: they are live.
    assert await audit(world) == Audited()

    real_streams = world.streams("auditor")
    monkeypatch.setattr(real_streams, "_lease_ms", -1_000_000)
    await world.advance(6)
    audited = await real_streams.audit()

    assert audited.consumers >= 1
    left = await world.client.xinfo_consumers(key, GROUP)
    assert [c["name"] for c in left] == [b"holder"]
    assert await world.client.xinfo_consumers(world.keys.stream(REQUESTS), GROUP) == []


async def test_a_notice_that_was_settled_unread_is_told_after_all(world: World) -> None:
    """What it was to show is still due."""
    await planned(world, "org/team-a")
    await world.settle(await world.next(NOTICES), Done(Said()))

    assert await audit(world) == Audited(restored=1)
    await tell(world)
    assert await audit(world) == Audited()
