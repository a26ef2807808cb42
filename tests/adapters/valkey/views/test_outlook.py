"""What lies ahead of a request, read from a real Valkey."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.refusals import ValkeyRefusals
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views import outlook as module
from monarch.adapters.valkey.views.outlook import Newcomer, ValkeyOutlook
from monarch.core.budget.ceilings import Ceilings
from monarch.core.budget.shares import Ahead, Part
from monarch.core.ids import RequestId
from monarch.core.portions.message import Portion
from monarch.sandbox.valkey import EmbeddedValkey

KEYS = Keys("test")
CEILINGS = Ceilings(80, 500, 1000)
OLD, OWN, YOUNG = RequestId("1000-0"), RequestId("1000-1"), RequestId("2000-0")


class Books:
    """A Valkey in which stands what a test writes; `asked_of` is whose ceilings were asked for."""

    def __init__(self, client: Valkey) -> None:
        self.client = client
        self.asked_of: list[str] = []
        self.outlook = ValkeyOutlook(client, KEYS, self._effective)

    async def _effective(self, account: str) -> Ceilings:
        self.asked_of.append(account)
        return CEILINGS

    async def request(
        self, request: RequestId, tickets: int, *copied: int, **fields: str
    ) -> RequestId:
        """A running one; for each of `copied` a target that has not ended."""
        pipe = self.client.pipeline()
        known = {"state": "running", "tickets": str(tickets), **fields}
        pipe.zadd(KEYS.open, {request: int(request.partition("-")[0])})
        pipe.hset(KEYS.request(request), mapping=dict(known))
        for number, there in enumerate(copied):
            migration = f"{request}:o/{number}"
            pipe.sadd(KEYS.unsettled(request), migration)
            counts: Mapping[str, int] = {"copied": there, "present": 1, "refused": 0}
            pipe.hset(f"{KEYS.prefix}migration:{migration}", mapping=dict(counts))
        await pipe.execute()
        return request

    async def wrote(self, account: str, *ages_s: float) -> None:
        """Writes of these ages, in seconds."""
        seconds, micros = await self.client.time()
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        entries = {f"n{n}": now_ms - round(age * 1000) for n, age in enumerate(ages_s)}
        await self.client.zadd(KEYS.budget(account), entries)
        await self.client.zadd(KEYS.accounts, {account: now_ms})

    async def close(self, account: str, seconds_left: int) -> None:
        """Close a gate."""
        seconds, _ = await self.client.time()
        until_ms = (int(seconds) + seconds_left) * 1000
        pipe = self.client.pipeline()
        pipe.hset(KEYS.gate(account), "until", str(until_ms))
        await pipe.execute()

    async def seconds(self, request: RequestId) -> float | None:
        """What is foretold."""
        forecast = await self.outlook.forecast(request)
        return None if forecast is None else forecast.seconds


@pytest.fixture
async def books(server: EmbeddedValkey) -> AsyncIterator[Books]:
    """Empty ones."""
    client = connect(server.url, "test")
    await client.flushall()
    yield Books(client)
    await client.aclose()


async def test_what_is_left_of_older_requests_of_a_cohort_goes_first(books: Books) -> None:
    """By the order of their ids; what is copied, found or ended is not left, and who comes later waits."""
    await books.request(OLD, 12, 5, 0, card=OLD)
    await books.request(OWN, 4, 0, card=OLD)
    await books.request(YOUNG, 400, 0, card=OLD)

    assert await books.seconds(OLD) == pytest.approx(16.7)
    assert await books.seconds(OWN) == pytest.approx(19.7)
    assert (await books.outlook.traffic()).ahead.before(9_999) == 17 + 3 + 399


async def test_a_new_request_stands_behind_the_cohort_that_it_joins(books: Books) -> None:
    """That of the newest open request of its source, channel and portion; else it takes turns with all of them."""
    await books.request(OLD, 12, 5, 0, card=OLD, source="o/S", channel="C1")
    await books.request(YOUNG, 4, 0, card=YOUNG, source="o/s", channel="C2")

    joins = await books.outlook.traffic(Newcomer("o/s", "C1"))
    begins = [
        await books.outlook.traffic(one)
        for one in (
            Newcomer("o/s"),
            Newcomer("o/t", "C1"),
            Newcomer("o/s", "C1", Portion(milestones=("Sprint 1",))),
        )
    ]

    assert joins.ahead == Ahead(older=17, others=(3,))
    assert {one.ahead for one in begins} == {Ahead(others=(17, 3))}


async def test_other_cohorts_take_turns_with_a_request(books: Books) -> None:
    """Whether they are older or younger: three writes of each go between its own three, and who is first goes first."""
    await books.request(OLD, 12, 5, 0)
    await books.request(OWN, 4, 0)
    await books.request(YOUNG, 400, 0)

    forecast = await books.outlook.forecast(OWN)

    assert forecast is not None
    assert forecast.seconds == pytest.approx(3 * 3 - 0.3)
    assert forecast.sharing == 2


async def test_what_was_put_first_goes_first_and_takes_turns_with_nobody(books: Books) -> None:
    """Its writes are done before all others; then they go on by turns."""
    await books.request(OLD, 4, 0)
    await books.request(OWN, 12, 5, 0, first_by="ada")
    await books.request(YOUNG, 400, 0)

    assert await books.seconds(OWN) == pytest.approx(16.7)
    assert await books.seconds(OLD) == pytest.approx(17 + 2 * 3 - 0.3)


async def test_what_people_have_deleted_is_not_to_be_written(books: Books) -> None:
    """The first look has found it, and it is not made again."""
    await books.request(OWN, 400, 3)
    pipe = books.client.pipeline()
    pipe.hset(f"{KEYS.prefix}migration:{OWN}:o/0", "deleted", "390")
    await pipe.execute()

    assert (await books.outlook.traffic()).ahead.before(9_999) == 400 - 4 - 390


async def test_labels_and_links_of_a_request_are_foretold_with_its_tickets(books: Books) -> None:
    """`show` counted its tickets alone: with a ceiling of three a minute it said half of the time that it took."""
    beside = {"writes_before": "8", "writes_after": "3"}
    await books.request(OWN, 12, 0, **beside)

    begun = (await books.outlook.traffic()).ahead.before(9_999)
    migration = f"{KEYS.prefix}migration:{OWN}:o/0"
    counts = []
    for copied, present in ((0, 0), (12, 0), (3, 9), (0, 12)):
        pipe = books.client.pipeline()
        pipe.hset(migration, mapping={"copied": copied, "present": present})
        await pipe.execute()
        counts.append((await books.outlook.traffic()).ahead.before(9_999))

    assert begun == 12 - 1 + 3
    # Nothing yet; its links are left; the same; all was there before, and so are its links.
    assert counts == [12 + 8 + 3, 3, 3, 0]


@pytest.mark.parametrize("value", ["", "x", "1.5", "-3"])
async def test_a_record_without_a_count_beside_the_tickets_has_none(
    books: Books, value: str
) -> None:
    """One of an older version, or one that was spoiled."""
    await books.request(OWN, 4, 0, writes_before=value)

    assert (await books.outlook.traffic()).ahead.before(9_999) == 3


async def test_what_has_ended_or_is_called_off_is_not_in_the_way(books: Books) -> None:
    """Though it is open until people were told."""
    await books.request(OLD, 12, 0, state="failed")
    await books.request(RequestId("1000-0"), 12, 0, cancelled_by="ada")
    await books.request(OWN, 4, 0)

    assert await books.seconds(OWN) == pytest.approx(2.7)


@pytest.mark.parametrize(
    "fields", [{"state": "queued", "tickets": "0"}, {"state": "done"}, {"cancelled_by": "ada"}]
)
async def test_nothing_is_foretold_of_what_nobody_can_tell(
    books: Books, fields: dict[str, str]
) -> None:
    """Not planned yet, ended, or called off."""
    await books.request(OWN, int(fields.pop("tickets", "4")), 0, **fields)

    assert await books.seconds(OWN) is None
    assert await books.seconds(RequestId("9-9")) is None


async def test_nothing_is_foretold_while_the_fleet_is_paused(books: Books) -> None:
    """Its end is unknown; the outlook names the person who paused."""
    await books.request(OWN, 4, 0)
    await books.client.set(KEYS.paused, "ada")

    assert await books.seconds(OWN) is None
    assert (await books.outlook.traffic()).paused_by == "ada"


async def test_nothing_is_foretold_while_github_refuses_the_credential(books: Books) -> None:
    """`show` foretold an end that slid on, minute by minute, until a person set another token."""
    await books.request(OWN, 4, 0)
    refusals = ValkeyRefusals(books.client, Scripts(books.client, KEYS.prefix), KEYS)

    await refusals.note("GitHub does not accept the token")
    refused = await books.seconds(OWN)
    await refusals.note(None)

    assert refused is None
    assert await books.seconds(OWN) is not None


async def test_the_budget_is_that_of_the_busiest_account(books: Books) -> None:
    """With its gate and the pace that its writes show; the gate of a token is not a budget."""
    await books.wrote("idle", 3599, 5000)
    await books.wrote("busy", *(10 + 1.5 * n for n in range(20)))
    await books.close("busy", 90)
    await books.close("token:abc", 900)

    load = (await books.outlook.traffic()).load

    assert books.asked_of == ["busy"]
    assert len(load.writes) == 20
    assert load.write_ms == pytest.approx(1500)
    assert 88_000 < load.gate_ms <= 90_000
    assert load.ceilings == CEILINGS


async def test_an_unused_installation_has_an_unused_budget(books: Books) -> None:
    """No account has written yet."""
    traffic = await books.outlook.traffic()

    assert (traffic.ahead.before(9_999), traffic.load.writes, traffic.load.gate_ms) == (0, [], 0)


async def test_of_a_great_backlog_the_rest_counts_whole(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better too late than a second for reading it."""
    monkeypatch.setattr(module, "LOOKED_AT", 1)
    await books.request(OLD, 12, 5)
    await books.request(YOUNG, 12, 5)

    assert (await books.outlook.traffic()).ahead.before(9_999) == 6 + 12


