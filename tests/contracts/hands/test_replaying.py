"""`ports.Hands`: replay and drop."""

import pytest

from monarch.core.card.telling import Telling
from monarch.core.delivery import Delivery, MigrationEntry, NoticeEntry, RequestEntry, Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.target.permission import (
    Granted,
    Lost,
    Recorded,
    Taken,
    WasCreated,
    WasRefused,
    WasStray,
    Wish,
)
from monarch.core.verdict import Dead, RefusedTarget, Retry
from monarch.ports import Replayed
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
)
from tests.contracts.telling import tell
from tests.contracts.worlds import LEASE_S, World, a_message

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES
ARCHIVED = Dead(Code.ARCHIVED, "unarchive it")


async def letters(world: World) -> list[str]:
    """The ids of the dead letters."""
    return [letter["id"] for letter in await world.dead()]


async def failed(world: World, *targets: str) -> RequestId:
    """A request whose migrations all died, and whose channel knows."""
    request = await planned(world, *targets)
    for delivery in await world.streams().receive(MIGRATIONS, len(targets)):
        await world.settle(delivery, ARCHIVED)
    assert await tell(world) == ["failed"]
    return request


async def replay_all(world: World) -> tuple[Replayed, ...]:
    """Every letter, in one call; a look before it says the same, and leaves them there."""
    names = await letters(world)
    foreseen = await world.hands.foresee_replay(names)
    assert await letters(world) == names

    told = await world.hands.replay(names, "ann")

    assert foreseen == told
    return told


def entry_of(delivery: Delivery) -> MigrationEntry:
    """A migration."""
    assert isinstance(delivery.entry, MigrationEntry)
    return delivery.entry


# --------------------------------------------------------------------------------------- a migration


