"""Work that waits shows what it is about, why it waits and until when; and what stops everything says since when."""

import json
from dataclasses import replace

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.refusal import why_refused
from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.refusals import ValkeyRefusals
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.settlement import member_of_request
from monarch.adapters.valkey.views import waiting
from monarch.adapters.valkey.views.fleet import MET_FOR_MS
from monarch.adapters.valkey.views.sought import Sought
from monarch.core.advice import Advice
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.verdict import Dead, Handback, Retry, Snooze, Verdict, Waits
from monarch.ports import StoreRefused
from monarch.ports.spoiled import spoiled_keys
from monarch.telemetry.obstacles import Cause, obstacles
from tests.adapters.valkey.house import House, planned

MESSAGE = b'{"source_repo": "o/s", "all_target_repositories": ["o/a", "o/b"], "notification_channel": "C1"}'
REFUSED = Snooze(
    "GitHub answered 401: set a valid token",
    60.0,
    kind=Waits.CREDENTIAL,
    details={"source": "o/s", "channel": "C1"},
)


NAMED = replace(REFUSED, details={**REFUSED.details, "named": "o/a\no/b"})
"""As the planner has it."""


async def submitted(house: House, key: str = "one") -> RequestId:
    """A request for two targets."""
    return await Submitter(house.client, house.keys).submit(MESSAGE, key)


async def found(house: House, target: str, state: State | None = None) -> list[RequestId]:
    """The requests with that target."""
    sought = Sought(state=state, target=target)
    return [line.id for line in await house.reader.requests(10, sought)]


async def events_of(house: House) -> list[str]:
    """What happened, by name."""
    return [event.name for event in await house.events.page(100)]


async def causes(house: House) -> list[Cause]:
    """What stops all work."""
    return [one.cause for one in obstacles(await house.standing.snapshot())]


async def test_a_request_that_waits_to_be_planned_shows_what_its_message_says(house: House) -> None:
    """At three in the morning a person must see what is in the queue: the message lies in the stream."""
    request = await submitted(house)

    (line,) = await house.reader.requests(10)
    details = await house.reader.request(request)

    assert (line.source, line.channel, line.targets, line.unsettled) == ("o/s", "C1", 2, 2)
    assert details is not None
    assert (details.view.source, details.view.channel) == ("o/s", "C1")
    assert [(m.target, m.state) for m in details.view.migrations] == [
        ("o/a", State.QUEUED),
        ("o/b", State.QUEUED),
    ]


async def test_a_request_that_is_parked_says_why_and_until_when(house: House) -> None:
    """Its message lies with what parked it."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, REFUSED)

    (line,) = await house.reader.requests(10)
    details = await house.reader.request(request)

    assert (line.source, line.targets, line.reason) == ("o/s", 2, REFUSED.reason)
    assert line.next_ms is not None
    assert details is not None
    assert details.view.reason == REFUSED.reason
    assert details.next_ms == line.next_ms
    assert len(details.view.migrations) == 2


@pytest.mark.parametrize("wait", [REFUSED, NAMED])
async def test_a_request_that_is_parked_before_it_is_planned_is_found_by_its_target(
    house: House, wait: Snooze
) -> None:
    """Its record had its source, so its message was not read, and it was left out although `show` named the team."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, wait)

    assert await found(house, "O/A") == [request]
    assert await found(house, "o/c") == []


async def test_a_request_that_is_cancelled_before_it_is_planned_is_found_by_its_target(
    house: House,
) -> None:
    """Its message lies in a dead letter, so what it names is kept on its record."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, NAMED)
    hands = ValkeyHands(Scripts(house.client, house.keys.prefix), house.keys, retention_ms=60_000)
    await hands.cancel(request, "ann")
    await house.settle(Stream.REQUESTS, NAMED)

    assert await found(house, "o/b") == [request]
    assert await found(house, "o/b", State.CANCELLED) == [request]
    assert await found(house, "o/b", State.QUEUED) == []


async def test_a_request_that_ended_before_it_was_planned_shows_what_it_names(house: House) -> None:
    """It had no targets, as if its message named none; and a replay of its letter brings those teams back."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, Dead(Code.PRIVATE_SOURCE, "it is gone", NAMED.details))

    (line,) = await house.reader.with_failed(await house.reader.requests(10))
    details = await house.reader.request(request)

    assert (line.targets, line.unsettled, line.failed, line.named) == (2, 0, 2, ("o/a", "o/b"))
    assert details is not None
    assert details.never_begun
    assert [(m.target, m.state) for m in details.view.migrations] == [
        ("o/a", State.DEAD),
        ("o/b", State.DEAD),
    ]


