"""A paused fleet takes on nothing new and goes on after the resume; on a virtual clock."""

from dataclasses import replace

import anyio

from monarch.core.delivery import Stream
from monarch.ports import StoreError
from monarch.stages.reclaimer import EVERY_S, JITTER
from tests.contracts.doubles.flaky import failing
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.bench import Bench
from tests.stages.house import SOURCE, TEAM_A, House, pass_time

SWEEP_S = EVERY_S * (1 + JITTER)
REQUESTS, NOTICES = Stream.REQUESTS, Stream.NOTICES


async def test_nothing_is_read_while_the_fleet_is_paused_but_notices(house: House) -> None:
    """However long that is."""
    bench = Bench(house, pauses=True)
    await house.world.hands.pause("ann")

    async with bench.running():
        await pass_time(10)
        bench.give(stream=REQUESTS)
        bench.give()
        await pass_time(3600)

    assert (len(bench.requests.handled), len(bench.handler.handled)) == (0, 1)
    assert house.store.pending(REQUESTS) == {}
    assert house.told("fleet.paused")[0]["by"] == "ann"


async def test_it_goes_on_within_one_sweep_after_the_resume(house: House) -> None:
    """No restart is needed."""
    bench = Bench(house, pauses=True)
    bench.give(stream=REQUESTS)
    await house.world.hands.pause("ann")

    async with bench.running():
        await pass_time(60)
        await house.world.hands.resume("ann")
        with anyio.fail_after(SWEEP_S):
            await bench.requests.until_handled(1)

    assert len(bench.requests.handled) == 1


async def test_what_was_received_in_the_race_is_handed_back_uncounted(house: House) -> None:
    """The read was under way when the sweep told of the pause."""
    bench = Bench(house, pauses=True)

    async with bench.running():
        await pass_time(1)
        bench.pause.update("ann")
        await house.world.hands.pause("ann")
        bench.give(stream=REQUESTS)
        await pass_time(1)

    assert bench.requests.handled == []
    (pending,) = house.store.pending(REQUESTS).values()
    assert (pending.consumer, pending.count) == ("released", 0)


async def test_what_was_handed_back_is_worked_on_after_the_resume(house: House) -> None:
    """A sweep takes it over at once, as its first delivery."""
    bench = Bench(house, pauses=True)

    async with bench.running():
        await pass_time(1)
        bench.pause.update("ann")
        await house.world.hands.pause("ann")
        bench.give(stream=REQUESTS)
        await pass_time(60)
        await house.world.hands.resume("ann")
        with anyio.fail_after(SWEEP_S):
            await bench.requests.until_handled(1)

    (delivery,) = bench.requests.handled
    assert delivery.token.count == 1


async def test_what_a_dead_worker_held_stays_where_it_is_while_the_fleet_is_paused(
    house: House,
) -> None:
    """No sweep takes it over, so that no try of it is used up; the resume lets the next one."""
    bench = Bench(house, pauses=True)
    bench.give(stream=REQUESTS)
    await house.streams("dead").receive(REQUESTS, 1)
    await house.world.hands.pause("ann")

    async with bench.running():
        await pass_time(3600)
        (held,) = house.store.pending(REQUESTS).values()
        assert (held.consumer, held.count) == ("dead", 1)
        await house.world.hands.resume("ann")
        with anyio.fail_after(SWEEP_S):
            await bench.requests.until_handled(1)

    assert [delivery.token.count for delivery in bench.requests.handled] == [2]


async def test_nothing_is_read_before_the_first_sweep_has_answered(house: House) -> None:
    """Until then a starting worker does not know whether the fleet is paused, so it takes on no new work."""
    bench = Bench(house, pauses=True)
    bench.give(stream=REQUESTS)
    bench.give()

    await bench.run(lambda: pass_time(600), sweeping=False)

    assert (len(bench.requests.handled), len(bench.handler.handled)) == (0, 1)
    assert "streams.receive" in bench.streams.calls


async def test_a_worker_that_cannot_sweep_at_first_begins_when_it_can(house: House) -> None:
    """Valkey was away as it started; a start is no news of a pause."""
    bench = Bench(house, pauses=True)
    bench.streams.before = failing("streams.sweep", StoreError("away"), 1, 2)
    bench.give(stream=REQUESTS)

    await bench.run(lambda: bench.requests.until_handled(1))

    assert EVERY_S * (1 - JITTER) < anyio.current_time() <= 3 * SWEEP_S
    assert house.told("fleet.paused") == []


