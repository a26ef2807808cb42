"""The one consumer loop: what is received is settled once, or left to be reclaimed."""

import anyio
import pytest

from monarch.core.delivery import Delivery, Stream
from monarch.core.verdict import Handback, Policy, Retry, Verdict
from monarch.ports import StoreError
from monarch.stages.lease import Hold
from monarch.stages.reclaimer import EVERY_S, JITTER
from tests.contracts.doubles.flaky import failing
from tests.contracts.worlds import LEASE_S
from tests.stages.bench import BOTH, DONE, Bench
from tests.stages.house import House, pass_time

AWAY = StoreError("Valkey is away")
MOST_BETWEEN_SWEEPS_S = EVERY_S * (1 + JITTER)


async def fail(_delivery: Delivery, _hold: Hold) -> Verdict:
    """An error that no code expects."""
    message = "nobody planned this"
    raise ZeroDivisionError(message)


async def work_for_a_minute(_delivery: Delivery, hold: Hold) -> Verdict:
    """Longer than a lease."""
    await hold.sleep(60)
    return DONE


async def work_for_half_a_second(_delivery: Delivery, hold: Hold) -> Verdict:
    """So short that places become free between two sweeps."""
    await hold.sleep(0.5)
    return DONE


async def forever(_delivery: Delivery, _hold: Hold) -> Verdict:
    """Deaf to everything but being cancelled."""
    await anyio.sleep_forever()
    return DONE


async def test_every_delivery_is_settled_once(house: House) -> None:
    """And gone."""
    bench = Bench(house)
    bench.give(5)

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == 5
    assert bench.streams.calls["streams.settle"] == 5
    assert house.events.count("delivery.settled") == 5


async def test_no_more_is_worked_on_than_there_are_places(house: House) -> None:
    """And no more is received than can be worked on."""
    bench = Bench(house, work_for_a_minute, places=2)
    bench.give(5)

    await bench.run(bench.until_quiet)

    assert bench.handler.most == 2
    assert {d.token.count for d in bench.handler.handled} == {1}
    assert anyio.current_time() >= 180


async def test_a_long_handler_keeps_its_delivery(house: House) -> None:
    """Its lease is renewed while it works: no worker reclaims it."""
    bench, other = Bench(house, work_for_a_minute), Bench(house, name="worker-2")
    bench.give()

    async with bench.running():
        await bench.handler.until_handled(1)
        await other.run(bench.until_quiet)

    assert not other.handler.handled
    assert house.store.dead == []


async def test_what_nobody_planned_is_tried_again_and_given_up(house: House) -> None:
    """The loop goes on, the traceback is logged, and the attempts are bounded."""
    bench = Bench(house, fail)
    bench.give()

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == Policy().max_attempts
    (letter,) = house.store.dead
    assert letter["code"] == "out_of_attempts"
    assert "ZeroDivisionError" in letter["reason"]
    assert isinstance(house.told("delivery.failed")[0]["exc_info"], ZeroDivisionError)


async def test_one_that_fails_does_not_stop_the_others(house: House) -> None:
    """Each delivery for itself."""

    async def first_fails(delivery: Delivery, hold: Hold) -> Verdict:
        if len(bench.handler.handled) == 1:
            return await fail(delivery, hold)
        return DONE

    bench = Bench(house, first_fails, places=1)
    bench.give(3)

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == 4
    assert house.store.dead == []


async def test_poison_is_dead_lettered_without_being_run(house: House) -> None:
    """What ended six workers does not get a seventh."""
    bench = Bench(house)
    bench.give()
    dying = house.streams("dying")
    await dying.receive(Stream.NOTICES, 1)
    for _ in range(4):
        house.store.advance(LEASE_S + 1)
        await dying.sweep({Stream.NOTICES: 1})
    house.store.advance(LEASE_S + 1)

    await bench.run(bench.until_quiet)

    assert bench.handler.handled == []
    (letter,) = house.store.dead
    assert letter["code"] == "poison"