async def test_a_migration_comes_back_under_the_same_id_and_without_attempts(world: World) -> None:
    """One run further; its letter is gone."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), Retry("GitHub is down", 1))
    await world.advance(2)
    await world.streams().sweep({})
    await world.settle(await world.next(MIGRATIONS), ARCHIVED)
    (letter,) = await letters(world)

    told = await world.hands.replay([letter], "ann")

    assert told == (Replayed(letter, f"{request}:org/team-a"),)
    again = await world.next(MIGRATIONS)
    assert entry_of(again) == MigrationEntry(request, "org/team-a", 0, 2)
    assert (again.attempts, again.token.count, again.since_progress) == (0, 1, 1)
    assert await letters(world) == []


async def test_a_replayed_request_ends_again_exactly_when_its_last_migration_does(
    world: World,
) -> None:
    """Its channel hears that it goes on, and hears one more end."""
    request = await failed(world, "org/team-a", "org/team-b")

    await replay_all(world)

    known = await world.request(request)
    assert (known["state"], known["run"]) == ("running", "2")
    assert await tell(world) == ["running"]
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "running"
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "done"
    assert await tell(world) == ["done"]
    assert await world.length(NOTICES) == 0


async def test_a_request_fails_again_while_one_of_its_letters_was_not_replayed(
    world: World,
) -> None:
    """What was given up and left so is still not there."""
    request = await failed(world, "org/team-a", "org/team-b")

    await world.hands.replay((await letters(world))[:1], "ann")

    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "failed"
    assert len(await letters(world)) == 1


async def test_a_letter_that_is_replayed_while_its_request_runs_is_part_of_this_run(
    world: World,
) -> None:
    """The request had not ended, so nothing of it begins anew."""
    request = await planned(world, "org/team-a", "org/team-b")
    await world.settle(await world.next(MIGRATIONS), ARCHIVED)

    await replay_all(world)

    assert (await world.request(request))["run"] == "1"
    for _ in range(2):
        assert (await world.request(request))["state"] == "running"
        await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "done"


async def test_a_letter_that_is_named_twice_is_replayed_once(world: World) -> None:
    """In one call, and in two."""
    await failed(world, "org/team-a")
    (letter,) = await letters(world)

    foreseen = await world.hands.foresee_replay([letter, letter])
    first, second = await world.hands.replay([letter, letter], "ann")
    (third,) = await world.hands.replay([letter], "ben")

    assert foreseen == (first, second)
    assert not first.refused
    assert second.refused == third.refused == "it is no dead letter any more: replayed or dropped"
    assert await world.length(MIGRATIONS) == 1


@pytest.mark.parametrize("name", ["1-1", "0-0"])
async def test_a_letter_that_is_not_there_is_refused(world: World, name: str) -> None:
    """The others of the call go on."""
    await failed(world, "org/team-a")

    gone, there = await world.hands.replay([name, *await letters(world)], "ann")

    assert (gone.work, bool(gone.refused)) == ("", True)
    assert not there.refused


async def test_a_poisonous_migration_can_be_replayed(world: World) -> None:
    """It begins with a count of its own."""
    await planned(world, "org/team-a")
    delivery = await world.next(MIGRATIONS, "w0")
    for n in range(1, 7):
        await world.advance(LEASE_S + 1)
        (delivery,) = (await world.streams(f"w{n}").sweep({MIGRATIONS: 1})).deliveries
    assert delivery.since_progress == 7
    await world.streams("w6").settle(delivery, Dead(Code.POISON, "its workers died"))

    await replay_all(world)

    again = await world.next(MIGRATIONS)
    assert (again.token.count, again.since_progress) == (1, 1)


async def test_who_held_it_before_holds_nothing_after_the_replay(world: World) -> None:
    """A zombie of the old run neither writes, nor settles, nor renews."""
    await planned(world, "org/team-a")
    zombie = world.streams("zombie")
    old = await one(zombie, MIGRATIONS)
    held = await taken(world, old)
    await world.advance(LEASE_S + 1)
    heir = world.streams("heir")
    (mine,) = (await heir.sweep({MIGRATIONS: 1})).deliveries
    await heir.settle(mine, ARCHIVED)
    await replay_all(world)

    assert isinstance(await world.ledger().permit(old, TARGET, ME, Wish(held.epoch, FIRST)), Lost)
    assert isinstance(await world.ledger().take(old, TARGET, ME), Lost)
    assert not await zombie.settle(old, migrated())
    assert await world.length(MIGRATIONS) == 1


async def test_tickets_that_were_refused_are_tried_again(world: World) -> None:
    """A person has put them right; what was copied is not copied again."""
    request = await planned(world, "org/team-a")
    streams, ledger = world.streams(), world.ledger()
    delivery = await one(streams, MIGRATIONS)
    held = await taken(world, delivery)
    for ticket, fact in ((FIRST, WasCreated), (SECOND, WasRefused)):
        granted = await ledger.permit(delivery, TARGET, ME, Wish(held.epoch, ticket))
        assert isinstance(granted, Granted)
        told = (
            WasCreated(1, granted.nonce)
            if fact is WasCreated
            else WasRefused(granted.nonce, 1, "no such label")
        )
        await ledger.record(delivery, TARGET, ticket, ME, told)
    await streams.settle(delivery, Dead(Code.TICKETS_REFUSED, "it refused one"))

    await replay_all(world)

    again = await one(streams, MIGRATIONS)
    held = await taken(world, again)
    assert isinstance(await ledger.permit(again, TARGET, ME, Wish(held.epoch, SECOND)), Granted)
    assert not isinstance(await ledger.permit(again, TARGET, ME, Wish(held.epoch, FIRST)), Granted)
    assert "refused" not in await fields_of(world, request, "org/team-a")


async def test_what_runs_again_cannot_be_replayed_a_second_time(world: World) -> None:
    """A second letter of the same migration stays where it is until that has ended."""
    request = await planned(world, "org/team-a")
    streams, ledger = world.streams(), world.ledger()
    delivery = await one(streams, MIGRATIONS)
    await taken(world, delivery)
    await streams.settle(delivery, migrated())
    await ledger.record(delivery, TARGET, FIRST, ME, WasStray(9, 5))
    (letter,) = await world.dead()
    assert letter["code"] == "strays_found"

    await replay_all(world)

    assert (await world.request(request))["state"] == "running"
    again = await one(streams, MIGRATIONS)
    await taken(world, again)
    assert await ledger.record(again, TARGET, FIRST, ME, WasStray(9, 5)) == Recorded(9)
    assert await letters(world) == []


async def test_a_plan_that_is_gone_is_not_replayed(world: World) -> None:
    """There is nothing to copy; the letter stays, and says what to do."""
    await world.append(
        MIGRATIONS, {b"v": b"1", b"request": b"1-1", b"target": b"org/team-a", b"order": b"0"}
    )
    await world.settle(await world.next(MIGRATIONS), Dead(Code.PLAN_MISSING, "gone"))

    (told,) = await replay_all(world)

    assert "send the message again" in told.refused
    assert len(await letters(world)) == 1


async def test_nothing_is_replayed_while_its_request_is_being_cancelled(world: World) -> None:
    """It would be called off at once; after the end it goes."""
    request = await planned(world, "org/team-a", "org/team-b")
    await world.settle(await world.next(MIGRATIONS), ARCHIVED)
    await world.hands.cancel(request, "ann")

    (told,) = await replay_all(world)

    assert "still being cancelled" in told.refused
    await world.settle(await world.next(MIGRATIONS), Retry("whatever", 1))
    assert (await world.request(request))["state"] == "cancelled"
    assert not any(one.refused for one in await replay_all(world))
    assert "cancelled_by" not in await world.request(request)
    for _ in range(2):
        delivery = await world.next(MIGRATIONS)
        assert isinstance(await world.ledger().take(delivery, TARGET, ME), Taken)
        await world.settle(delivery, migrated())
    assert (await world.request(request))["state"] == "done"


async def test_a_target_that_was_not_allowed_can_be_replayed_and_a_bad_name_not(
    world: World,
) -> None:
    """A list can be changed; a malformed name would be refused for ever."""
    request = await appended(world)
    refused = (
        RefusedTarget("org/team-x", Code.TARGET_NOT_ALLOWED, "not on the list"),
        RefusedTarget("not a name", Code.BAD_TARGET, "that is no name"),
    )
    await world.settle(await world.next(REQUESTS), plan_for(refused=refused))
    assert (await world.request(request))["state"] == "failed"

    allowed, bad = await replay_all(world)

    assert (allowed.work, bad.work) == (f"{request}:org/team-x", "")
    assert "no repository" in bad.refused
    again = await world.next(MIGRATIONS)
    assert entry_of(again).target == "org/team-x"
    await world.settle(again, migrated())
    assert (await world.request(request))["state"] == "failed"


async def test_a_migration_that_cannot_be_read_ends_as_the_one_that_it_is(world: World) -> None:
    """Otherwise its request would never end."""
    request = await planned(world, "not a name")

    await world.settle(await world.next(MIGRATIONS), Dead(Code.UNREADABLE, "no name"))

    assert (await world.request(request))["state"] == "failed"
    (letter,) = await world.dead()
    assert letter["migration"] == f"{request}:not a name"


# ------------------------------------------------------------------------------- requests and notices


async def test_a_request_comes_back_under_its_id_with_its_message(world: World) -> None:
    """And is planned as if it were new."""
    request = await appended(world, "org/team-a")
    dead = Dead(Code.NOT_FOUND, "no such source", {"source": "org/template", "channel": "C1"})
    await world.settle(await world.next(REQUESTS), dead)
    assert await tell(world) == ["dead"]

    (told,) = await replay_all(world)

    assert told.work == request
    known = await world.request(request)
    assert (known["state"], known["run"], known.get("reason", "")) == ("queued", "2", "")
    assert await tell(world) == ["queued"]
    again = await world.next(REQUESTS)
    assert again.entry == RequestEntry(request, a_message("org/team-a"))
    assert again.attempts == 0
    await world.settle(again, plan_for("org/team-a"))
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "done"
    assert await tell(world) == ["done"]


async def test_a_request_that_was_cancelled_before_planning_is_planned_after_a_replay(
    world: World,
) -> None:
    """A replay undoes a cancel."""
    request = await appended(world, "org/team-a")
    await world.hands.cancel(request, "ann")
    await world.settle(await world.next(REQUESTS), plan_for("org/team-a"))
    assert (await world.request(request))["state"] == "cancelled"

    await replay_all(world)
    await world.settle(await world.next(REQUESTS), plan_for("org/team-a"))

    assert (await world.request(request))["state"] == "running"
    assert await world.length(MIGRATIONS) == 1


async def test_a_notice_is_said_after_its_replay(world: World) -> None:
    """A person has invited the bot."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(MIGRATIONS), migrated())
    notice = await world.next(NOTICES)
    await world.cards.begin(notice, CohortId(request))
    await world.cards.end(notice, CohortId(request))
    await world.settle(notice, Dead(Code.SLACK_REFUSED, "channel_not_found"))
    assert await world.length(NOTICES) == 0

    (told,) = await replay_all(world)

    assert told.work == request
    assert await tell(world) == ["done"]


