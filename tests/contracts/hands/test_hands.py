"""`ports.Hands`: pause, resume and cancel. Replay and drop have a suite of their own."""

import pytest

from monarch.core.card.telling import Telling
from monarch.core.delivery import Delivery, RequestEntry, Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.target.permission import Cancelled, Granted, Taken, WasCreated, Wish
from monarch.core.verdict import Dead, Done, Handback, Retry, Skipped, Snooze, Verdict
from monarch.ports import Cancelling, Hearing, NotDone, Paused
from tests.contracts.moves import (
    FIRST,
    ME,
    SECOND,
    TARGET,
    appended,
    fields_of,
    migrated,
    one,
    plan_for,
    planned,
    taken,
    target_of,
)
from tests.contracts.telling import tell
from tests.contracts.worlds import LEASE_S, World, a_message

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES
PLACES = dict.fromkeys(Stream, 5)
DETAILS = {"source": "org/template", "channel": "C1"}
LATER: list[Verdict] = [
    Retry("GitHub is down", 600, DETAILS),
    Snooze("a gate", 600, None, details=DETAILS),
]


async def heard(world: World, *targets: str) -> RequestId:
    """A request by way of the channel."""
    (request,) = await world.inbox("replica").mirror([Hearing("1", a_message(*targets))])
    assert request is not None
    return request


# --------------------------------------------------------------------------------------------- pause


async def test_of_two_who_pause_the_second_is_told_of_the_first(world: World) -> None:
    """And nothing changes."""
    assert await world.hands.pause("ann") == Paused(changed=True, by="ann")
    assert await world.hands.pause("ben") == Paused(changed=False, by="ann")

    swept = await world.streams().sweep(PLACES)

    assert swept.paused_by == "ann"


async def test_of_two_who_resume_the_second_is_told_that_it_runs(world: World) -> None:
    """The first learns whose pause it was."""
    await world.hands.pause("ann")

    assert await world.hands.resume("ben") == Paused(changed=True, by="ann")
    assert await world.hands.resume("cat") == Paused(changed=False, by="")
    assert (await world.streams().sweep(PLACES)).paused_by == ""


async def test_a_pause_by_nobody_in_particular_is_a_pause(world: World) -> None:
    """An empty name must not read as *runs*."""
    await world.hands.pause("")

    assert (await world.streams().sweep(PLACES)).paused_by == "unknown"


async def test_a_sweep_while_paused_takes_over_notices_alone(world: World) -> None:
    """Slack hears of it all the same; the rest waits for the resume, and no delivery of it is counted."""
    await planned(world, "org/team-a")
    await appended(world, "org/team-b")
    dead = world.streams("dead-worker")
    for stream in Stream:
        await one(dead, stream)
    await world.advance(LEASE_S + 1)
    await world.hands.pause("ann")

    swept = await world.streams().sweep(PLACES)

    assert [d.token.stream for d in swept.deliveries] == [NOTICES]
    await world.hands.resume("ann")
    swept = await world.streams().sweep({REQUESTS: 5, MIGRATIONS: 5})
    assert [d.token.stream for d in swept.deliveries] == [REQUESTS, MIGRATIONS]
    assert {d.token.count for d in swept.deliveries} == {2}


async def test_what_is_due_is_promoted_while_paused(world: World) -> None:
    """It is in its stream when the fleet goes on."""
    await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), Snooze("a gate", 60))
    await world.hands.pause("ann")
    await world.advance(61)

    swept = await world.streams().sweep(PLACES)

    assert (swept.promoted, await world.parked(), await world.length(MIGRATIONS)) == (1, 0, 1)


