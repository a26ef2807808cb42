"""Requests that come together are a cohort: joined in the script that plans, once, and never in two."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import cast

import pytest

from monarch.adapters.valkey.views.cohorts import Cohorts
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.core.card.telling import CARD, Message
from monarch.core.card.view import Card
from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.target.permission import Busy
from monarch.core.verdict import Dead, Done, Planned, Skipped, Snooze, Verdict, Waits
from tests.contracts.moves import a_plan, migrated, one
from tests.contracts.telling import begun, tell
from tests.contracts.worlds import RETENTION_MS, World, a_message

SOURCE, SOURCE_ID = "org/template", 71


class Platform:
    """Sends messages, and has each planned as it says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cohorts = Cohorts(world.client, world.scripts, world.keys)
        self.reader = RequestReader(world.client, world.keys)
        self.streams = world.streams("planner")

    async def asks(self, *targets: str, verdict: Verdict | None = None) -> str:
        """One message, planned; its verdict is a plan where none is given."""
        teams = targets or ("org/team-a",)
        entry = await self.world.append(Stream.REQUESTS, {b"payload": a_message(*teams)})
        await self.plan(verdict or plan(*teams))
        return entry

    async def plan(self, verdict: Verdict) -> None:
        """The oldest message that waits is planned."""
        assert await self.streams.settle(await one(self.streams, Stream.REQUESTS), verdict)

    async def finishes(self, times: int = 1) -> None:
        """So many migrations end well."""
        for _ in range(times):
            delivery = await one(self.streams, Stream.MIGRATIONS)
            assert await self.streams.settle(delivery, migrated())

    async def cohort(self, request: str) -> str:
        """The cohort of a request."""
        details = await self.reader.request(RequestId(request))
        assert details is not None
        assert details.cohort is not None
        return details.cohort


def plan(
    *targets: str, channel: str | None = "C1", source: str = SOURCE, source_id: int = SOURCE_ID
) -> Done:
    """A plan for these teams."""
    return Done(Planned(replace(a_plan(), source=source), channel, targets, (), source_id))


def unreadable(source: str = SOURCE, channel: str = "C1") -> Dead:
    """A source that could not be read."""
    details = {"source": source, "channel": channel, "asked": "1"}
    return Dead(Code.NOT_FOUND, "the source is not there", details)


@pytest.fixture
def platform(world: World) -> Platform:
    """A platform."""
    return Platform(world)


async def test_requests_of_one_source_and_one_channel_are_one_cohort(platform: Platform) -> None:
    """It has the name of the first, and its requests stand in the order in which they joined."""
    first = await platform.asks("org/team-a")
    others = [await platform.asks(f"org/team-{name}") for name in "bcd"]

    view = await platform.cohorts.one(CohortId(first))

    assert {await platform.cohort(one) for one in (first, *others)} == {first}
    assert view is not None
    assert [str(one.id) for one in view.requests] == [first, *others]
    assert (view.source, view.source_id, view.has_ended) == (SOURCE, SOURCE_ID, False)
    assert view.card == Card("C1", "")


@pytest.mark.parametrize(
    "other",
    [
        plan("org/x", channel="C2"),
        plan("org/x", channel=None),
        plan("org/x", source="org/other", source_id=72),
        plan("org/x", source_id=72),
    ],
    ids=["channel", "no-channel", "source", "another-repository-of-that-name"],
)
async def test_another_source_or_channel_is_another_cohort(platform: Platform, other: Done) -> None:
    """However close together they come."""
    first = await platform.asks()
    second = await platform.asks(verdict=other)

    assert await platform.cohort(first) == first
    assert await platform.cohort(second) == second


async def test_a_source_that_was_renamed_is_the_same_source(platform: Platform) -> None:
    """GitHub's id says so, not the name."""
    first = await platform.asks()
    second = await platform.asks(verdict=plan("org/x", source="elsewhere/renamed"))

    assert await platform.cohort(second) == first


async def test_a_source_that_cannot_be_read_counts_by_its_name(platform: Platform) -> None:
    """However it is spelled; and once it can be read, its id finds the same card."""
    first = await platform.asks(verdict=unreadable("Org/Template"))
    second = await platform.asks(verdict=unreadable("org/template"))
    third = await platform.asks(verdict=plan("org/a"))
    renamed = await platform.asks(verdict=plan("org/b", source="org/renamed"))
    other = await platform.asks(verdict=plan("org/c", source_id=72))

    found = [await platform.cohort(request) for request in (first, second, third, renamed)]
    assert found == [first] * 4
    assert await platform.cohort(other) == other


async def test_a_request_without_a_channel_belongs_to_a_cohort_all_the_same(
    platform: Platform,
) -> None:
    """The page shows it, and there is no card."""
    request = await platform.asks(verdict=plan("org/x", channel=None))
    view = await platform.cohorts.one(CohortId(await platform.cohort(request)))

    assert view is not None
    assert view.card is None