async def test_a_suspect_is_run_without_another_one_beside_it(house: House) -> None:
    """What went down with two workers is run one by one, so that only what ends the third is counted for it."""
    bench = Bench(house, work_for_a_minute, places=4)
    bench.give(3)
    dying = house.streams("dying")
    await dying.receive(Stream.NOTICES, 3)
    house.store.advance(LEASE_S + 1)
    await dying.sweep({Stream.NOTICES: 3})
    house.store.advance(LEASE_S + 1)

    await bench.run(bench.until_quiet)

    assert bench.handler.most == 1
    assert [d.since_progress for d in bench.handler.handled] == [3, 3, 3]
    assert house.store.dead == []


async def test_suspects_of_different_streams_are_run_one_by_one_as_well(house: House) -> None:
    """A notice that was in hand whenever a migration ended its worker is no poison."""
    bench = Bench(house, work_for_a_minute, streams=BOTH)
    bench.give()
    house.store.append_request(b"{}")
    dying = house.streams("dying")
    for stream in BOTH:
        await dying.receive(stream, 1)
    house.store.advance(LEASE_S + 1)
    await dying.sweep(dict.fromkeys(BOTH, 1))
    house.store.advance(LEASE_S + 1)

    await bench.run(bench.until_quiet)

    assert bench.handler.most == 1
    assert {d.token.stream for d in bench.handler.handled} == set(BOTH)
    assert house.store.dead == []


async def test_what_a_dead_worker_left_is_not_kept_waiting_by_a_backlog(house: House) -> None:
    """Each place that becomes free goes to something new at once; what is stalled has its turn all the same."""
    bench = Bench(house, work_for_a_minute, places=1)
    bench.give()
    dying = house.streams("dying")
    [stalled] = await dying.receive(Stream.NOTICES, 1)
    bench.give(20)

    async with bench.running():
        while stalled.token.entry not in {d.token.entry for d in bench.handler.handled}:
            await bench.handler.until_handled(len(bench.handler.handled) + 1)

    assert len(bench.handler.handled) <= 3


async def test_what_a_stopped_worker_handed_back_goes_before_a_backlog(house: House) -> None:
    """Promise 7: each place that becomes free is given to it, until nothing of it is left; then comes what is new."""
    bench = Bench(house, work_for_half_a_second, places=2)
    bench.give(6)
    stopping = house.streams("stopping")
    in_hand = await stopping.receive(Stream.NOTICES, 6)
    bench.give(200)

    async with bench.running():
        await bench.handler.until_handled(10)
        for delivery in in_hand:
            await stopping.settle(delivery, Handback())
        began, before = anyio.current_time(), len(bench.handler.handled)
        back = {delivery.token.entry for delivery in in_hand}
        with anyio.fail_after(60):
            while not back <= {d.token.entry for d in bench.handler.handled}:
                await bench.handler.until_handled(len(bench.handler.handled) + 1)
        new = [d for d in bench.handler.handled[before:] if d.token.entry not in back]
        assert anyio.current_time() - began <= 5
        # Until the next sweep nobody knows of it; from then on nothing else is begun.
        assert len(new) <= 2 * 2 * MOST_BETWEEN_SWEEPS_S + 2


async def test_what_is_handed_back_unrun_is_not_swept_for_in_a_hurry(house: House) -> None:
    """A suspect that waits for another one to end would come back at once, and again, as fast as Valkey answers."""
    bench = Bench(house, work_for_a_minute, places=2)
    bench.give(6)
    dying = house.streams("dying")
    await dying.receive(Stream.NOTICES, 6)
    house.store.advance(LEASE_S + 1)
    await dying.sweep({Stream.NOTICES: 6})
    house.store.advance(LEASE_S + 1)

    await bench.run(lambda: pass_time(50))

    assert bench.handler.most == 1
    assert bench.streams.calls["streams.sweep"] <= 2 * 50 / EVERY_S


