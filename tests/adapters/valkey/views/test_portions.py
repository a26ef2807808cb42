"""A request that waits for its date, and one that asks for a milestone, as Valkey keeps them and people see them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.portions.details import portion_details
from monarch.core.portions.message import WHOLE, Portion
from monarch.core.report.summary import State
from monarch.core.verdict import Done, Planned, Skipped, Snooze, Verdict, Waits
from monarch.ports.hands import NotDone
from monarch.ports.readings import RequestDetails
from tests.contracts.moves import a_plan, one
from tests.contracts.worlds import RETENTION_MS, World, a_message

DAY_S = 86_400.0
SPRINT = ("Sprint 2",)


class Desk:
    """Requests that are asked for and settled as a test says, and what people see of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reader = RequestReader(world.client, world.keys)
        self.events = EventLog(world.client, world.keys)
        self.date = datetime.now(timezone(timedelta(hours=1))).replace(microsecond=0)
        self.date += timedelta(days=3)

    @property
    def date_ms(self) -> int:
        """The date in three days."""
        return round(self.date.timestamp() * 1000)

    async def asks(self, portion: Portion) -> RequestId:
        """A message for this portion."""
        date = None if portion.not_before is None else portion.not_before.isoformat()
        titles = list(portion.milestones) or None
        payload = a_message("org/team-a", not_before=date, milestones=titles)
        return RequestId(await self.world.append(Stream.REQUESTS, {b"payload": payload}))

    async def waits(self, portion: Portion) -> RequestId:
        """A message for this portion, parked until its date."""
        request = await self.asks(portion)
        details = {"source": "org/template", "channel": "C1", "asked": "1"}
        details |= portion_details(portion)
        await self.settle(Snooze("it waits", 3 * DAY_S, kind=Waits.DATE, details=details))
        return request

    async def settle(self, verdict: Verdict) -> None:
        """The next request gets this verdict."""
        streams = self.world.streams()
        assert await streams.settle(await one(streams, Stream.REQUESTS), verdict)

    async def details(self, request: RequestId) -> RequestDetails:
        """What `show` shows."""
        found = await self.reader.request(request)
        assert found is not None
        return found

    async def open_since_ms(self, request: RequestId) -> int:
        """What the age of the oldest open request counts from."""
        score = await self.world.client.zscore(self.world.keys.open, request)
        assert score is not None
        return int(score)


@pytest.fixture
def desk(world: World) -> Desk:
    """A desk."""
    return Desk(world)


def planned(portion: Portion) -> Done:
    """A plan of this portion."""
    return Done(Planned(a_plan(), "C1", ("org/team-a",), (), 71, portion))


async def test_a_request_that_waits_shows_its_date_with_the_senders_zone(desk: Desk) -> None:
    """In the listing and by itself, before and after a worker has read it, and after it was planned."""
    portion = Portion(desk.date, SPRINT)
    request = await desk.asks(portion)
    (before,) = await desk.reader.requests(5)
    await desk.settle(
        Snooze("it waits", 3 * DAY_S, kind=Waits.DATE, details=portion_details(portion))
    )
    (waiting,) = await desk.reader.requests(5)
    details = await desk.details(request)

    for line in (before, waiting):
        assert (line.not_before, line.milestones) == (desk.date.isoformat(), SPRINT)
    assert before.not_before.endswith("+01:00")
    assert waiting.next_ms is not None
    assert abs(waiting.next_ms - desk.date_ms) < 120_000
    assert (details.view.state, details.view.portion) == (State.QUEUED, portion)


async def test_a_request_keeps_its_portion_when_it_is_planned(desk: Desk) -> None:
    """Also where nothing had to wait, and where there is nothing to copy."""
    first = await desk.asks(Portion(milestones=SPRINT))
    await desk.settle(planned(Portion(milestones=SPRINT)))
    second = await desk.asks(Portion(milestones=SPRINT))
    nothing = Skipped("org/template", "C1", ("org/team-a",), (), 71, Portion(milestones=SPRINT))
    await desk.settle(Done(nothing))
    third = await desk.asks(WHOLE)
    await desk.settle(planned(WHOLE))

    for request, milestones in ((first, SPRINT), (second, SPRINT), (third, ())):
        assert (await desk.details(request)).view.portion.milestones == milestones


