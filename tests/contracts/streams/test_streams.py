"""`ports.Streams`: who holds what."""

import pytest

from monarch.core.delivery import (
    Delivery,
    MigrationEntry,
    NewerEntry,
    RequestEntry,
    Stream,
    UnreadableEntry,
)
from monarch.core.target.permission import Lost, WasFound
from monarch.core.verdict import Done, Handback, Retry, Said, Snooze
from monarch.ports import Held
from tests.contracts.moves import (
    FIRST,
    ME,
    TARGET,
    appended,
    migrated,
    migrating,
    one,
    plan_for,
    planned,
    taken,
    target_of,
)
from tests.contracts.worlds import LEASE_S, World, a_message

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES
ROOM = dict.fromkeys(Stream, 10)
LONG_AGO_S = LEASE_S + 1


# ------------------------------------------------------------------------------------------- receive


async def test_an_entry_is_handed_out_once(world: World) -> None:
    """What one consumer received, no other receives."""
    request = await appended(world)

    delivery = await world.next(REQUESTS, "worker-1")

    assert delivery.entry == RequestEntry(request, a_message())
    assert (delivery.token.count, delivery.attempts, delivery.since_progress) == (1, 0, 1)
    assert await world.streams("worker-2").receive(REQUESTS, 10) == ()


async def test_no_more_is_received_than_there_are_places(world: World) -> None:
    """A worker with two places gets the two oldest entries."""
    requests = [await appended(world) for _ in range(3)]

    received = await world.streams().receive(REQUESTS, 2)

    assert [d.token.entry for d in received] == requests[:2]


async def test_a_deleted_stream_is_made_again_and_nothing_passed_over(world: World) -> None:
    """What was appended while there was no group is received all the same."""
    await world.drop(REQUESTS)
    request = await appended(world)

    assert await world.streams().receive(REQUESTS, 1) == ()
    assert (await world.next(REQUESTS)).token.entry == request


async def test_a_stream_that_is_gone_is_made_again_empty(world: World) -> None:
    """Reading goes on where there is nothing to read."""
    await world.drop(REQUESTS)
    streams = world.streams()

    assert await streams.receive(REQUESTS, 1) == ()
    assert await streams.receive(REQUESTS, 1) == ()


async def test_an_entry_without_a_payload_is_unreadable_and_says_why(world: World) -> None:
    """Nothing that stands in a stream makes receiving fail."""
    await world.append(REQUESTS, {b"pay\xffload": b"{}"})

    delivery = await world.next(REQUESTS)

    assert isinstance(delivery.entry, UnreadableEntry)
    assert "payload" in delivery.entry.problem


async def test_a_newer_entry_is_told_from_an_unreadable_one(world: World) -> None:
    """A rolling upgrade is no reason to give up work."""
    await world.append(MIGRATIONS, {b"v": b"99", b"what": b"ever"})

    assert (await world.next(MIGRATIONS)).entry == NewerEntry(99)


# --------------------------------------------------------------------------------------------- fence


async def test_a_stale_count_settles_nothing(world: World) -> None:
    """Once reclaimed, the holder of before changes nothing, though it bears the same name."""
    await planned(world, "org/team-a")
    streams = world.streams()
    stale = await world.next(MIGRATIONS)
    await world.advance(LONG_AGO_S)
    (fresh,) = (await streams.sweep(ROOM)).deliveries

    assert not await streams.settle(stale, migrated())
    assert await world.length(MIGRATIONS) == 1
    await world.settle(fresh, migrated())


async def test_a_foreign_consumer_settles_nothing(world: World) -> None:
    """The right to settle is the holder's alone."""
    await appended(world)
    theirs = await world.next(REQUESTS, "worker-1")
    await world.advance(LONG_AGO_S)
    await world.streams("worker-2").sweep(ROOM)

    assert not await world.streams("worker-1").settle(theirs, plan_for("org/team-a"))
    assert await world.length(MIGRATIONS) == 0
    assert await world.length(REQUESTS) == 1


async def test_a_repeated_settle_changes_nothing(world: World) -> None:
    """An answer may be lost: the second settle says so, and does nothing."""
    await appended(world, "org/team-a")
    delivery = await world.next(REQUESTS)

    await world.settle(delivery, plan_for("org/team-a"))
    assert not await world.streams().settle(delivery, plan_for("org/team-a"))
    assert await world.length(MIGRATIONS) == 1