async def test_a_worker_without_the_reclaimers_role_heeds_the_pause(house: House) -> None:
    """It sweeps to be told, takes nothing over, and audits nothing."""
    bench = Bench(house, pauses=True, reclaims=False)
    await house.world.hands.pause("ann")
    bench.give(stream=REQUESTS)
    other = house.streams("dead")
    await other.receive(REQUESTS, 1)
    bench.give(stream=REQUESTS)

    async with bench.running():
        await pass_time(60)
        assert bench.requests.handled == []
        await house.world.hands.resume("ann")
        await pass_time(60)

    assert [d.token.count for d in bench.requests.handled] == [1]
    assert [p.consumer for p in house.store.pending(REQUESTS).values()] == ["dead"]
    assert bench.streams.calls["streams.audit"] == 0


def slow_house() -> House:
    """Three tickets, ten seconds between two writes: long enough for something to happen between them."""
    house = House(replace(NO_CEILINGS, interval_ms=10_000))
    house.github.add(SOURCE, "One", "Two", "Three")
    house.github.add(TEAM_A)
    return house


async def until_one_is_copied(house: House) -> None:
    """The first ticket is in the target, and on record."""
    await house.until(lambda: len(house.github.titles(TEAM_A)) == 1)


async def test_what_runs_runs_on_while_the_fleet_is_paused() -> None:
    """A pause stops no migration in the middle; Slack reports the pause and its end."""
    house = slow_house()
    request = house.publish(TEAM_A)

    async def paused() -> None:
        await until_one_is_copied(house)
        await house.world.hands.pause("ann")
        await house.until(lambda: "ann has paused all migrations" in house.slack.texts("C1")[-1])
        await house.until(lambda: house.state(request) == "done")
        await house.until_quiet()

    with anyio.fail_after(120):
        await house.worker().run(paused)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert "done" in house.slack.texts("C1")[-1]


async def test_a_cancel_ends_a_crossing_at_the_next_ticket() -> None:
    """The write under way is finished and recorded; the rest is called off, and Slack says so."""
    house = slow_house()
    request = house.publish(TEAM_A)

    async def cancelled() -> None:
        await until_one_is_copied(house)
        await house.world.hands.cancel(request, "ann")
        await house.until_quiet()

    with anyio.fail_after(60):
        await house.worker().run(cancelled)

    assert house.state(request) == "cancelled"
    assert house.github.titles(TEAM_A) == ["One"]
    (letter,) = house.store.dead
    assert (letter["code"], "ann" in letter["reason"]) == ("cancelled", True)
    assert any("cancelled by ann" in text for text in house.slack.texts("C1"))


async def test_a_replay_undoes_a_cancel() -> None:
    """What was copied before is not copied again; the rest follows in order."""
    house = slow_house()
    request = house.publish(TEAM_A)
    hands = house.world.hands

    async def cancelled() -> None:
        await until_one_is_copied(house)
        await hands.cancel(request, "ann")
        await house.until_quiet()
        await hands.replay([house.store.dead[0]["id"]], "ben")
        await house.until_quiet()

    with anyio.fail_after(600):
        await house.worker().run(cancelled)

    assert house.state(request) == "done"
    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]


async def test_a_letter_that_was_replayed_is_gone() -> None:
    """It is in one place only: a second replay does not find it, and no list of dead letters shows it."""
    house = slow_house()
    request = house.publish(TEAM_A)
    hands = house.world.hands

    async def replayed() -> None:
        await until_one_is_copied(house)
        await hands.cancel(request, "ann")
        await house.until_quiet()
        (letter,) = house.store.dead
        await hands.replay([letter["id"]], "ben")
        assert house.store.dead == []
        (again,) = await hands.replay([letter["id"]], "ben")
        assert (again.work, again.refused != "") == ("", True)
        await house.until_quiet()

    with anyio.fail_after(600):
        await house.worker().run(replayed)

    assert (house.state(request), house.store.dead) == ("done", [])


async def test_a_target_that_is_to_be_taken_is_not_when_its_request_was_cancelled() -> None:
    """`take` says so before anything is looked at."""
    house = slow_house()
    request = house.publish(TEAM_A)

    async def cancelled() -> None:
        await house.until(lambda: house.state(request) == "running")
        await house.world.hands.cancel(request, "ann")
        await house.until_quiet()

    with anyio.fail_after(60):
        await house.worker().run(cancelled)

    assert house.state(request) == "cancelled"
    assert house.github.titles(TEAM_A) == []
    assert house.github.faults.count("create_issue") == 0