async def test_where_not_all_older_requests_were_looked_at_the_forecast_is_the_least(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, of each request: the others may be cohorts that take turns with it."""
    monkeypatch.setattr(module, "AHEAD", 2)
    for n in range(3):
        await books.request(RequestId(f"{100 + n}-0"), 10, 0)
    await books.request(OWN, 4, 0)

    traffic, forecast = await books.outlook.traffic(), await books.outlook.forecast(OWN)

    assert (traffic.ahead.before(9_999), traffic.is_least) == (18, True)
    assert forecast is not None
    assert forecast.is_least
    monkeypatch.setattr(module, "AHEAD", 4)
    again = await books.outlook.forecast(OWN)
    assert again is not None
    assert not again.is_least


async def test_without_a_valkey_nothing_is_foretold(books: Books) -> None:
    """People read of it all the same."""
    await books.client.set(KEYS.open, "not a sorted set")

    assert await books.seconds(OWN) is None


async def test_what_waits_for_its_date_is_not_done_before(books: Books) -> None:
    """`plan` promised an end before the date; what is ahead today is written by then."""
    traffic = await books.outlook.traffic()
    at_once, later = traffic.forecast(10).seconds, traffic.later(3_600.0).forecast(10).seconds

    assert traffic.later(0.0) is traffic
    assert later == pytest.approx(3_600.0 + at_once, abs=1.0)
    behind = replace(traffic, ahead=Ahead(older=100))
    assert behind.later(3_600.0).forecast(10).seconds == later


async def test_each_cohort_that_has_something_to_write_has_its_part(books: Books) -> None:
    """Two take turns; a third one that has everything has none, and one that a person puts first has every write."""
    await books.request(OLD, 12, 3, card="a")
    await books.request(OWN, 5, 0, 0, card="b")
    await books.request(YOUNG, 5, 4, card="c")
    by_turns = (await books.outlook.shares()).parts
    await books.request(OWN, 5, 0, 0, card="b", first_by="ada")
    first = (await books.outlook.shares()).parts

    assert by_turns == (Part("a", 8, 2), Part("b", 8, 2))
    assert first == (Part("a", 8, 0), Part("b", 8, 1, is_first=True))