async def test_nobody_holds_anything_in_a_stream_that_is_gone(world: World) -> None:
    """Renewing and settling answer "lost", and do not fail."""
    await appended(world)
    streams = world.streams()
    delivery = await world.next(REQUESTS)
    await world.drop(REQUESTS)

    assert await streams.renew([Held(delivery.token, None)]) == {delivery.token}
    assert not await streams.settle(delivery, plan_for("org/team-a"))


# --------------------------------------------------------------------------------------------- renew


async def test_renewing_keeps_a_delivery(world: World) -> None:
    """A lease that is renewed does not run out."""
    await appended(world)
    delivery = await world.next(REQUESTS, "worker-1")
    for _ in range(3):
        await world.advance(LEASE_S * 0.75)
        assert await world.streams("worker-1").renew([Held(delivery.token, None)]) == frozenset()
        assert (await world.streams("worker-2").sweep(ROOM)).deliveries == ()

    await world.settle(delivery, plan_for("org/team-a"), consumer="worker-1")


async def test_renewing_never_steals_back(world: World) -> None:
    """A worker that was frozen past its lease learns that it lost, and the new holder keeps it."""
    await appended(world)
    frozen, other = world.streams("worker-1"), world.streams("worker-2")
    delivery = await one(frozen, REQUESTS)
    await world.advance(LONG_AGO_S)
    (fresh,) = (await other.sweep(ROOM)).deliveries

    assert await frozen.renew([Held(delivery.token, None)]) == {delivery.token}
    assert await other.renew([Held(fresh.token, None)]) == frozenset()
    assert await other.settle(fresh, plan_for("org/team-a"))


async def test_renewing_tells_the_lost_from_the_kept(world: World) -> None:
    """One lost delivery among many is named."""
    await appended(world)
    await appended(world)
    streams = world.streams()
    gone, kept = await streams.receive(REQUESTS, 2)
    await world.settle(gone, plan_for("org/team-a"))

    lost = await streams.renew([Held(gone.token, None), Held(kept.token, None)])

    assert lost == {gone.token}


async def test_renewing_extends_the_targets_lock(world: World) -> None:
    """Neither the lease nor the lock outlives the other."""
    delivery = await migrating(world)
    await taken(world, delivery)
    await world.advance(LEASE_S * 0.75)
    await world.streams().renew([Held(delivery.token, TARGET)])
    await world.advance(LEASE_S * 0.75)

    assert await world.lock(TARGET)


async def test_a_lock_that_is_not_renewed_runs_out(world: World) -> None:
    """A dead worker blocks no target for longer than a lease."""
    await taken(world, await migrating(world))
    await world.advance(LONG_AGO_S)

    assert not await world.lock(TARGET)


# --------------------------------------------------------------------------------------------- sweep


async def test_a_sweep_takes_over_what_is_idle_longer_than_the_lease(world: World) -> None:
    """The new holder has another count, so the old token is void for ever."""
    await appended(world)
    stale = await world.next(REQUESTS, "worker-1")
    assert (await world.streams("worker-2").sweep(ROOM)).deliveries == ()
    await world.advance(LONG_AGO_S)

    (fresh,) = (await world.streams("worker-2").sweep(ROOM)).deliveries

    assert fresh.entry == stale.entry
    assert (fresh.token.consumer, fresh.token.count, fresh.since_progress) == ("worker-2", 2, 2)


async def test_two_sweeps_never_get_the_same_entry(world: World) -> None:
    """To claim starts the idle time anew."""
    for _ in range(4):
        await appended(world)
    await world.streams("dead").receive(REQUESTS, 4)
    await world.advance(LONG_AGO_S)

    first = await world.streams("worker-1").sweep({REQUESTS: 3})
    second = await world.streams("worker-2").sweep({REQUESTS: 3})

    assert (len(first.deliveries), len(second.deliveries)) == (3, 1)


async def test_a_sweep_takes_no_more_than_there_are_places(world: World) -> None:
    """Without a place nothing is taken."""
    await appended(world)
    await world.streams("dead").receive(REQUESTS, 1)
    await world.advance(LONG_AGO_S)

    assert (await world.streams().sweep(dict.fromkeys(Stream, 0))).deliveries == ()