async def test_a_planned_request_keeps_its_targets_once(house: House) -> None:
    """What it kept of its message leaves with the plan: there may be hundreds of targets."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, Retry("no answer", 0.0, NAMED.details))
    await _promote_all(house)
    await house.settle(Stream.REQUESTS, planned("o/a", "o/b"))

    record = await house.client.hgetall(house.keys.request(request))  # type: ignore[misc]  # the client's type joins its sync and async twins
    assert record[b"targets"] == b"o/a\no/b"
    assert b"named" not in record
    assert await found(house, "o/a") == [request]


async def test_a_producers_own_entry_is_seen_before_anybody_looks_at_it(house: House) -> None:
    """The fleet may be paused, or no worker may run: it has no hash yet, but it is there."""
    fields: dict[str, bytes] = {"payload": MESSAGE}
    await house.client.xadd(house.keys.stream(Stream.REQUESTS), fields, id="99-1")
    request = RequestId("99-1")

    (line,) = await house.reader.requests(10)
    details = await house.reader.request(request)

    assert (line.id, line.state, line.via, line.source) == (
        request,
        State.QUEUED,
        "producer",
        "o/s",
    )
    assert details is not None
    assert (details.view.source, details.via) == ("o/s", "producer")


async def test_an_entry_of_a_newer_version_is_seen(house: House) -> None:
    """It waits for a worker of that version, and says so."""
    stream = house.keys.stream(Stream.REQUESTS)
    await house.client.xadd(stream, {"v": "99", "payload": MESSAGE.decode()}, id="99-1")

    (line,) = await house.reader.requests(10)

    assert "a newer version wrote it (v=99)" in line.reason


async def test_an_update_that_waits_is_of_no_newer_version(house: House) -> None:
    """Its entry has version 2, which this code reads."""
    stream = house.keys.stream(Stream.REQUESTS)
    update = {"v": "2", "act": "update", "bases": "", "by": "ann", "payload": MESSAGE.decode()}
    await house.client.xadd(stream, update, id="99-1")

    (line,) = await house.reader.requests(10)

    assert (line.state, line.reason) == (State.QUEUED, "")


async def test_a_wait_is_told_once_and_a_failure_each_time(house: House) -> None:
    """An event a minute for each of a hundred requests would push the night's story out of the log."""
    await submitted(house)
    for verdict in (REFUSED, REFUSED, Retry("GitHub answered 502", 1.0), Retry("again", 1.0)):
        await house.settle(Stream.REQUESTS, verdict)
        await _promote_all(house)

    assert (await events_of(house)).count("request.parked") == 3


async def test_what_went_wrong_stays_in_sight_while_it_is_tried_again(house: House) -> None:
    """A migration that runs again has lost its reason, and its last error has not gone away."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await house.settle(Stream.MIGRATIONS, Retry("GitHub answered 500", 30.0))

    details = await house.reader.request(request)

    assert details is not None
    (times,) = details.times
    assert (times.attempts, times.error) == (1, "GitHub answered 500")
    assert times.error_ms is not None
    assert times.next_ms is not None


async def test_a_running_request_says_in_the_list_why_and_until_when_its_target_waits(
    house: House,
) -> None:
    """`show` said `parked, in 3 s, GitHub answered 502`; the list had neither a next try nor a reason."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a", "o/b", "o/c"))
    await house.settle(Stream.MIGRATIONS, Retry("GitHub answered 500", 300.0))
    await house.settle(Stream.MIGRATIONS, Retry("GitHub answered 502", 30.0))

    (line,) = await house.reader.requests(10)
    details = await house.reader.request(request)

    assert details is not None
    due = [one.next_ms for one in details.times if one.next_ms is not None]
    assert len(due) == 2
    assert (line.state, line.next_ms, line.reason) == (
        State.RUNNING,
        min(due),
        "GitHub answered 502",
    )