async def test_whoever_tells_is_told_who_paused_the_fleet(world: World) -> None:
    """So that the channel learns why nothing moves, and that it goes on."""
    request = await planned(world, "org/team-a")
    await world.hands.pause("ann")
    notice = await world.next(NOTICES)

    saying = await world.cards.begin(notice, CohortId(request))

    assert isinstance(saying, Telling)
    assert saying.view.requests[0].paused_by == "ann"
    await world.hands.resume("ann")
    saying = await world.cards.begin(notice, CohortId(request))
    assert isinstance(saying, Telling)
    assert saying.view.requests[0].paused_by == ""


async def test_a_pause_and_a_resume_are_told_of_each_open_request(world: World) -> None:
    """Of one that has ended they say nothing: its end would be said again."""
    await ended(world, await planned(world, "org/team-a"))
    await planned(world, "org/team-b")
    await tell(world)

    await world.hands.pause("ann")

    assert await tell(world) == ["running"]
    await world.hands.resume("ann")
    assert await tell(world) == ["running"]
    assert await world.length(NOTICES) == 0


async def test_an_end_that_is_being_said_is_not_said_again_because_of_a_pause(
    world: World,
) -> None:
    """Its request has ended, though the channel does not know yet."""
    request = await planned(world, "org/team-a")
    await ended(world, request)
    notice = await world.next(NOTICES)
    await world.cards.begin(notice, CohortId(request))

    await world.hands.pause("ann")

    assert await world.length(NOTICES) == 1


async def ended(world: World, request: RequestId) -> None:
    """Its one migration is done."""
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "done"


# -------------------------------------------------------------------------------------------- cancel


async def test_what_nobody_knows_cannot_be_cancelled(world: World) -> None:
    """A slip of the finger makes no request."""
    for name in ("1-1", "x", ""):
        assert isinstance(await world.hands.cancel(RequestId(name), "ann"), NotDone)
        assert await world.request(RequestId(name)) == {}


async def test_what_has_ended_cannot_be_cancelled(world: World) -> None:
    """What is done is not said to be called off."""
    request = await planned(world, "org/team-a")
    await ended(world, request)

    answer = await world.hands.cancel(request, "ann")

    assert isinstance(answer, NotDone)
    assert "done" in answer.reason
    assert "cancelled_by" not in await world.request(request)


async def test_of_two_who_cancel_the_second_is_told_of_the_first(world: World) -> None:
    """The first one stands in the dead letters."""
    request = await planned(world, "org/team-a", "org/team-b")

    assert await world.hands.cancel(request, "ann") == Cancelling(2)
    answer = await world.hands.cancel(request, "ben")

    assert isinstance(answer, NotDone)
    assert "ann" in answer.reason
    assert (await world.request(request))["cancelled_by"] == "ann"


async def test_a_request_that_is_cancelled_before_it_was_planned_copies_nothing(
    world: World,
) -> None:
    """Its message is kept for a replay, and its channel gets a notice."""
    request = await heard(world, "org/team-a")
    delivery = await world.next(REQUESTS)

    assert await world.hands.cancel(request, "ann") == Cancelling(0)
    await world.settle(delivery, plan_for("org/team-a"))

    await called_off_unplanned(world, request)


@pytest.mark.parametrize("verdict", LATER, ids=lambda v: type(v).__name__)
async def test_a_cancelled_request_does_not_wait_for_another_try(
    world: World, verdict: Verdict
) -> None:
    """What would be tried later ends now."""
    request = await heard(world, "org/team-a")
    delivery = await world.next(REQUESTS)
    await world.hands.cancel(request, "ann")

    await world.settle(delivery, verdict)

    await called_off_unplanned(world, request)


async def called_off_unplanned(world: World, request: RequestId) -> None:
    """A request that was never planned ended as a dead letter, and its channel gets a notice."""
    (letter,) = await world.dead()
    assert (letter["stream"], letter["code"], letter["request"]) == (
        "requests",
        "cancelled",
        request,
    )
    assert "ann" in letter["reason"]
    assert letter["payload"].encode() == a_message("org/team-a")
    known = await world.request(request)
    assert (known["state"], known["source"], known["channel"]) == (
        "cancelled",
        "org/template",
        "C1",
    )
    assert (await world.length(REQUESTS), await world.length(MIGRATIONS)) == (0, 0)
    assert await world.parked() == 0
    assert await tell(world) == ["cancelled"]


