"""What people are shown, read from a real Valkey that the real scripts have written to."""

from collections.abc import Awaitable
from pathlib import Path
from typing import cast

import pytest

from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.kept.roster import Roster
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.adapters.valkey.views.sought import Sought
from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Stream
from monarch.core.entry_ids import is_entry_id
from monarch.core.ids import RequestId, migration_id
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.verdict import Dead, Done, Retry, Skipped
from monarch.ports import StoreError
from monarch.ports.readings import Choice
from monarch.sandbox.valkey import EmbeddedValkey
from tests.adapters.valkey.house import CHANNEL, House, planned

GONE = Dead(Code.NOT_FOUND, "o/b does not exist: create it, then replay")


async def test_a_request_is_shown_with_its_targets_in_their_order(house: House) -> None:
    """Refused ones included; each with what is known of it."""
    request = await house.submit("one")
    await house.settle(Stream.REQUESTS, planned("o/a", "o/b", refused="nonsense"))

    details = await house.reader.request(request)

    assert details is not None
    assert details.view.state is State.RUNNING
    assert details.view.source == "o/s"
    assert details.via == "submit"
    assert [m.target for m in details.view.migrations] == ["o/a", "o/b", "nonsense"]
    assert [m.state for m in details.view.migrations] == [State.QUEUED, State.QUEUED, State.DEAD]
    assert details.times[2].code == Code.BAD_TARGET
    assert details.times[0].queued_ms is not None
    assert details.times[0].ended_ms is None


async def test_a_request_that_nobody_knows_is_none(house: House) -> None:
    """It expired, or was mistyped."""
    assert await house.reader.request(RequestId("1-1")) is None


async def test_a_state_that_this_version_does_not_know_is_called_unknown(house: House) -> None:
    """It read as queued, and a cancel of it said that what was left would be cancelled."""
    request = await house.submit("one")
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await cast("Awaitable[int]", house.client.hset(house.keys.request(request), "state", "resting"))
    await cast(
        "Awaitable[int]",
        house.client.hset(house.keys.migration(migration_id(request, "o/a")), "state", "napping"),
    )

    details = await house.reader.request(request)
    (line,) = await house.reader.requests(10)

    assert details is not None
    (migration,) = details.view.migrations
    assert [details.view.state, line.state, migration.state] == [State.UNKNOWN] * 3
    assert "the state resting, which this version" in details.view.reason
    assert "the state resting, which this version" in line.reason
    assert "the state napping, which this version" in migration.reason


async def test_requests_are_listed_newest_first(house: House) -> None:
    """With how much of each is left; the newest are what people look for."""
    older = await house.submit("one")
    newer = await house.submit("two")
    await house.settle(Stream.REQUESTS, planned("o/a", "o/b", refused="nonsense"))

    lines = await house.reader.requests(10)

    assert [line.id for line in lines] == [newer, older]
    assert (lines[1].targets, lines[1].unsettled, lines[1].tickets) == (3, 2, 1)
    assert lines[0].source == ""
    assert await house.reader.requests(1) == lines[:1]
    assert await house.reader.requests(0) == ()


async def test_requests_are_found_by_state_beyond_the_first_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that failed may be older than hundreds that did not."""
    monkeypatch.setattr("monarch.adapters.valkey.views.requests.PAGE", 2)
    skipped = await house.submit("0")
    await house.settle(Stream.REQUESTS, Done(Skipped("o/s", None, ())))
    for key in "12345":
        await house.submit(key)

    lines = await house.reader.requests(10, Sought(state=State.SKIPPED))

    assert [line.id for line in lines] == [skipped]
    assert len(await house.reader.requests(10, Sought(state=State.QUEUED))) == 5


async def test_an_expired_request_is_left_out(house: House) -> None:
    """Its hash goes before its place in the list."""
    request = await house.submit("one")
    await house.settle(Stream.REQUESTS, Done(Skipped("o/s", None, ())))
    await house.client.delete(house.keys.request(request))

    assert await house.reader.requests(10) == ()


async def test_dead_letters_say_what_and_why(house: House) -> None:
    """Found by their own id, by the entry's, and by the request's."""
    request = await house.submit("one")
    await house.settle(Stream.REQUESTS, planned("o/b"))
    given_up = await house.settle(Stream.MIGRATIONS, GONE)

    (letter,) = await house.letters.newest(10)

    assert letter.code == Code.NOT_FOUND
    assert letter.reason == GONE.reason
    assert letter.request == request
    assert letter.migration == f"{request}:o/b"
    assert letter.stream == "migrations"
    assert letter.deliveries == 1
    assert letter.at_ms > 0
    assert await house.letters.one(letter.id) == letter
    assert await house.letters.one(given_up.token.entry) == letter
    assert await house.letters.newest(10, Choice(request)) == (letter,)
    assert await house.letters.newest(10, Choice("1-1")) == ()


@pytest.mark.parametrize("name", ["1-1", "nonsense", "", "-", "+", "1-", "٣-٣"])
async def test_a_dead_letter_that_is_none(house: House, name: str) -> None:
    """People mistype; Valkey's ranges have other words of their own."""
    assert await house.letters.one(name) is None