async def test_a_sweep_tells_where_it_left_something(world: World) -> None:
    """For want of a place; what a worker holds is not left."""
    for _ in range(4):
        await appended(world)
    await world.streams("dead").receive(REQUESTS, 3)
    await world.advance(LONG_AGO_S)
    await world.streams("alive").receive(REQUESTS, 1)

    left = [(await world.streams().sweep({REQUESTS: n, NOTICES: n})).left for n in (0, 2, 1, 0)]

    assert left == [{REQUESTS}, {REQUESTS}, set(), set()]


async def test_a_sweep_passes_a_front_of_renewed_entries(world: World) -> None:
    """However many others are renewed, the one orphan behind them is found, and by the very next sweep."""
    for _ in range(25):
        await appended(world)
    held = await world.streams("alive").receive(REQUESTS, 24)
    orphan = await world.next(REQUESTS, "dead")
    await world.advance(LONG_AGO_S)
    await world.streams("alive").renew([Held(d.token, None) for d in held])

    found = (await world.streams("sweeper").sweep({REQUESTS: 1})).deliveries

    assert [d.token.entry for d in found] == [orphan.token.entry]


async def test_a_sweep_goes_once_round_from_wherever_it_was(world: World) -> None:
    """What falls idle behind the place where the last sweep ended is found by the next one."""
    for _ in range(25):
        await appended(world)
    alive, sweeper = world.streams("alive"), world.streams("sweeper")
    held = [Held(d.token, None) for d in await alive.receive(REQUESTS, 25)]
    await world.advance(LONG_AGO_S)
    await alive.renew([one for one in held if one is not held[15]])
    first = (await sweeper.sweep({REQUESTS: 1})).deliveries
    await world.advance(LONG_AGO_S)
    await alive.renew([one for one in held if one is not held[3]])
    await sweeper.renew([Held(d.token, None) for d in first])

    second = (await sweeper.sweep({REQUESTS: 1})).deliveries

    assert [d.token.entry for d in first] == [held[15].token.entry]
    assert [d.token.entry for d in second] == [held[3].token.entry]


async def test_progress_starts_the_count_of_deliveries_anew(world: World) -> None:
    """A migration that a crash interrupts at every step is not poison as long as it steps on."""
    first = await migrating(world)
    await taken(world, first)
    await world.ledger().record(first, TARGET, FIRST, ME, WasFound(1))
    await world.advance(LONG_AGO_S)
    (second,) = (await world.streams("worker-2").sweep(ROOM)).deliveries
    await world.advance(LONG_AGO_S)
    (third,) = (await world.streams("worker-3").sweep(ROOM)).deliveries

    assert (second.token.count, second.since_progress) == (2, 1)
    assert (third.token.count, third.since_progress) == (3, 2)


async def ask_by(world: World, way: str, lost: Delivery) -> None:
    """A worker that has lost the delivery without knowing it asks for something."""
    streams = world.streams(lost.token.consumer)
    match way:
        case "renew":
            assert await streams.renew([Held(lost.token, None)]) == {lost.token}
        case "settle":
            assert not await streams.settle(lost, Retry("slow", 1.0))
        case "take":
            assert await world.ledger().take(lost, TARGET, ME) == Lost()


@pytest.mark.parametrize("way", ["renew", "settle", "take"])
async def test_a_lease_that_was_lost_and_outlived_is_no_death(world: World, way: str) -> None:
    """A worker that is slow under load is not what poison does; however often it asks, it is one delivery."""
    first = await migrating(world)
    await world.advance(LONG_AGO_S)
    (second,) = (await world.streams("worker-2").sweep(ROOM)).deliveries
    for _ in range(2):
        await ask_by(world, way, first)
    await world.advance(LONG_AGO_S)
    (third,) = (await world.streams("worker-3").sweep(ROOM)).deliveries

    assert (second.token.count, second.since_progress) == (2, 2)
    assert (third.token.count, third.since_progress) == (3, 2)


async def test_deaths_are_counted_beside_leases_that_were_lost(world: World) -> None:
    """Of any stream: what kills workers is poison, though others were only slow."""
    await appended(world)
    delivery = await world.next(REQUESTS, "w1")
    counted = []
    for n in range(2, 7):
        lost = delivery
        await world.advance(LONG_AGO_S)
        (delivery,) = (await world.streams(f"w{n}").sweep({REQUESTS: 1})).deliveries
        if n % 2:
            await ask_by(world, "renew", lost)
        counted.append(delivery.since_progress)

    assert counted == [2, 3, 3, 4, 4]