async def test_a_running_request_shows_its_next_try_beside_one_that_is_not_planned(
    house: House,
) -> None:
    """One queued request in the list took the next try from every running one."""
    running = await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await house.settle(Stream.MIGRATIONS, Retry("GitHub answered 502", 30.0))
    (alone,) = await house.reader.requests(10)
    queued = await submitted(house, "two")

    lines = {line.id: line for line in await house.reader.requests(10)}

    assert alone.next_ms is not None
    assert lines[running].next_ms == alone.next_ms
    assert lines[queued].next_ms is None


async def test_a_running_request_is_found_behind_many_parked_entries_of_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parked entries are read page by page in the order of their next tries, and some have names of nobody's."""
    monkeypatch.setattr(waiting, "PAGE", 2)
    await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await house.settle(Stream.MIGRATIONS, Retry("GitHub answered 502", 30.0))
    for number, name in enumerate(("", "nobody", "a:b", "000-0:migrations", "1:migrations:x:y")):
        await house.client.zadd(house.keys.parked, {name: number})

    (line,) = await house.reader.requests(10)

    assert (line.next_ms is not None, line.reason) == (True, "GitHub answered 502")


async def test_a_running_request_that_waits_for_nothing_has_no_next_try(house: House) -> None:
    """Another one's parked target is not its own."""
    first, second = await submitted(house), await submitted(house, "two")
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await house.settle(Stream.REQUESTS, planned("o/b"))
    await house.settle(Stream.MIGRATIONS, Retry("GitHub answered 502", 30.0))

    lines = {line.id: line for line in await house.reader.requests(10)}

    assert (lines[second].next_ms, lines[second].reason) == (None, "")
    assert lines[first].reason == "GitHub answered 502"


# ---------------------------------------------------------------------------------- what Slack did not get