async def test_a_request_that_waits_for_its_date_is_not_an_old_one(desk: Desk) -> None:
    """A request that does not move raises an alert; this one begins to be late on its date."""
    request = await desk.waits(Portion(desk.date))

    assert await desk.open_since_ms(request) == desk.date_ms
    await _promote_all(desk.world)
    await desk.settle(planned(Portion(desk.date)))
    assert await desk.open_since_ms(request) == desk.date_ms


async def test_the_wait_is_told_once_in_the_log_and_in_the_channel(desk: Desk) -> None:
    """Whatever woke it too early."""
    request = await desk.waits(Portion(desk.date))
    await _promote_all(desk.world)
    details = {"source": "org/template", "channel": "C1", **portion_details(Portion(desk.date))}
    await desk.settle(Snooze("it waits", 3 * DAY_S, kind=Waits.DATE, details=details))

    events = [event for event in await desk.events.page(20) if event.name == "request.parked"]
    assert [event.fields["request"] for event in events] == [request]
    assert await desk.world.length(Stream.NOTICES) == 1


async def test_a_sprint_that_waits_does_not_keep_the_card_of_another_open(desk: Desk) -> None:
    """Requests for the same sprint on the same date are one cohort; the one that runs now is another."""
    now = await desk.asks(Portion(milestones=("Sprint 1",)))
    await desk.settle(planned(Portion(milestones=("Sprint 1",))))
    later = [await desk.waits(Portion(desk.date, SPRINT)) for _ in range(2)]
    other_day = await desk.waits(Portion(desk.date + timedelta(days=7), SPRINT))
    whole = await desk.asks(WHOLE)
    await desk.settle(planned(WHOLE))

    cohorts = [str((await desk.details(one)).cohort) for one in (now, *later, other_day, whole)]
    assert cohorts == [now, later[0], later[0], other_day, whole]


async def test_the_same_moment_in_another_zone_is_the_same_date(desk: Desk) -> None:
    """One program writes Z, another one the local offset."""
    first = await desk.waits(Portion(desk.date))
    second = await desk.waits(Portion(desk.date.astimezone(UTC)))

    assert (await desk.details(second)).cohort == (await desk.details(first)).cohort


async def test_a_request_that_waits_for_its_date_is_not_tried_before(desk: Desk) -> None:
    """The date is a wish, and no trouble: it stays parked."""
    request = await desk.waits(Portion(desk.date))
    hands = ValkeyHands(desk.world.scripts, desk.world.keys, retention_ms=RETENTION_MS)

    told = await hands.hurry(request, "Ann")

    assert isinstance(told, NotDone)
    assert told.reason.startswith(f"request {request} was asked to begin no earlier than ")
    assert await desk.world.parked() == 1


async def test_a_request_that_waits_can_be_cancelled_and_replayed(desk: Desk) -> None:
    """At once, not on its date; it keeps what it asks for, and waits again when it is replayed."""
    portion = Portion(desk.date, SPRINT)
    request = await desk.waits(portion)
    hands = ValkeyHands(desk.world.scripts, desk.world.keys, retention_ms=RETENTION_MS)
    await hands.cancel(request, "Ann")
    details = portion_details(portion)
    await desk.settle(Snooze("it waits", 3 * DAY_S, kind=Waits.DATE, details=details))
    cancelled = await desk.details(request)
    (letter,) = await desk.world.dead()
    await hands.replay([letter["id"]], "Ann")
    delivery = await one(desk.world.streams(), Stream.REQUESTS)
    again = await desk.details(request)

    assert (cancelled.view.state, cancelled.view.portion) == (State.CANCELLED, portion)
    assert (again.view.state, again.view.portion) == (State.QUEUED, portion)
    assert getattr(delivery.entry, "request", None) == request


async def _promote_all(world: World) -> None:
    """What is parked comes back before it is due, as after a clock that was put forward and back."""
    await world.client.zadd(
        world.keys.parked, dict.fromkeys(await world.client.zrange(world.keys.parked, 0, -1), 0)
    )
    await world.streams().sweep(dict.fromkeys(Stream, 0))