async def test_an_entry_that_was_removed_in_hand_is_dead_lettered_as_a_stub(world: World) -> None:
    """A person deletes work by hand: that is counted and logged, not passed over."""
    await appended(world)
    delivery = await world.next(REQUESTS, "worker-1")
    await world.advance(LONG_AGO_S)
    await world.remove(REQUESTS, delivery.token.entry)

    swept = await world.streams("worker-2").sweep(ROOM)

    assert (swept.deliveries, swept.trimmed) == ((), 1)
    (stub,) = await world.dead()
    assert (stub["code"], stub["entry"]) == ("entry_trimmed", delivery.token.entry)


async def test_an_entry_that_was_removed_is_told_by_its_renewal(world: World) -> None:
    """The worker that has it in hand is the first to notice, and no later one could."""
    await appended(world)
    delivery = await world.next(REQUESTS)
    await world.remove(REQUESTS, delivery.token.entry)

    assert await world.streams().renew([Held(delivery.token, None)]) == {delivery.token}
    (stub,) = await world.dead()
    assert (stub["code"], stub["entry"]) == ("entry_trimmed", delivery.token.entry)


# ------------------------------------------------------------------------------------------ handback


async def test_a_delivery_that_is_handed_back_is_claimed_at_once_and_uncounted(
    world: World,
) -> None:
    """A deployment costs a migration nothing."""
    await appended(world)
    stopping, other = world.streams("worker-1"), world.streams("worker-2")
    delivery = await one(stopping, REQUESTS)

    assert await stopping.settle(delivery, Handback())
    (fresh,) = (await other.sweep(ROOM)).deliveries

    assert (fresh.entry, fresh.token.count) == (delivery.entry, 1)
    assert not await stopping.settle(delivery, plan_for("org/team-a"))
    assert await other.settle(fresh, plan_for("org/team-a"))


async def test_a_handback_gives_the_targets_lock_back(world: World) -> None:
    """The next worker need not wait for the lock to run out."""
    delivery = await migrating(world)
    await taken(world, delivery)

    await world.streams().settle(delivery, Handback())

    assert not await world.lock(TARGET)


async def test_retiring_hands_back_what_is_held(world: World) -> None:
    """What it was handed by an answer that was lost, too: at once, and uncounted; its own token is void."""
    await appended(world)
    leaving = world.streams("worker-1")
    delivery = await one(leaving, REQUESTS)
    await leaving.retire()

    (fresh,) = (await world.streams("worker-2").sweep(ROOM)).deliveries

    assert (fresh.entry, fresh.token.count) == (delivery.entry, 1)
    assert not await leaving.settle(delivery, Handback())


async def test_retiring_leaves_what_others_hold(world: World) -> None:
    """It hands back its own."""
    await appended(world)
    delivery = await world.next(REQUESTS, "worker-1")

    await world.streams("worker-2").retire()

    assert await world.streams("worker-1").settle(delivery, Handback())


# ------------------------------------------------------------------------------------------- parking


async def test_a_parked_delivery_comes_back_when_it_is_due(world: World) -> None:
    """No worker holds it while it waits, and it is the same work when it comes back."""
    await planned(world, "org/team-a")
    streams = world.streams()
    delivery = await world.next(MIGRATIONS)
    await world.settle(delivery, Snooze("not yet", 30))

    assert (await streams.sweep(ROOM)).promoted == 0
    await world.advance(31)
    assert (await streams.sweep(ROOM)).promoted == 1
    again = await world.next(MIGRATIONS)
    assert (again.entry, again.attempts, again.token.count) == (delivery.entry, 0, 1)
    assert await world.parked() == 0


async def test_a_retry_counts_an_attempt_and_a_snooze_none(world: World) -> None:
    """Only what failed is counted."""
    await planned(world, "org/team-a")
    seen = []
    for verdict in (Retry("failed", 0), Snooze("waits", 0), Retry("failed", 0)):
        delivery = await world.next(MIGRATIONS)
        await world.settle(delivery, verdict)
        await world.streams().sweep(ROOM)
        seen.append(delivery.attempts)
    seen.append((await world.next(MIGRATIONS)).attempts)

    assert seen == [0, 1, 1, 2]