async def told(house: House, *verdicts: Verdict) -> RequestId:
    """A request that has ended; what Slack is to hear of it meets these, one after the other."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    await house.settle(Stream.MIGRATIONS, Dead(Code.ARCHIVED, "unarchive it"))
    for verdict in verdicts:
        await _promote_all(house)
        await house.settle(Stream.NOTICES, verdict)
    return request


LIMITED = Snooze("Slack answered that its limit is reached", 3600.0, kind=Waits.LIMIT)
FAILED = Retry("Slack answered 500", 60.0)


@pytest.mark.parametrize("verdict", [LIMITED, FAILED])
async def test_what_slack_did_not_get_says_why_and_until_when_it_waits(
    house: House, verdict: Snooze | Retry
) -> None:
    """A limit of an hour is no failure, and nothing at the request told of it; the list had no next try."""
    request = await told(house, verdict)

    (line,) = await house.reader.requests(10)
    details = await house.reader.request(request)

    assert details is not None
    failing = details.failing_notice
    assert failing is not None
    assert (failing.reason, failing.is_limit) == (verdict.reason, verdict is LIMITED)
    assert line.next_ms == failing.next_ms


@pytest.mark.parametrize("kind", [Waits.ENDING, Waits.BUSY, Waits.OTHER])
async def test_a_notice_that_waits_for_its_moment_is_no_failure(house: House, kind: Waits) -> None:
    """Edits are spread; a failure that has passed stays counted in its attempts."""
    request = await told(house, FAILED, Snooze("the next word is due later", 20.0, kind=kind))

    (line,) = await house.reader.requests(10)
    details = await house.reader.request(request)

    assert details is not None
    assert (details.failing_notice, line.next_ms) == (None, None)


async def test_what_an_older_worker_has_parked_is_read_by_its_attempts(house: House) -> None:
    """It does not record what a notice waits for."""
    request = await told(house, FAILED)
    (member,) = await house.client.hkeys(house.keys.parked_entries)  # type: ignore[misc]  # as above
    packed = json.loads(await house.client.hget(house.keys.parked_entries, member))  # type: ignore[misc]  # as above
    del packed["waits"]
    await house.client.hset(house.keys.parked_entries, member, json.dumps(packed))  # type: ignore[misc]  # as above

    details = await house.reader.request(request)

    assert details is not None
    assert details.failing_notice is not None
    assert not details.failing_notice.is_limit


# ------------------------------------------------------------------------------ a refused credential


async def test_a_refused_credential_says_since_when_until_it_is_taken_again(house: House) -> None:
    """For the owner whose repositories it is about: the first refusal counts, and a plan is the proof of the end."""
    await submitted(house)
    await house.settle(Stream.REQUESTS, REFUSED)
    (first,) = (await house.standing.snapshot()).refused
    await _promote_all(house)
    await house.settle(Stream.REQUESTS, REFUSED)
    (again,) = (await house.standing.snapshot()).refused
    await _promote_all(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    after = (await house.standing.snapshot()).refused

    assert (first.owner, first.reason) == ("o", REFUSED.reason)
    assert again.since_ms == first.since_ms
    assert after == ()
    told = [name for name in await events_of(house) if name.startswith("credential")]
    assert told == ["credential.refused", "credential.accepted"]


async def test_a_channel_is_told_once_that_the_credential_is_refused(house: House) -> None:
    """Not each minute, and not for whatever else is waited for."""
    await submitted(house)
    for verdict in (
        Snooze("busy", 1.0, kind=Waits.BUSY, details=REFUSED.details),
        REFUSED,
        REFUSED,
    ):
        await house.settle(Stream.REQUESTS, verdict)
        await _promote_all(house)

    assert await house.client.xlen(house.keys.stream(Stream.NOTICES)) == 1


async def test_a_workers_own_question_is_about_all_repositories(house: House) -> None:
    """And hides those of single owners: one cause, one line."""
    refusals = ValkeyRefusals(house.client, Scripts(house.client, house.keys.prefix), house.keys)
    await submitted(house)
    await house.settle(Stream.REQUESTS, REFUSED)
    await refusals.note("the token is expired")

    told = [
        one
        for one in obstacles(await house.standing.snapshot())
        if one.cause is Cause.CREDENTIAL_REFUSED
    ]
    await refusals.note(None)

    assert [one.words for one in told] == ["GitHub refuses the credential: the token is expired"]
    assert [one.owner for one in (await house.standing.snapshot()).refused] == ["o"]


async def test_of_many_workers_one_asks(house: House) -> None:
    """GitHub closes itself to good logins after many bad ones."""
    refusals = ValkeyRefusals(house.client, Scripts(house.client, house.keys.prefix), house.keys)

    assert [await refusals.turn() for _ in range(3)] == [True, False, False]


# --------------------------------------------------------------------------- what else stops everything


async def test_a_pause_says_since_when(house: House) -> None:
    """One that was forgotten is found by it."""
    hands = ValkeyHands(Scripts(house.client, house.keys.prefix), house.keys, retention_ms=60_000)
    await hands.pause("ada")
    paused = await house.standing.snapshot()
    await hands.resume("ada")

    assert paused.paused_ms is not None
    assert 0 <= paused.at_ms - paused.paused_ms < 60_000
    assert Cause.PAUSED in [one.cause for one in obstacles(paused)]
    assert (await house.standing.snapshot()).paused_ms is None


async def test_nobody_works(house: House) -> None:
    """What is published then is lost, and what is submitted waits: one line says both."""
    assert await causes(house) == [Cause.NO_WORKER]


async def test_a_valkey_without_memory_is_seen(house: House) -> None:
    """It answers every question, and takes in nothing new."""
    await house.client.config_set("maxmemory", "1")
    seen = await house.standing.snapshot()
    await house.client.config_set("maxmemory", "0")

    assert "out of memory (OOM)" in seen.refuses_writes
    assert (await house.standing.snapshot()).refuses_writes == ""


async def test_a_valkey_without_its_replicas_is_seen(house: House) -> None:
    """Every write is refused (NOREPLICAS)."""
    await house.client.config_set("min-replicas-to-write", "1")
    seen = await house.standing.snapshot()
    await house.client.config_set("min-replicas-to-write", "0")

    assert "too few replicas" in seen.refuses_writes


async def test_the_age_of_the_oldest_open_request_is_known(house: House) -> None:
    """Whatever it waits for, it shows."""
    assert (await house.standing.snapshot()).oldest_open_s == 0.0
    await house.client.zadd(house.keys.open, {"1000-0": 1000})

    seen = await house.standing.snapshot()
    assert seen.oldest_open_s > 1_000_000
    assert seen.open_requests == 1


async def test_the_age_of_the_oldest_parked_work_is_known(house: House) -> None:
    """By its request's age and not by when it is due: what is parked again and again is always due soon."""
    assert (await house.standing.snapshot()).oldest_parked_s == 0.0
    await submitted(house)
    await house.settle(Stream.REQUESTS, REFUSED)
    fresh = (await house.standing.snapshot()).oldest_parked_s
    now_ms = (await house.standing.snapshot()).at_ms
    old = member_of_request(f"{now_ms - 90_000}-0", Stream.NOTICES)
    await house.client.zadd(house.keys.parked, {old: now_ms + 3_600_000})

    assert fresh < 60
    assert 90 <= (await house.standing.snapshot()).oldest_parked_s < 150