async def test_a_team_that_comes_minutes_later_is_in_the_same_cohort(platform: Platform) -> None:
    """All that came before have ended; ten minutes count from the last one that joined."""
    first = await platform.asks()
    await platform.finishes()
    await platform.world.advance(300)
    second = await platform.asks("org/team-b")
    await platform.finishes()
    await platform.world.advance(590)
    third = await platform.asks("org/team-c")

    assert {await platform.cohort(one) for one in (second, third)} == {first}


async def test_a_later_request_begins_another_cohort_once_all_have_ended(
    platform: Platform,
) -> None:
    """Next week's teams are next week's card."""
    first = await platform.asks()
    await platform.finishes()
    await platform.world.advance(601)
    second = await platform.asks("org/team-b")

    assert await platform.cohort(first) == first
    assert await platform.cohort(second) == second


async def test_a_cohort_takes_requests_while_one_of_its_own_is_open(platform: Platform) -> None:
    """However long that takes."""
    first = await platform.asks()
    await platform.world.advance(7200)
    second = await platform.asks("org/team-b")

    assert await platform.cohort(second) == first


async def test_a_request_that_is_replayed_stays_where_it_is(platform: Platform) -> None:
    """It was planned twice, and is counted once; the newest card is still the one that the next request finds."""
    dead = await platform.asks(verdict=unreadable())
    await platform.world.advance(700)
    newer = await platform.asks("org/team-b")
    (letter,) = await platform.world.dead()
    await platform.world.hands.replay([letter["id"]], "Ann")
    await platform.plan(plan("org/team-a"))
    await platform.finishes(2)
    last = await platform.asks("org/team-c")

    assert await platform.cohort(dead) == dead
    assert await platform.cohort(last) == newer
    card = await fields(platform, CohortId(dead))
    assert (card["requests"], card["targets"]) == ("1", "1")


async def fields(platform: Platform, cohort: CohortId) -> dict[str, str]:
    """The card as it stands in Valkey."""
    client, key = platform.world.client, platform.world.keys.card(cohort)
    found = await cast("Awaitable[dict[bytes, bytes]]", client.hgetall(key))
    return {name.decode(): value.decode() for name, value in found.items()}


async def as_before(platform: Platform, request: str, **fields: str) -> None:
    """The request, as an older version has planned it and told of it; its notice was said."""
    world, name = platform.world, RequestId(request)
    newer = ("card", "carded", "card_version", "source_id", "asked")
    await cast("Awaitable[int]", world.client.hdel(world.keys.request(name), *newer))
    told = {"notice_due": "0", "said_version": "2", **fields}
    await cast("Awaitable[int]", world.client.hset(world.keys.request(name), mapping=told))
    cohort = CohortId(request)
    await world.client.delete(
        world.keys.card(cohort), world.keys.cohort(cohort), world.keys.cohorts
    )
    await said(platform)


async def said(platform: Platform) -> None:
    """Every notice that waits was said."""
    await platform.world.client.xtrim(platform.world.keys.stream(Stream.NOTICES), maxlen=0)


async def test_a_request_of_an_older_version_reads_without_a_cohort(platform: Platform) -> None:
    """Until something happens to it."""
    request = await platform.asks()
    await as_before(platform, request)

    details = await platform.reader.request(RequestId(request))
    (line,) = await platform.reader.requests(10)

    assert details is not None
    assert (details.cohort, details.card, line.cohort, line.card) == (None, None, None, None)


async def test_a_message_that_an_older_version_posted_is_the_card_from_then_on(
    platform: Platform,
) -> None:
    """Its request is not told of twice: older code has its own notice until this code has it in hand."""
    request = await platform.asks()
    await as_before(platform, request, progress_ts="1.1", progress_channel="C1")
    other = await platform.asks("org/team-b")
    await said(platform)
    await platform.finishes()
    (former,) = await platform.world.streams("notifier").receive(Stream.NOTICES, 10)
    name = type(former.entry).__name__

    busy = await platform.world.cards.adopt(former, RequestId(request))
    (notice,) = await platform.world.streams("notifier").receive(Stream.NOTICES, 10)
    telling = await begun(platform.world, notice)

    assert (name, busy) == ("FormerNoticeEntry", None)
    assert [str(one.id) for one in telling.view.requests] == [request]
    assert telling.card == Message("C1", "1.1")
    assert await platform.cohort(other) == other
    known = await platform.world.request(RequestId(request))
    assert (known["notice_due"], known["notice_refused"]) == ("1", "1")


async def test_a_request_that_older_code_is_telling_of_is_left_to_it(platform: Platform) -> None:
    """Until its lock is free."""
    request = await platform.asks()
    await as_before(platform, request)
    await platform.finishes()
    (former,) = await platform.world.streams("notifier").receive(Stream.NOTICES, 10)
    lock = platform.world.keys.saying(CohortId(request))
    await platform.world.client.set(lock, "older 1-0 1", px=15_000)

    assert await platform.world.cards.adopt(former, RequestId(request)) == Busy()
    await platform.world.client.delete(lock)
    assert await platform.world.cards.adopt(former, RequestId(request)) is None