async def test_a_sweep_that_fails_does_not_keep_new_work_waiting(house: House) -> None:
    """What is left has its turn when Valkey can sweep again."""
    bench = Bench(house, work_for_half_a_second, places=1)
    bench.streams.before = failing("streams.sweep", AWAY, *range(2, 100))
    bench.give(2)
    dying = house.streams("dying")
    for delivery in await dying.receive(Stream.NOTICES, 2):
        await dying.settle(delivery, Handback())
    bench.give(5)

    await bench.run(lambda: bench.handler.until_handled(6))

    assert bench.streams.calls["streams.sweep"] >= 2
    assert anyio.current_time() <= 6 * 0.5 + 2


async def test_an_unreadable_entry_is_given_up_unrun(house: House) -> None:
    """With what was expected and what came."""
    bench = Bench(house)
    house.store.append(Stream.NOTICES, {b"request": b"not an id"})

    await bench.run(bench.until_quiet)

    assert bench.handler.handled == []
    (letter,) = house.store.dead
    assert letter["code"] == "entry_unreadable"
    assert "should be an entry id, not" in letter["reason"]
    assert letter["reason"].endswith("drop it, or replay it if it has a migration (`monarch dead`)")


async def test_a_newer_entry_is_handed_back_for_newer_code(house: House) -> None:
    """However often it comes round: it is never counted, never poison, and told once. It rests for a lease each time."""
    bench = Bench(house)
    house.store.append(Stream.NOTICES, {b"v": b"99", b"request": b"1-1"})
    leases = 10

    async with bench.running():
        await pass_time(leases * LEASE_S)

    assert bench.handler.handled == []
    assert house.store.dead == []
    assert len(house.store.entries(Stream.NOTICES)) == 1
    assert Policy().max_deliveries < bench.streams.calls["streams.settle"] <= leases
    assert [line["version"] for line in house.told("entry.unsupported_version")] == [99]
    assert house.told("delivery.reclaimed") == []
    assert {line["log_level"] for line in house.told("delivery.handed_back")} == {"debug"}


async def test_a_lost_delivery_is_not_settled(house: House) -> None:
    """It is in other hands, and theirs is the word."""
    bench = Bench(house, work_for_a_minute)
    bench.give()
    thief = house.streams("thief")

    async with bench.running(sweeping=False):
        await bench.handler.until_handled(1)
        house.store.advance(LEASE_S + 1)
        (delivery,) = (await thief.sweep({Stream.NOTICES: 1})).deliveries
        await bench.handler.until_idle()
        await thief.settle(delivery, DONE)

    assert bench.streams.calls["streams.settle"] == 0
    assert house.events.count("lease.lost") == 1


async def test_a_store_that_cannot_be_read_is_read_again(house: House) -> None:
    """Backed off, and told."""
    bench = Bench(house)
    bench.streams.before = failing("streams.receive", AWAY, 1, 2, 3)
    bench.give()

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == 1
    assert house.events.count("valkey.unavailable") == 3


@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_settle_without_an_answer_is_repeated(house: House, side: str) -> None:
    """Whether it took effect or not: the work is done once."""
    bench = Bench(house)
    setattr(bench.streams, side, failing("streams.settle", AWAY, 1, 2))
    bench.give()

    await bench.run(bench.until_quiet)

    assert len(bench.handler.handled) == 1
    assert house.store.is_quiet


async def test_a_settle_that_never_works_is_given_up_with_the_lease(house: House) -> None:
    """Then another worker reclaims the entry."""
    bench, other = Bench(house), Bench(house, name="worker-2")
    bench.streams.before = failing("streams.settle", AWAY)
    bench.give()

    async with bench.running(sweeping=False):
        await bench.handler.until_handled(1)
        bench.streams.before = lambda call, _: None if "receive" in call else AWAY
        await other.run(other.until_quiet)

    assert len(other.handler.handled) == 1
    assert other.handler.handled[0].token.count == 2


async def test_a_store_that_fails_a_handler_costs_no_attempt(house: House) -> None:
    """An outage is not the delivery's fault."""

    async def once_away(delivery: Delivery, _hold: Hold) -> Verdict:
        if len(bench.handler.handled) == 1:
            raise AWAY
        return DONE

    bench = Bench(house, once_away)
    bench.give()

    await bench.run(bench.until_quiet)

    assert [d.attempts for d in bench.handler.handled] == [0, 0]