async def test_a_parked_entry_with_a_name_of_nobodys_hides_nothing(house: House) -> None:
    """A snapshot is what people look at when something is broken."""
    await house.client.zadd(house.keys.parked, {"who knows": 5})

    assert (await house.standing.snapshot()).oldest_parked_s == 0.0


async def test_a_snapshot_names_the_keys_that_hold_something_else(house: House) -> None:
    """The workers could not read their stream, and every light was green."""
    requests, events, names = (
        house.keys.stream(Stream.REQUESTS),
        house.keys.events,
        house.keys.named,
    )
    for key in (requests, events, names):
        await house.client.delete(key)
        await house.client.set(key, "text")

    with spoiled_keys() as met:
        seen = await house.standing.snapshot()

    assert set(seen.broken_keys) == {requests, events, names}
    assert set(met) == set(seen.broken_keys)
    assert [one.cause for one in obstacles(seen)].count(Cause.BROKEN_KEY) == 2


async def test_a_mended_key_of_the_fleet_is_well_at_once(house: House) -> None:
    """A worker had met it, so it was called broken for 90 s after it was mended as advised."""
    now_ms = (await house.standing.snapshot()).at_ms
    await house.client.zadd(house.keys.broken, {house.keys.known: now_ms})

    assert (await house.standing.snapshot()).broken_keys == ()
    await house.client.set(house.keys.known, "text")
    assert (await house.standing.snapshot()).broken_keys == (house.keys.known,)


async def test_a_broken_key_of_one_migration_is_met_and_forgotten(house: House) -> None:
    """Its work came round once a lease, every light was green, and the log named the stream that it lay in."""
    await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    (delivery,) = await house.streams.receive(Stream.MIGRATIONS, 1)
    (key,) = [name async for name in house.client.scan_iter(f"{house.keys.prefix}migration:*")]
    await house.client.delete(key)
    await house.client.set(key, "text")

    with pytest.raises(StoreRefused) as refused:
        await house.streams.settle(delivery, Retry("later", 60.0))
    back = Handback("a key is broken", rests=True, broken=refused.value.key)
    assert await house.streams.settle(delivery, back)
    met = await house.standing.snapshot()
    old_ms = met.at_ms - MET_FOR_MS - 1
    await house.client.zadd(house.keys.broken, {refused.value.key: old_ms})
    mended = await house.standing.snapshot()

    assert refused.value.key == key.decode()
    assert met.broken_keys == (key.decode(),)
    assert [one.cause for one in obstacles(met)].count(Cause.BROKEN_KEY) == 1
    assert mended.broken_keys == ()