async def test_a_producers_own_entry_can_be_cancelled_before_anybody_read_it(
    world: World,
) -> None:
    """It has no hash yet."""
    request = await appended(world, "org/team-a")

    assert await world.hands.cancel(request, "ann") == Cancelling(0)

    await world.settle(await world.next(REQUESTS), plan_for("org/team-a"))
    await called_off_unplanned(world, request)


@pytest.mark.parametrize("promoted", [False, True])
@pytest.mark.parametrize("verdict", LATER, ids=lambda v: type(v).__name__)
async def test_a_producers_own_entry_can_be_cancelled_while_it_waits(
    world: World, verdict: Verdict, *, promoted: bool
) -> None:
    """Parked, or promoted under another entry id, it is still the request that the producer knows."""
    request = await appended(world, "org/team-a")
    await world.settle(await world.next(REQUESTS), verdict)
    assert (await world.request(request))["state"] == "queued"
    if promoted:
        await world.advance(601)
        await world.streams().sweep(PLACES)

    assert await world.hands.cancel(request, "ann") == Cancelling(0)

    assert await world.parked() == 0
    delivery = await world.next(REQUESTS)
    assert isinstance(delivery.entry, RequestEntry)
    assert delivery.entry.request == request
    await world.settle(delivery, plan_for("org/team-a"))
    await called_off_unplanned(world, request)


async def test_an_empty_template_is_skipped_whoever_cancels_it(world: World) -> None:
    """Nothing was left to call off."""
    request = await appended(world, "org/team-a")
    delivery = await world.next(REQUESTS)
    await world.hands.cancel(request, "ann")

    await world.settle(delivery, Done(Skipped("org/template", "C1", ("org/team-a",))))

    assert (await world.request(request))["state"] == "skipped"
    assert await world.dead() == []


async def test_a_migration_that_is_parked_comes_back_at_once_when_it_is_cancelled(
    world: World,
) -> None:
    """Slack hears of it now, and not when its wait is over."""
    request = await planned(world, "org/team-a", "org/team-b")
    for _ in range(2):
        await world.settle(await world.next(MIGRATIONS), Snooze("a gate", 3600))

    assert await world.hands.cancel(request, "ann") == Cancelling(2)

    assert (await world.parked(), await world.length(MIGRATIONS)) == (0, 2)
    for _ in range(2):
        delivery = await world.next(MIGRATIONS)
        assert await world.ledger().take(delivery, TARGET, ME) == Cancelled("ann")
        await world.settle(delivery, Dead(Code.CANCELLED, "cancelled by ann"))
    assert (await world.request(request))["state"] == "cancelled"


async def test_a_cancel_leaves_another_request_where_it_waits(world: World) -> None:
    """Only its own work comes back."""
    first = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), Snooze("a gate", 3600))
    await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), Snooze("a gate", 3600))

    await world.hands.cancel(first, "ann")

    assert (await world.parked(), await world.length(MIGRATIONS)) == (1, 1)


async def test_a_migration_that_waits_for_a_busy_target_is_cancelled_and_not_woken_again(
    world: World,
) -> None:
    """When the target is free, no delivery waits for it."""
    holder, waiter = world.streams("holder"), world.streams("waiter")
    await planned(world, "org/team-a")
    writing = await one(holder, MIGRATIONS)
    await taken(world, writing)
    second = await planned(world, "org/team-a")
    waiting = await one(waiter, MIGRATIONS)
    await waiter.settle(waiting, Snooze("busy", 30, waits_for=TARGET))

    await world.hands.cancel(second, "ann")
    await waiter.settle(await one(waiter, MIGRATIONS), Retry("whatever", 5))
    await holder.settle(writing, migrated())

    assert (await world.parked(), await world.length(MIGRATIONS)) == (0, 0)
    assert (await world.request(second))["state"] == "cancelled"