async def test_what_an_older_worker_has_changed_is_told_by_the_audit(platform: Platform) -> None:
    """It knows of no card, and to it a notice seems to be under way."""
    request = await platform.asks()
    await tell(platform.world)
    key = platform.world.keys.request(RequestId(request))
    await cast("Awaitable[int]", platform.world.client.hincrby(key, "version", 1))

    await platform.world.advance(60)
    await platform.streams.audit()

    assert await tell(platform.world) == ["running"]


async def test_a_card_that_is_full_is_followed_by_another(
    platform: Platform,
) -> None:
    """It is read whole for each message to Slack."""
    many = [f"org/team-{number}" for number in range(400)]
    first = await platform.asks(verdict=plan(*many))
    second = await platform.asks(verdict=plan(*many))
    third = await platform.asks(verdict=plan(*many))
    small = await platform.asks(verdict=plan("org/small"))

    assert await platform.cohort(second) == first
    assert await platform.cohort(third) == third
    assert await platform.cohort(small) == third


async def test_a_request_that_waits_for_a_credential_has_joined(platform: Platform) -> None:
    """Its channel hears of it, so it is on a card; once it is planned it is still on that one."""
    details = {"source": SOURCE, "channel": "C1", "asked": "1"}
    waits = Snooze("401", 0, kind=Waits.CREDENTIAL, details=details)
    request = await platform.asks(verdict=waits)
    joined = await platform.cohort(request)
    await platform.streams.sweep({})
    await platform.plan(plan("org/team-a"))

    assert joined == request
    card = await fields(platform, CohortId(joined))
    assert (card["requests"], card["targets"], card["source_id"]) == ("1", "1", str(SOURCE_ID))


async def test_a_skipped_request_joins(platform: Platform) -> None:
    """An empty template is shown, too."""
    first = await platform.asks()
    skipped = Done(Skipped(SOURCE, "C1", ("org/team-b",), (), SOURCE_ID))
    second = await platform.asks(verdict=skipped)

    assert await platform.cohort(second) == first


async def test_a_card_is_kept_as_long_as_a_request_of_it(platform: Platform) -> None:
    """While one is open or a dead letter pins it, and then for the retention."""
    client, keys = platform.world.client, platform.world.keys
    first = await platform.asks()
    await platform.asks(verdict=unreadable())
    kept = (keys.card(CohortId(first)), keys.cohort(CohortId(first)))

    assert [await client.pttl(key) for key in kept] == [-1, -1]
    await platform.finishes()
    (letter,) = await platform.world.dead()
    await platform.world.hands.drop([letter["id"]], "Ann")
    left_ms = [await client.pttl(key) for key in kept]
    assert 0 < min(left_ms) <= max(left_ms) <= RETENTION_MS


async def test_cohorts_are_listed_newest_first(platform: Platform) -> None:
    """With how their requests stand; a deleted one is left out."""
    gone = await platform.asks(verdict=plan("org/x", channel="C0"))
    first = await platform.asks()
    await platform.asks("org/team-b")
    await platform.finishes(2)
    newest = await platform.asks(verdict=plan("org/y", channel="C2"))
    await platform.world.client.delete(platform.world.keys.card(CohortId(gone)))

    lines = await platform.cohorts.newest(10)

    assert [str(line.id) for line in lines] == [newest, first]
    assert lines[1].states == {State.DONE: 1, State.RUNNING: 1}
    assert (lines[1].targets, lines[1].channel, lines[1].card) == (2, "C1", Card("C1", ""))
    assert [str(line.id) for line in await platform.cohorts.newest(1)] == [newest]


async def test_a_listing_names_the_cohort_of_each_request(platform: Platform) -> None:
    """A request that is not planned yet has none."""
    first = await platform.asks()
    second = await platform.asks("org/team-b")
    queued = await platform.world.append(Stream.REQUESTS, {b"payload": a_message("org/c")})

    lines = await platform.reader.requests(10)

    found = {str(line.id): (line.cohort, line.card) for line in lines}
    assert found == {
        queued: (None, None),
        second: (first, Card("C1", "")),
        first: (first, Card("C1", "")),
    }


async def test_a_cohort_that_nobody_knows_is_none(platform: Platform) -> None:
    """It has expired, or was mistyped."""
    assert await platform.cohorts.one(CohortId("1-1")) is None


async def test_a_card_whose_call_is_under_way_is_not_one_without_an_answer(world: World) -> None:
    """A slow call looked lost for good: `show` and the page said that the card is not posted again."""
    platform = Platform(world)
    request = await platform.asks()
    notice = await one(world.streams("notifier"), Stream.NOTICES)
    cohort = (await begun(world, notice)).view.id
    await world.cards.sending(cohort, CARD)

    async def unanswered() -> list[bool]:
        details = await platform.reader.request(RequestId(request))
        (line,) = await platform.cohorts.newest(1)
        whole = await platform.cohorts.one(cohort)
        assert details is not None
        assert whole is not None
        return [one.card is not None and one.card.is_unanswered for one in (details, line, whole)]

    under_way = await unanswered()
    await world.cards.end(notice, cohort)

    assert under_way == [False] * 3
    assert await unanswered() == [True] * 3
