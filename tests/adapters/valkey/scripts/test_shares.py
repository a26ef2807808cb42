"""Fair order on the real scripts: cohorts take turns to write, and one that has no place is given one."""

from dataclasses import replace

import pytest

from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TargetId
from monarch.core.target.permission import GivesWay, Taken, Wait
from monarch.core.verdict import Snooze, Waits
from monarch.ports.hands import NotDone, PutFirst
from tests.contracts.crossings import InLine
from tests.contracts.moves import migrated, one, planned, target_of
from tests.contracts.worlds import NO_CEILINGS, RETENTION_MS, World

SCARCE = replace(NO_CEILINGS, interval_ms=20_000)
"""Longer between two writes than a test takes."""


class Floor:
    """Several requests at work, each in a channel, which makes its cohort."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.streams = world.streams("worker-1")
        self.requests: list[RequestId] = []

    async def asks(self, channel: str, *targets: str) -> RequestId:
        """A request is planned; its migrations are in the stream."""
        self.requests.append(await planned(self.world, *targets, channel=channel))
        return self.requests[-1]

    async def next(self) -> InLine:
        """The oldest entry is handed out."""
        delivery = await one(self.streams, Stream.MIGRATIONS)
        target = TargetId(sum(map(ord, target_of(delivery))))
        return InLine(self.world, delivery, target, SCARCE)

    async def hands(self, *channels: str) -> list[InLine]:
        """One migration in hand for each channel, all of them waiting while another one writes."""
        for number, channel in enumerate(channels):
            await self.asks(channel, f"org/team-{number}")
        found = [await self.next() for _ in channels]
        for hand in found:
            assert isinstance(await hand.take(), Taken)
        return found


@pytest.fixture
def floor(world: World) -> Floor:
    """A floor."""
    return Floor(world)


async def turns(hands: list[InLine], writes: int) -> list[int]:
    """Who writes, where all ask each time that there is room, in either order; by their places in `hands`."""
    found: list[int] = []
    for round_ in range(writes):
        await hands[0].world.advance(20.2)
        order = range(len(hands)) if round_ % 2 else range(len(hands) - 1, -1, -1)
        wrote = [place for _ in range(2) for place in order if await hands[place].is_written()]
        found += wrote
    return found


async def in_line(hands: list[InLine]) -> None:
    """All wait for room."""
    for hand in hands:
        if await hand.is_written():
            assert not await hand.is_written()


async def test_two_cohorts_write_by_turns(floor: Floor) -> None:
    """However many tickets one has, and whichever asks first."""
    large, small = await floor.hands("C1", "C2")
    await in_line([large, small])

    assert await turns([large, small], 6) == [1, 0, 1, 0, 1, 0]


async def test_three_cohorts_get_every_third_write(floor: Floor) -> None:
    """Each its own, none two in a row."""
    hands = await floor.hands("C1", "C2", "C3")
    await in_line(hands)

    found = await turns(hands, 9)

    assert [found.count(place) for place in range(3)] == [3, 3, 3]
    assert all(len(set(found[n : n + 3])) == 3 for n in range(0, 9, 3))


async def test_a_cohort_has_one_share_however_many_of_it_are_in_hand(floor: Floor) -> None:
    """And within it the oldest goes first."""
    first, second, other = await floor.hands("C1", "C1", "C2")
    await in_line([first, second, other])

    assert await turns([first, second, other], 6) == [2, 0, 2, 0, 2, 0]


async def test_what_a_cohort_did_not_use_is_gone(floor: Floor) -> None:
    """A cohort that comes late does not catch up, and delays the others by no more than its turn."""
    (large,) = await floor.hands("C1")
    assert await turns([large], 5) == [0] * 5
    await floor.asks("C2", "org/late")
    late = await floor.next()
    await in_line([large, late])

    assert await turns([large, late], 6) == [1, 0, 1, 0, 1, 0]


async def test_a_new_migration_gives_way_to_a_cohort_that_has_no_place(floor: Floor) -> None:
    """Its entry stands behind all of theirs: it would wait until they are done."""
    await floor.asks("C1", "org/team-1", "org/team-2", "org/team-3")
    first, second = await floor.next(), await floor.next()
    await in_line([first, second])
    await floor.asks("C2", "org/small")
    third = await floor.next()

    assert isinstance(await third.take(), GivesWay)
    small = await floor.next()
    assert isinstance(await small.take(), Taken)
    assert isinstance(await third.take(), Taken)


async def test_where_nothing_is_scarce_nobody_gives_way(floor: Floor) -> None:
    """All write at once, so a place more is a place more."""
    await floor.asks("C1", "org/team-1", "org/team-2")
    await floor.asks("C2", "org/small")

    assert isinstance(await (await floor.next()).take(), Taken)
    assert isinstance(await (await floor.next()).take(), Taken)


async def test_the_last_of_a_cohort_gives_its_place_to_one_that_has_none(floor: Floor) -> None:
    """All places are taken by one cohort; the one whose turn would come last goes."""
    await floor.asks("C1", "org/team-1", "org/team-2")
    first, second = await floor.next(), await floor.next()
    await in_line([first, second])
    await floor.asks("C2", "org/small")

    goes, stays = await second.ask(), await first.ask()

    assert isinstance(goes, Wait)
    assert isinstance(stays, Wait)
    assert (goes.in_place, stays.in_place) == (False, True)


async def test_a_cohort_that_waits_for_something_else_holds_up_nobody(floor: Floor) -> None:
    """Its target does not exist yet: it is parked, and no entry of it is in the stream."""
    await floor.asks("C1", "org/team-1", "org/team-2")
    first = await floor.next()
    await in_line([first])
    await floor.asks("C2", "org/small")
    second, missing = await floor.next(), await floor.next()
    assert isinstance(await second.take(), GivesWay)
    snooze = Snooze("the target does not exist yet", 60.0, kind=Waits.MISSING)
    assert await floor.streams.settle(missing.delivery, snooze)

    assert isinstance(await second.take(), Taken)


async def test_a_replayed_or_later_request_takes_part(floor: Floor) -> None:
    """One of a cohort that has written before begins at the turn of today; of two equal ones the older goes first."""
    small, large = await floor.hands("C2", "C1")
    assert await small.is_written()
    assert await floor.streams.settle(small.delivery, migrated())
    assert await turns([large], 3) == [0] * 3
    await floor.asks("C2", "org/again")
    again = await floor.next()
    await in_line([large, again])

    assert await turns([large, again], 5) == [1, 1, 0, 1, 0]


# ------------------------------------------------------------------------------------------ put first


async def put(floor: Floor, request: RequestId) -> PutFirst | NotDone:
    """Ann puts it first."""
    hands = ValkeyHands(floor.world.scripts, floor.world.keys, retention_ms=RETENTION_MS)
    return await hands.first(request, "Ann")


async def test_a_request_that_is_put_first_writes_before_all_others(floor: Floor) -> None:
    """Until it has ended; then the others go on by turns."""
    hands = await floor.hands("C1", "C2", "C3")
    await in_line(hands)

    assert await put(floor, floor.requests[2]) == PutFirst("Ann")

    assert await turns(hands, 4) == [2, 2, 2, 2]
    assert await floor.streams.settle(hands[2].delivery, migrated())
    # The line waits `late_ms` for the one that ended, which is six writes here.
    assert set(await turns(hands[:2], 10)) == {0, 1}


async def test_who_put_it_first_is_on_record_and_shown(floor: Floor) -> None:
    """As an event, beside the request, and in its channel; once, however often it is repeated."""
    request = await floor.asks("C1", "org/team-1")
    await put(floor, request)
    reader = RequestReader(floor.world.client, floor.world.keys)

    details = await reader.request(request)
    events = [
        event
        for event in await EventLog(floor.world.client, floor.world.keys).page(20)
        if event.name == "request.put_first"
    ]

    assert details is not None
    assert details.view.first_by == "Ann"
    assert [dict(event.fields) for event in events] == [{"request": request, "by": "Ann"}]
    assert await put(floor, request) == PutFirst("Ann", changed=False)


async def test_what_has_ended_or_is_not_known_is_not_put_first(floor: Floor) -> None:
    """It says why, and changes nothing."""
    request = await floor.asks("C1", "org/team-1")
    assert await floor.streams.settle((await floor.next()).delivery, migrated())

    ended, unknown = await put(floor, request), await put(floor, RequestId("1-1"))

    assert isinstance(ended, NotDone)
    assert "has ended: it is done" in ended.reason
    assert isinstance(unknown, NotDone)
    assert unknown.is_unknown


async def test_what_is_parked_of_it_comes_back_at_once(floor: Floor) -> None:
    """It waits for a turn that is its own now."""
    request = await floor.asks("C1", "org/team-1")
    hand = await floor.next()
    snooze = Snooze("another cohort has its turn", 60.0, kind=Waits.TURN)
    assert await floor.streams.settle(hand.delivery, snooze)

    await put(floor, request)

    assert isinstance(await (await floor.next()).take(), Taken)