@pytest.mark.parametrize("is_given_up", [False, True])
@pytest.mark.parametrize("name", ["turns:user:9", "ledger:7"])
async def test_a_broken_key_of_an_account_or_a_target_is_seen_until_it_is_mended(
    house: House, name: str, *, is_given_up: bool
) -> None:
    """Every write stood still for it, and `status`, `/health` and the doctor said that all is well."""
    await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    (delivery,) = await house.streams.receive(Stream.MIGRATIONS, 1)
    key = house.keys.prefix + name
    await house.client.set(key, "text")

    failed = Dead(Code.OUT_OF_ATTEMPTS, "no", broken=key)
    verdict = failed if is_given_up else Retry("no", 60.0, broken=key)
    assert await house.streams.settle(delivery, verdict)
    met = await house.standing.snapshot()
    await house.client.zadd(house.keys.broken, {key: met.at_ms - 3_600_000})
    later = await house.standing.snapshot()
    await house.client.delete(key)
    mended = await house.standing.snapshot()

    assert met.broken_keys == later.broken_keys == (key,)
    (seen,) = [one for one in obstacles(later) if one.cause is Cause.BROKEN_KEY]
    assert f"work that needs the key {key} stands still" in seen.words
    assert mended.broken_keys == ()


async def _promote_all(house: House) -> None:
    """Let everything that is parked be due."""
    client: Valkey = house.client
    for member in await client.zrange(house.keys.parked, 0, -1):
        await client.zadd(house.keys.parked, {member: 0})
    await house.streams.sweep(dict.fromkeys(Stream, 0))


@pytest.mark.parametrize(
    ("info", "settings", "says"),
    [
        ({}, {}, ""),
        ({"role": "slave"}, {}, "READONLY"),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, {}, "MISCONF"),
        ({"aof_enabled": 0, "aof_last_write_status": "err"}, {}, ""),
        (
            {"rdb_last_bgsave_status": "err"},
            {"save": "60 1", "stop-writes-on-bgsave-error": "yes"},
            "MISCONF",
        ),
        ({"rdb_last_bgsave_status": "err"}, {"save": "", "stop-writes-on-bgsave-error": "yes"}, ""),
        ({"min_slaves_good_slaves": 0}, {"min-replicas-to-write": "1"}, "NOREPLICAS"),
        ({"min_slaves_good_slaves": 1}, {"min-replicas-to-write": "1"}, ""),
        ({"maxmemory": 100, "used_memory": 101}, {}, "OOM"),
        ({"maxmemory": 100, "used_memory": 110, "mem_not_counted_for_evict": 20}, {}, ""),
        ({"maxmemory": 0, "used_memory": 101}, {}, ""),
    ],
)
def test_what_a_valkey_says_of_itself_tells_why_it_refuses(
    info: dict[str, object], settings: dict[str, str], says: str
) -> None:
    """The server's own conditions; what it does not say hinders nothing."""
    why = why_refused(info, settings)

    assert says in why
    assert bool(says) is bool(why)


async def test_what_slack_refused_is_not_to_be_replayed_once_its_letter_is_dropped(
    house: House,
) -> None:
    """`show` went on advising the replay of a letter that was gone."""
    request = await submitted(house)
    await house.settle(Stream.REQUESTS, planned("o/a"))
    refused = Dead(Code.SLACK_REFUSED, "Slack answered is_archived", advice=Advice("unarchive it"))
    await house.settle(Stream.NOTICES, refused)
    before = await house.reader.request(request)
    [letter] = await house.letters.newest(1)

    hands = ValkeyHands(Scripts(house.client, house.keys.prefix), house.keys, retention_ms=60_000)
    await hands.drop([letter.id], "ada")
    after = await house.reader.request(request)

    assert before is not None
    assert after is not None
    assert before.notice_error.endswith("then replay it (`monarch dead replay`)")
    assert "replay" not in after.notice_error
    assert after.notice_error.endswith("send the message again, since its dead letter was dropped")
