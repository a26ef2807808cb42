"""`ports.Hands.hurry`: a person has tried at once what a request would try later."""

import re

from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.core.verdict import Dead, Retry, Snooze, Verdict, Waits
from monarch.ports.hands import NotDone
from tests.contracts.moves import appended, migrated, planned
from tests.contracts.worlds import World

MIGRATIONS = Stream.MIGRATIONS


async def parked(world: World) -> RequestId:
    """Two migrations wait for ten minutes: one has failed, one meets a closed gate."""
    request = await planned(world, "org/team-a", "org/team-b")
    streams = world.streams()
    first, second = await streams.receive(MIGRATIONS, 2)
    await world.settle(first, Retry("GitHub is down", 600))
    await world.settle(second, Snooze("a gate", 600, None))
    assert await streams.receive(MIGRATIONS, 2) == ()
    return request


async def test_what_waits_comes_back_at_once_and_once(world: World) -> None:
    """With its attempts; the second press finds nothing that waits. Who did it is on record."""
    request = await parked(world)

    assert await world.hands.hurry(request, "ann") == 2
    assert await world.hands.hurry(request, "ben") == 0

    deliveries = await world.streams().receive(MIGRATIONS, 3)
    assert sorted(each.attempts for each in deliveries) == [0, 1]
    events = [fields for _, fields in await world.client.xrange(world.keys.events)]
    hurried = [each for each in events if each[b"event"] == b"request.hurried"]
    assert [(each[b"by"], each[b"pieces"]) for each in hurried] == [(b"ann", b"2")]


async def test_a_request_that_was_not_planned_yet_is_tried_at_once(world: World) -> None:
    """Its source could not be read."""
    request = await appended(world, "org/team-a")
    await world.settle(await world.next(Stream.REQUESTS), Retry("GitHub is down", 600))

    assert await world.hands.hurry(request, "ann") == 1

    assert (await world.next(Stream.REQUESTS)).attempts == 1


async def test_what_is_in_hand_or_ended_or_called_off_is_left_alone(world: World) -> None:
    """It says why, and changes nothing."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(MIGRATIONS)
    assert await world.hands.hurry(request, "ann") == 0
    await world.settle(delivery, migrated())

    ended = await world.hands.hurry(request, "ann")
    unknown = await world.hands.hurry(RequestId("1-1"), "ann")
    other = await parked(world)
    await world.hands.cancel(other, "ben")
    cancelled = await world.hands.hurry(other, "ann")

    assert ended == NotDone(f"request {request} has ended: it is done")
    assert unknown == NotDone("no request 1-1 is known", is_unknown=True)
    assert cancelled == NotDone(f"request {other} was cancelled by ben")


async def test_what_slack_did_not_get_is_tried_at_once_though_all_has_ended(world: World) -> None:
    """`show` named the next try, and `try` said that nothing was to be done, since the request had ended."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), migrated())
    streams = world.streams()
    while notices := await streams.receive(Stream.NOTICES, 1):
        await world.settle(notices[0], Retry("Slack answered 500", 600))

    assert await world.hands.hurry(request, "ann") == 1
    assert isinstance(await world.hands.hurry(request, "ann"), NotDone)

    (notice,) = await streams.receive(Stream.NOTICES, 2)
    assert notice.attempts == 1


async def test_a_notice_that_waits_for_its_moment_goes_on_waiting(world: World) -> None:
    """Nothing has failed: the ending waits for those who join late."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), migrated())
    (notice,) = await world.streams().receive(Stream.NOTICES, 2)
    await world.settle(notice, Snooze("the next word is due later", 20))

    assert isinstance(await world.hands.hurry(request, "ann"), NotDone)


async def told(world: World, *verdicts: Verdict) -> RequestId:
    """A request that has ended; what Slack is to hear of it comes back at once and meets these, one after the other."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), migrated())
    streams = world.streams()
    for verdict in verdicts:
        await streams.sweep({})
        for notice in await streams.receive(Stream.NOTICES, 9):
            await world.settle(notice, verdict)
    return request


async def test_a_limit_of_slack_holds_for_those_who_press_too(world: World) -> None:
    """The press said that the request has ended; Slack is not called, and the answer says until when."""
    request = await told(world, Snooze("Slack's limit", 3600, kind=Waits.LIMIT))

    answer = await world.hands.hurry(request, "ann")

    assert isinstance(answer, NotDone)
    assert re.search(r"Slack .* limit .* no earlier than \w{3} \d{4}-\d\d-\d\d", answer.reason)
    assert await world.streams().receive(Stream.NOTICES, 2) == ()


async def test_after_a_failure_that_has_passed_a_notice_waits_for_its_moment(world: World) -> None:
    """It keeps its attempts, and passed for one that fails."""
    ending = Snooze("the next word is due later", 20, kind=Waits.ENDING)
    request = await told(world, Retry("Slack answered 500", 0), ending)

    assert isinstance(await world.hands.hurry(request, "ann"), NotDone)

    assert await world.streams().receive(Stream.NOTICES, 2) == ()


async def test_a_dead_target_beside_it_stays_dead(world: World) -> None:
    """A replay is what brings that back."""
    request = await planned(world, "org/team-a", "org/team-b")
    streams = world.streams()
    first, second = await streams.receive(MIGRATIONS, 2)
    await world.settle(first, Dead(Code.ARCHIVED, "unarchive it"))
    await world.settle(second, Retry("GitHub is down", 600))

    assert await world.hands.hurry(request, "ann") == 1

    assert len(await streams.receive(MIGRATIONS, 2)) == 1
    assert len(await world.dead()) == 1