async def test_a_delivery_in_hand_is_not_begun_a_second_time(house: House) -> None:
    """A group that was made again hands out the same entry at the same count: the same token."""
    bench = Bench(house, work_for_a_minute, places=2)
    bench.give()

    async with bench.running():
        await bench.handler.until_handled(1)
        house.store.deliver_again(Stream.NOTICES)
        await bench.until_quiet()

    assert len(bench.handler.handled) == 1


# -------------------------------------------------------------------------------------------- drain


async def test_a_drained_worker_hands_back_what_it_holds(house: House) -> None:
    """At once, uncounted, and it receives nothing any more."""
    bench, heir = Bench(house, work_for_a_minute, places=2), Bench(house, name="heir")
    bench.give(3)
    async with anyio.create_task_group() as renewing:
        renewing.start_soon(bench.holds.renew_forever)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bench.consumer.run, tasks)
            await bench.handler.until_handled(2)
            stopped_at = anyio.current_time()
            bench.drain()
        renewing.cancel_scope.cancel()

    assert anyio.current_time() - stopped_at <= 2
    assert house.events.count("delivery.handed_back") == 2
    await heir.run(heir.until_quiet)
    assert {d.token.count for d in heir.handler.handled} == {1}
    assert anyio.current_time() - stopped_at <= 7


async def test_a_drained_worker_finishes_the_step_in_hand(house: House) -> None:
    """What is asked between two steps ends it; what is under way does not."""
    steps = []

    async def two_steps(_delivery: Delivery, hold: Hold) -> Verdict:
        await pass_time(5)
        steps.append("first")
        hold.check()
        steps.append("second")
        return DONE

    bench = Bench(house, two_steps)
    bench.give()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.consumer.run, tasks)
        await bench.handler.until_handled(1)
        bench.drain()

    assert steps == ["first"]
    assert house.events.count("delivery.handed_back") == 1


async def test_a_valkey_that_refuses_is_not_said_to_be_away(house: House) -> None:
    """Out of memory it answers, and `show` said that it could not be asked."""

    async def once(_delivery: Delivery, _hold: Hold) -> Verdict:
        if len(bench.handler.handled) == 1:
            raise StoreError("OutOfMemoryError: command not allowed", is_answer=True)
        return DONE

    bench = Bench(house, once)
    bench.give()
    await bench.run(bench.until_quiet)

    assert [line["reason"] for line in house.told("delivery.snoozed")] == ["Valkey refused it"]


async def test_work_that_a_last_read_brings_after_the_signal_is_handed_back_untouched(
    house: House,
) -> None:
    """A handler asks GitHub before its first step: a stopping worker's refused token parked new work for a minute."""
    bench = Bench(house)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.consumer.run, tasks)
        await pass_time(1)
        bench.drain()
        bench.give()

    assert bench.handler.handled == []
    assert house.events.count("delivery.handed_back") == 1


async def test_a_handler_that_does_not_end_is_given_up(house: House) -> None:
    """And its delivery handed back all the same."""
    bench = Bench(house, forever)
    bench.give()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.consumer.run, tasks)
        await bench.handler.until_handled(1)
        bench.drain()
        bench.holds.give_up()

    pending = house.store.pending(Stream.NOTICES)
    assert [(p.consumer, p.count) for p in pending.values()] == [("released", 0)]


async def test_a_verdict_keeps_its_reason_when_it_is_told(house: House) -> None:
    """A retry is logged with its reason."""

    async def once(_delivery: Delivery, _hold: Hold) -> Verdict:
        return Retry("Slack said 503", 1) if len(bench.handler.handled) == 1 else DONE

    bench = Bench(house, once)
    bench.give()

    await bench.run(bench.until_quiet)

    assert house.told("retry.scheduled")[0]["reason"] == "Slack said 503"