async def in_hand(world: World) -> tuple[RequestId, Delivery, Taken]:
    """A migration whose target is taken."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(MIGRATIONS)
    return request, delivery, await taken(world, delivery)


async def test_nothing_more_of_a_cancelled_request_is_permitted(world: World) -> None:
    """The write that is under way is recorded; the next one is not begun."""
    request, delivery, held = await in_hand(world)
    ledger = world.ledger()
    granted = await ledger.permit(delivery, TARGET, ME, Wish(held.epoch, FIRST))
    assert isinstance(granted, Granted)

    await world.hands.cancel(request, "ann")

    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(1, granted.nonce))
    refused = await ledger.permit(delivery, TARGET, ME, Wish(held.epoch, SECOND))
    assert refused == Cancelled("ann")
    assert (await fields_of(world, request, "org/team-a"))["copied"] == "1"
    assert await ledger.take(delivery, TARGET, ME) == Cancelled("ann")


@pytest.mark.parametrize("verdict", LATER, ids=lambda v: type(v).__name__)
async def test_a_cancelled_migration_is_not_tried_again(world: World, verdict: Verdict) -> None:
    """Whatever its handler did not know yet."""
    request, delivery, _ = await in_hand(world)
    await world.hands.cancel(request, "ann")

    await world.streams().settle(delivery, verdict)

    (letter,) = await world.dead()
    assert (letter["code"], letter["migration"]) == ("cancelled", f"{request}:org/team-a")
    assert (await fields_of(world, request, "org/team-a"))["state"] == "cancelled"
    assert not await world.lock(TARGET)
    assert await tell(world) == ["cancelled"]


async def test_a_worker_that_stops_leaves_a_cancelled_migration_to_another(world: World) -> None:
    """A handback says nothing about the work."""
    request, delivery, _ = await in_hand(world)
    await world.hands.cancel(request, "ann")

    await world.streams().settle(delivery, Handback())

    (again,) = (await world.streams("other").sweep(PLACES)).deliveries[:1]
    assert target_of(again) == "org/team-a"
    assert await world.dead() == []


async def test_what_finished_meanwhile_stays_done_and_the_request_is_done_with_it(
    world: World,
) -> None:
    """Nothing was left that a cancel could call off: the channel gets a notice."""
    request, delivery, _ = await in_hand(world)
    await world.hands.cancel(request, "ann")
    assert await tell(world) == ["running"]

    await world.streams().settle(delivery, migrated())

    assert (await fields_of(world, request, "org/team-a"))["state"] == "done"
    assert (await world.request(request))["state"] == "done"
    assert await world.dead() == []
    assert await tell(world) == ["done"]


async def test_one_target_done_and_one_called_off_is_a_cancelled_request(world: World) -> None:
    """Each target says for itself what became of it."""
    request = await planned(world, "org/team-a", "org/team-b")
    await world.settle(await world.next(MIGRATIONS), migrated())
    await world.hands.cancel(request, "ann")

    await world.settle(await world.next(MIGRATIONS), Retry("whatever", 5))

    assert (await world.request(request))["state"] == "cancelled"
    assert (await fields_of(world, request, "org/team-a"))["state"] == "done"
    assert (await fields_of(world, request, "org/team-b"))["state"] == "cancelled"


async def test_a_target_that_failed_by_itself_is_not_said_to_be_cancelled(world: World) -> None:
    """Its own reason is worth more."""
    request, delivery, _ = await in_hand(world)
    await world.hands.cancel(request, "ann")

    await world.streams().settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))

    (letter,) = await world.dead()
    assert letter["code"] == "repository_archived"
    assert (await world.request(request))["state"] == "failed"