async def test_a_parked_request_keeps_its_first_id(world: World) -> None:
    """It comes back as another entry, and is the same request."""
    request = await appended(world)
    await world.settle(await world.next(REQUESTS), Retry("no source", 0))
    await world.streams().sweep(ROOM)

    again = await world.next(REQUESTS)

    assert again.entry == RequestEntry(request, a_message())
    assert again.token.entry != request


async def test_any_bytes_survive_parking(world: World) -> None:
    """A message is not parsed before the planner, whatever it is."""
    payload = bytes(range(256)) + '"\\\u2028é\ud800'.encode("utf-8", "surrogatepass")
    await world.append(REQUESTS, {b"payload": payload})
    await world.settle(await world.next(REQUESTS), Retry("later", 0))
    await world.streams().sweep(ROOM)

    again = await world.next(REQUESTS)

    assert isinstance(again.entry, RequestEntry)
    assert again.entry.payload == payload


async def test_what_is_due_comes_back_oldest_request_first(world: World) -> None:
    """An opening gate finds the order of the requests and of their targets, not that of the parking."""
    names = [f"org/team-{n}" for n in (3, 1, 2)]
    await planned(world, *names)
    await planned(world, "org/team-0")
    streams = world.streams()
    deliveries = await streams.receive(MIGRATIONS, 10)
    for delivery in reversed(deliveries):
        await world.settle(delivery, Snooze("closed", 0))
    await world.advance(1)
    await world.streams().sweep(ROOM)

    again = await streams.receive(MIGRATIONS, 10)

    assert [target_of(d) for d in again] == [*names, "org/team-0"]


async def test_the_release_of_a_target_wakes_who_waits_for_it(world: World) -> None:
    """The oldest request first, at once, and only one."""
    holder = await migrating(world)
    await taken(world, holder)
    await planned(world, "org/team-a")
    await planned(world, "org/team-a")
    waiting = await world.streams("worker-2").receive(MIGRATIONS, 2)
    for delivery in reversed(waiting):
        await world.settle(delivery, Snooze("busy", 30, waits_for=TARGET), consumer="worker-2")
    assert await world.parked() == 2

    await world.streams("worker-1").settle(holder, migrated())

    assert await world.parked() == 1
    woken = await world.next(MIGRATIONS, "worker-2")
    assert woken.entry == waiting[0].entry


async def test_a_target_that_was_released_meanwhile_wakes_at_once(world: World) -> None:
    """No other worker would: the release came before the waiting."""
    delivery = await migrating(world)

    await world.settle(delivery, Snooze("busy", 30, waits_for=TARGET))

    assert (await world.streams().sweep(ROOM)).promoted == 1


async def test_who_waits_for_a_dead_holder_comes_back_in_time(world: World) -> None:
    """A dead holder releases nothing; the waiting ends all the same."""
    holder = await migrating(world, consumer="dead")
    await taken(world, holder)
    await planned(world, "org/team-a")
    waiting = await world.next(MIGRATIONS)
    await world.settle(waiting, Snooze("busy", 30, waits_for=TARGET))
    await world.advance(31)

    assert (await world.streams().sweep({REQUESTS: 1})).promoted == 1


async def test_a_notice_that_was_said_is_gone(world: World) -> None:
    """Nothing follows from it."""
    await planned(world, "org/team-a")

    await world.settle(await world.next(NOTICES), Done(Said()))
    assert await world.length(NOTICES) == 0


async def test_a_migration_names_its_place_and_its_run(world: World) -> None:
    """Order and run travel with the entry."""
    request = await planned(world, "org/team-a", "org/team-b")

    _, second = await world.streams().receive(MIGRATIONS, 2)

    assert second.entry == MigrationEntry(request, "org/team-b", 1, 1)


async def test_what_is_handed_back_to_rest_comes_again_after_a_lease(world: World) -> None:
    """No worker of this version can work on it, so it does not come round with each sweep; it is not counted, either."""
    await world.append(MIGRATIONS, {b"v": b"99"})
    streams = world.streams()
    await world.settle(await world.next(MIGRATIONS), Handback("newer", rests=True, is_newer=True))

    assert (await streams.sweep({MIGRATIONS: 1})).deliveries == ()
    await world.advance(LEASE_S + 1)
    (again,) = (await streams.sweep({MIGRATIONS: 1})).deliveries
    assert again.token.count == 1