async def test_a_notice_is_not_doubled_by_its_replay(world: World) -> None:
    """The one that is under way will show it all."""
    request = await planned(world, "org/team-a")
    notice = await world.next(NOTICES)
    await world.settle(notice, Dead(Code.SLACK_REFUSED, "channel_not_found"))
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert await world.length(NOTICES) == 1

    await replay_all(world)

    assert await world.length(NOTICES) == 1
    assert (await world.next(NOTICES)).entry == NoticeEntry(CohortId(request))


async def test_a_notice_of_what_has_expired_is_refused(world: World) -> None:
    """There is nothing to tell."""
    await world.append(NOTICES, {b"v": b"1", b"request": b"1-1"})
    await world.settle(await world.next(NOTICES), Dead(Code.SLACK_REFUSED, "no"))

    (told,) = await replay_all(world)

    assert "not known any more" in told.refused


@pytest.mark.parametrize(
    ("stream", "lacks"), [(Stream.MIGRATIONS, "no migration"), (Stream.NOTICES, "no request")]
)
async def test_junk_in_a_later_stream_is_to_be_dropped(
    world: World, stream: Stream, lacks: str
) -> None:
    """It is named by its own entry, which is no request's id; and no replay helps it."""
    await world.append(stream, {b"x": b"junk"})
    await world.settle(await world.next(stream), Dead(Code.UNREADABLE, "it lacks all"))

    (told,) = await replay_all(world)

    assert told.refused == f"it names {lacks}; drop it (`monarch dead drop`)"
    assert len(await letters(world)) == 1