async def test_dead_letters_are_looked_through_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None twice, none left out."""
    monkeypatch.setattr("monarch.adapters.valkey.views.dead_letters.PAGE", 2)
    for i in range(5):
        await house.client.xadd(house.keys.dead, {"code": "poison", "entry": f"{i}-1"})

    letters = await house.letters.newest(10)

    assert [letter.entry for letter in letters] == ["4-1", "3-1", "2-1", "1-1", "0-1"]
    assert await house.letters.newest(3) == letters[:3]


async def test_bytes_that_are_no_text_are_shown_all_the_same(house: House) -> None:
    """A producer may write anything; a person who looks for the reason must see it."""
    await house.client.xadd(house.keys.dead, {"payload": b"\xff{", "attempts": b"many"})

    (letter,) = await house.letters.newest(1)

    assert letter.payload == "\ufffd{"
    assert letter.attempts == 0


async def test_events_tell_the_story_in_order(house: House) -> None:
    """Oldest first, as a log is read; the newest where only some are asked for."""
    request = await house.submit("one")
    await house.settle(Stream.REQUESTS, planned("o/b"))
    await house.settle(Stream.MIGRATIONS, GONE)

    events = await house.events.page(10)

    names = [event.name for event in events]
    assert names == ["request.appended", "request.planned", "migration.dead", "request.failed"]
    assert events[0].fields["request"] == request
    assert await house.events.page(1) == events[-1:]


async def test_following_shows_only_what_comes(house: House) -> None:
    """From the newest of now on; a moment without news is no news."""
    await house.submit("one")
    (newest,) = await house.events.page(1)
    request = await house.submit("two")

    (event,) = await house.events.next(newest.id)

    assert event.fields["request"] == request
    assert await house.events.pulse(newest.id) == event.id
    assert await house.events.pulse(event.id) == event.id


async def test_an_empty_valkey_is_an_empty_fleet(house: House) -> None:
    """Before the first worker there is no stream and no group."""
    await house.client.flushall()

    snapshot = await house.standing.snapshot()

    assert [one.stream for one in snapshot.streams] == list(Stream)
    assert all(one.length == one.pending == one.undelivered == 0 for one in snapshot.streams)
    assert (snapshot.parked, snapshot.dead, snapshot.workers, snapshot.replicas) == (0, 0, 0, 0)
    assert snapshot.epoch is None
    assert snapshot.accounts == ()
    assert snapshot.next_due_s is None


async def test_a_snapshot_counts_what_waits_and_what_is_held(house: House) -> None:
    """Waiting, handed out, parked, given up."""
    for key in "1234":
        await house.submit(key)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await house.settle(Stream.REQUESTS, Retry("GitHub answered 502", 60.0))
    await house.streams.receive(Stream.REQUESTS, 1)
    await house.settle(Stream.MIGRATIONS, GONE)

    snapshot = await house.standing.snapshot()

    requests = snapshot.streams[0]
    assert (requests.length, requests.pending, requests.undelivered) == (2, 1, 1)
    assert requests.oldest_pending_s >= 0
    assert requests.consumers == 1
    assert snapshot.streams[1].length == 0
    assert snapshot.streams[2].undelivered == 1
    assert (snapshot.parked, snapshot.dead, snapshot.workers) == (1, 1, 1)
    assert snapshot.next_due_s is not None
    assert 50 < snapshot.next_due_s <= 60


async def test_a_lost_memory_is_told_while_a_worker_is_there_from_before(house: House) -> None:
    """An emptied Valkey looked like a new, healthy fleet; on a new one nothing was lost."""
    worker, epoch = "host.1.abc", [house.keys.epoch]
    scripts, roster = Scripts(house.client, house.keys.prefix), Roster(house.client, house.keys)

    async def started(since_ms: int | None = None) -> tuple[int, int | None]:
        await scripts.call("open_epoch", epoch)
        entered_ms = await roster.enter(worker, "1", ["planner"], since_ms=since_ms)
        await house.submit(f"since {since_ms}")
        while not await house.streams.receive(Stream.REQUESTS, 1):
            pass  # the group is made again
        return entered_ms, (await house.standing.snapshot()).lost_ms

    since_ms, fresh = await started()
    await house.client.flushall()
    _, emptied = await started(since_ms - 1)
    await roster.leave(worker)
    _, anew = await started()

    assert (fresh, anew) == (None, None)
    assert emptied is not None
    assert emptied >= since_ms


async def test_ages_count_from_the_append(house: House) -> None:
    """By the server's clock and the entry's id."""
    now_ms = (await house.standing.snapshot()).at_ms
    await house.client.xadd(
        house.keys.stream(Stream.NOTICES), {"v": "1"}, id=f"{now_ms - 90_000}-0"
    )

    before = (await house.standing.snapshot()).streams[2]
    await house.streams.receive(Stream.NOTICES, 1)
    after = (await house.standing.snapshot()).streams[2]

    assert 90 <= before.oldest_undelivered_s < 120
    assert before.oldest_pending_s == 0
    assert 90 <= after.oldest_pending_s < 120
    assert (after.oldest_undelivered_s, after.undelivered) == (0, 0)


async def test_a_snapshot_says_what_an_account_may_still_write(house: House) -> None:
    """And how long its gate stays closed."""
    now_ms = (await house.standing.snapshot()).at_ms
    writes = {"a": now_ms - 1_000, "b": now_ms - 120_000, "c": now_ms - 7_200_000}
    await house.client.zadd(house.keys.accounts, {"bot": now_ms})
    await house.client.zadd(house.keys.budget("bot"), writes)
    await house.client.zadd(house.keys.slots("bot"), {"a": now_ms + 9_000, "b": now_ms - 1})
    gate: dict[str, str | int] = {"until": now_ms + 60_000, "cause": "secondary limit"}
    await house.note(house.keys.gate("bot"), gate)
    fresh = FleetReader(house.client, house.keys, CHANNEL, Ceilings(per_minute=80, per_hour=0))

    (account,) = (await fresh.snapshot()).accounts

    assert (account.account, account.written_minute, account.written_hour) == ("bot", 1, 2)
    assert (account.minute_left, account.hour_left, account.slots) == (79, None, 1)
    assert account.gate_cause == "secondary limit"
    assert 30 < account.gate_closed_s <= 60


async def test_handed_back_deliveries_belong_to_no_worker(house: House) -> None:
    """The pseudo-consumer is not counted as one."""
    await house.submit("one")
    (delivery,) = await house.streams.receive(Stream.REQUESTS, 1)
    name = house.keys.stream(Stream.REQUESTS)
    await house.client.xclaim(name, "workers", "released", 0, [delivery.token.entry])

    requests = (await house.standing.snapshot()).streams[0]

    assert (requests.pending, requests.released, requests.consumers) == (1, 1, 1)


async def test_pause_epoch_and_subscribers_are_seen(house: House, server: EmbeddedValkey) -> None:
    """What a person did, what Valkey remembers, who hears."""
    await house.client.set(house.keys.paused, "by me")
    await house.note(house.keys.epoch, {"id": "abc@1"})
    subscriber = connect(server.url, "ear")
    pubsub = subscriber.pubsub()
    await pubsub.subscribe(CHANNEL)
    await pubsub.get_message(timeout=10)

    snapshot = await house.standing.snapshot()

    assert (snapshot.paused, snapshot.paused_by) == (True, "by me")
    assert (snapshot.epoch, snapshot.replicas) == ("abc@1", 1)
    await pubsub.aclose()  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
    await subscriber.aclose()


async def test_the_server_says_how_it_is_set_up(house: House) -> None:
    """What the doctor looks at."""
    facts = await house.standing.server()

    assert facts.version.startswith("9.")
    assert (facts.role, facts.mode) == ("master", "standalone")
    assert facts.appendonly
    assert (facts.appendfsync, facts.maxmemory_policy) == ("always", "noeviction")
    assert facts.memory_left is None
    assert facts.subscribers == 0


async def test_a_server_that_does_not_let_itself_be_asked(
    house: House, server: EmbeddedValkey
) -> None:
    """A managed one may refuse CONFIG; that is no failure."""
    await house.client.acl_setuser(
        "shy",
        enabled=True,
        nopass=True,
        keys=["*"],
        commands=["+@all", "-config", "-pubsub|numsub"],
    )
    shy = connect(server.url.replace("//", "//shy:any@"), "test")
    standing = FleetReader(shy, house.keys, CHANNEL, Ceilings())

    facts, snapshot = await standing.server(), await standing.snapshot()

    assert facts.appendfsync is None
    assert facts.subscribers is None
    assert snapshot.replicas is None
    await shy.aclose()


async def test_without_valkey_everything_is_a_store_error(tmp_path: Path) -> None:
    """One kind of failure, that says what was being done."""
    with EmbeddedValkey(tmp_path) as gone:
        url = gone.url
    client, keys = connect(url, "test"), Keys("test")
    standing = FleetReader(client, keys, CHANNEL, Ceilings())

    for ask in (RequestReader(client, keys).requests(1), standing.snapshot(), standing.ping()):
        with pytest.raises(StoreError):
            await ask


@pytest.mark.parametrize(("text", "whole"), [("17-0", True), ("17", False), ("a-1", False)])
def test_entry_ids_are_two_numbers(text: str, *, whole: bool) -> None:
    """Anything else would be another kind of question to Valkey."""
    assert is_entry_id(text) is whole