async def test_an_entry_without_a_message_is_not_sent_back_as_one(world: World) -> None:
    """Its other fields became its message, and it was buried again with a reason that was not its own."""
    await world.append(REQUESTS, {b"message": a_message("org/team-a")})
    await world.settle(await world.next(REQUESTS), Dead(Code.UNREADABLE, "it has: message"))
    before = await world.dead()

    (told,) = await replay_all(world)

    assert "have its sender write that into the field `payload`" in told.refused
    assert await world.dead() == before
    assert await world.length(REQUESTS) == 0


async def test_an_entry_of_no_version_is_sent_back_with_its_message(world: World) -> None:
    """The message is whole, and a replay writes the version anew."""
    await world.append(REQUESTS, {b"v": b"none", b"payload": a_message("org/team-a")})
    await world.settle(await world.next(REQUESTS), Dead(Code.UNREADABLE, "its version"))

    (told,) = await replay_all(world)

    assert not told.refused
    assert isinstance((await world.next(REQUESTS)).entry, RequestEntry)


async def test_a_stub_cannot_be_replayed(world: World) -> None:
    """Nothing is left of it but its id."""
    entry = await appended(world)
    await world.next(REQUESTS, "dead")
    await world.advance(LEASE_S + 1)
    await world.remove(REQUESTS, entry)
    await world.streams().sweep({REQUESTS: 1})

    (told,) = await replay_all(world)

    assert told.refused == "nothing is left of it but its id"
    assert len(await letters(world)) == 1


# ------------------------------------------------------------------------------------------- strays


async def test_a_stray_of_a_done_migration_can_be_closed_and_replayed(world: World) -> None:
    """The end is said anew, and the second copy is not asked for again once it was closed."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(MIGRATIONS)
    await taken(world, delivery)
    await world.settle(delivery, migrated())
    assert await tell(world) == ["done"]
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasStray(9, 5))
    assert await tell(world) == ["failed"]

    await replay_all(world)
    await world.settle(await world.next(MIGRATIONS), migrated())

    assert (await world.request(request))["state"] == "done"
    assert not (await fields_of(world, request, "org/team-a")).get("strays")
    assert await tell(world) == ["done"]


async def test_a_stray_that_was_recorded_after_the_last_look_is_never_called_done(
    world: World,
) -> None:
    """A zombie's late answer came between the look and the settle."""
    request = await planned(world, "org/team-a")
    streams, ledger = world.streams(), world.ledger()
    delivery = await one(streams, MIGRATIONS)
    held = await taken(world, delivery)
    granted = await ledger.permit(delivery, TARGET, ME, Wish(held.epoch, FIRST))
    assert isinstance(granted, Granted)
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(1, granted.nonce))
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(2, "a zombie's"))

    await streams.settle(delivery, migrated())

    assert (await world.request(request))["state"] == "failed"
    (letter,) = await world.dead()
    assert letter["code"] == "strays_found"
    assert "#2" in letter["reason"]
    assert not await world.lock(TARGET)


# --------------------------------------------------------------------------------------------- drop


async def test_dropping_throws_away_what_is_there(world: World) -> None:
    """And counts it."""
    await failed(world, "org/team-a", "org/team-b")
    first, second = await letters(world)

    assert await world.hands.drop([first, "1-1"], "ann") == 1
    assert await letters(world) == [second]
    assert await world.hands.drop([first, second], "ann") == 1
    (told,) = await world.hands.replay([first], "ann")
    assert told.refused


async def test_a_message_that_is_wrong_and_long_is_cut_and_says_so(world: World) -> None:
    """A publisher must not fill the memory with what can never be replayed."""
    await world.append(Stream.REQUESTS, {b"payload": b"x" * 100_000})
    await world.settle(
        await world.next(Stream.REQUESTS), Dead(Code.NOT_JSON, "expected a JSON object")
    )

    (letter,) = await world.dead()
    assert letter["payload"] == "x" * 4096
    assert "of its 100,000 bytes the first 4,096 are kept" in letter["reason"]
    (told,) = await world.hands.replay([letter["id"]], "ann")
    assert "send a right one" in told.refused
    assert len(await world.dead()) == 1


async def test_a_message_that_people_can_put_right_is_kept_whole(world: World) -> None:
    """A source that is not there yet may be there when it is replayed."""
    payload = a_message("org/team-a") + b" " * 100_000
    await world.append(Stream.REQUESTS, {b"payload": payload})
    await world.settle(await world.next(Stream.REQUESTS), Dead(Code.NOT_FOUND, "no source"))

    (letter,) = await world.dead()
    assert letter["payload"] == payload.decode()


async def test_a_channel_that_slack_refuses_for_good_has_one_letter(world: World) -> None:
    """It hears no more of a request's progress; the ending is tried again, since a person may have put it right."""
    request = await planned(world, "org/team-a", "org/team-b")
    refused = Dead(Code.SLACK_REFUSED, "channel_not_found")
    await world.settle(await world.next(NOTICES), refused)

    await world.settle(await world.next(MIGRATIONS), migrated())
    assert await world.length(NOTICES) == 0
    await world.settle(await world.next(MIGRATIONS), migrated())
    await world.settle(await world.next(NOTICES), refused)

    assert await world.length(NOTICES) == 0
    (told,) = await replay_all(world)
    assert told.work == request
    saying = await world.cards.begin(await world.next(NOTICES), CohortId(request))
    assert isinstance(saying, Telling)
    assert not saying.is_refused
