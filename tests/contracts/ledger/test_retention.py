"""What is kept while a dead letter pins it, and for how long after.

On a real Valkey alone: the one in memory keeps everything.
"""

import pytest

from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.ids import CohortId, RequestId, TargetId
from monarch.core.outcome import Code
from monarch.core.target.permission import Granted, WasCreated, WasStray, Wish
from monarch.core.verdict import Dead, Done, Retry, Said
from monarch.ports import Posted
from tests.contracts.moves import FIRST, ME, TARGET, appended, migrated, one, planned, taken
from tests.contracts.worlds import World

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES
ARCHIVED = Dead(Code.ARCHIVED, "unarchive it")


pytestmark = pytest.mark.parametrize("world", ["valkey"], indirect=True)


async def ages(world: World, request: RequestId, *targets: str) -> set[bool]:
    """Which of request, plan and migrations have an end; one answer where they are of one mind."""
    keys = [world.keys.request(request), world.keys.plan(request)]
    keys += [f"{world.keys.prefix}migration:{request}:{target}" for target in targets]
    return {await world.client.pttl(key) > 0 for key in keys if await world.client.exists(key)}


async def drop(world: World, *numbers: int) -> None:
    """Throw away the letters with these numbers."""
    letters = await world.dead()
    assert await world.hands.drop([letters[n]["id"] for n in numbers], "ann") == len(numbers)


async def test_the_last_letter_that_is_dropped_lets_a_request_age(world: World) -> None:
    """Until then there is something to replay."""
    teams = ("org/team-a", "org/team-b")
    request = await planned(world, *teams)
    for _ in teams:
        await world.settle(await world.next(MIGRATIONS), ARCHIVED)
    assert await ages(world, request, *teams) == {False}

    await drop(world, 0)
    assert await ages(world, request, *teams) == {False}
    await drop(world, 0)

    assert await ages(world, request, *teams) == {True}


async def test_letters_that_were_dropped_before_the_end_pin_nothing_after_it(
    world: World,
) -> None:
    """No worker would come by a second time to release it."""
    request = await planned(world, "org/team-a", "org/team-b")
    await world.settle(await world.next(MIGRATIONS), ARCHIVED)

    await drop(world, 0)
    assert await ages(world, request) == {False}
    await world.settle(await world.next(MIGRATIONS), migrated())

    assert (await world.request(request))["state"] == "failed"
    assert await ages(world, request, "org/team-a", "org/team-b") == {True}


async def test_a_notice_that_is_dropped_releases_no_dead_request(world: World) -> None:
    """Its own letter can still be replayed."""
    request = await appended(world, "org/team-a")
    told = {"source": "org/template", "channel": "C1"}
    await world.settle(await world.next(REQUESTS), Dead(Code.NOT_FOUND, "no source", told))
    await world.settle(await world.next(NOTICES), Dead(Code.SLACK_REFUSED, "no channel"))

    await drop(world, 1)
    assert await ages(world, request) == {False}
    await drop(world, 0)

    assert await ages(world, request) == {True}


async def test_a_replay_pins_what_had_begun_to_age(world: World) -> None:
    """Of two letters one was dropped and the other comes back."""
    request = await planned(world, "org/team-a", "org/team-b")
    for _ in range(2):
        await world.settle(await world.next(MIGRATIONS), ARCHIVED)
    await drop(world, 0)
    (letter,) = await world.dead()

    await world.hands.replay([letter["id"]], "ann")
    assert await ages(world, request, "org/team-a", "org/team-b") == {False}
    await world.settle(await world.next(MIGRATIONS), migrated())

    assert await ages(world, request, "org/team-a", "org/team-b") == {True}


async def test_a_ledger_ends_with_the_last_that_needs_it(world: World) -> None:
    """A dead migration keeps it; one that was replayed and found everything there writes nothing more to it."""
    await planned(world, "org/team-a")
    streams, ledger = world.streams(), world.ledger()
    delivery = await one(streams, MIGRATIONS)
    held = await taken(world, delivery)
    granted = await ledger.permit(delivery, TARGET, ME, Wish(held.epoch, FIRST))
    assert isinstance(granted, Granted)
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(1, granted.nonce))
    await streams.settle(delivery, ARCHIVED)
    assert await world.client.pttl(world.keys.ledger(TARGET)) == -1
    (letter,) = await world.dead()

    await world.hands.replay([letter["id"]], "ann")
    again = await one(streams, MIGRATIONS)
    await taken(world, again)
    await streams.settle(again, migrated())

    assert await world.client.pttl(world.keys.ledger(TARGET)) > 0


async def ledger_ages(world: World) -> bool:
    """Whether the target's ledger has an end."""
    return bool(await world.client.pttl(world.keys.ledger(TARGET)) > 0)


async def copied(world: World, team: str = "org/team-a") -> Delivery:
    """A migration in hand that has copied a ticket."""
    await planned(world, team)
    delivery = await world.next(MIGRATIONS)
    held = await taken(world, delivery)
    answer = await world.ledger().permit(delivery, TARGET, ME, Wish(held.epoch, FIRST, "#1"))
    assert isinstance(answer, Granted)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasCreated(1, answer.nonce))
    return delivery


async def test_a_ledger_that_an_open_request_needs_does_not_end_with_another_one(
    world: World,
) -> None:
    """Both are about one repository; the second one may be parked for longer than the first is kept."""
    first = await copied(world)
    await world.streams().settle(first, Retry("later", 3600))
    second = await copied(world, "org/team-a")
    await world.streams().settle(second, migrated())

    assert not await ledger_ages(world)


async def test_a_ledger_that_a_dead_letter_needs_does_not_end_with_another_one(
    world: World,
) -> None:
    """Else a replay makes again what people have deleted."""
    await world.streams().settle(await copied(world), ARCHIVED)
    await world.streams().settle(await copied(world), migrated())
    assert not await ledger_ages(world)

    await drop(world, 0)

    assert await ledger_ages(world)


async def test_a_ledger_that_is_replayed_or_healed_does_not_end_meanwhile(
    world: World,
) -> None:
    """From the moment at which a person asks for it, and not from when a worker takes it."""
    delivery = await copied(world)
    assert isinstance(delivery.entry, MigrationEntry)
    await world.streams().settle(delivery, migrated())
    assert await ledger_ages(world)

    healing = {"org/team-a": (FIRST,)}
    await world.hands.heal(delivery.entry.request, healing, "ann")

    assert not await ledger_ages(world)


async def test_the_ledger_of_a_repository_that_is_gone_ends_though_its_migration_goes_on(
    world: World,
) -> None:
    """It was deleted and generated anew: the migration is about the new one from then on, and needs that one's ledger."""
    delivery = await copied(world)

    await taken(world, delivery, TargetId(8))

    assert await ledger_ages(world)
    assert not await world.client.exists(f"{world.keys.prefix}needs:{TARGET}")


async def test_a_stray_without_a_channel_leaves_its_request_to_nobody(world: World) -> None:
    """The audit looks through open requests: one that has ended without a channel is not among them."""
    request = await planned(world, "org/team-a", channel=None)
    delivery = await world.next(MIGRATIONS)
    await taken(world, delivery)
    await world.settle(delivery, migrated())

    await world.ledger().record(delivery, TARGET, FIRST, ME, WasStray(9, 5))

    assert await world.client.zscore(world.keys.open, request) is None
    assert await ages(world, request, "org/team-a") == {False}


async def test_a_replayed_notice_of_what_was_told_leaves_no_request_open(
    world: World,
) -> None:
    """It is said to be told already, and nothing more would ever close it."""
    request = await planned(world, "org/team-a")
    await world.settle(await world.next(NOTICES), Dead(Code.SLACK_REFUSED, "no channel"))
    await world.settle(await world.next(MIGRATIONS), migrated())
    notice = await world.next(NOTICES)
    await world.cards.begin(notice, CohortId(request))
    version = int((await world.request(request))["card_version"])
    await world.cards.said(CohortId(request), "ending", version, Posted("1.1"))
    await world.settle(notice, Done(Said()))
    (letter,) = await world.dead()

    (told,) = await world.hands.replay([letter["id"]], "ann")

    assert told.work == request
    assert await world.client.zscore(world.keys.open, request) is None


async def test_a_request_that_a_letter_pins_stays_known_however_old_it_is(
    world: World,
) -> None:
    """It is listed for as long as it can be replayed; once it is gone it is listed no more."""
    pinned, streams, known = await planned(world, "org/team-a"), world.streams(), world.keys.known
    await streams.settle(await one(streams, MIGRATIONS), ARCHIVED)
    await world.client.zadd(known, {pinned: 1, "1-1": 1})

    other = await planned(world, "org/team-b")
    await streams.settle(await one(streams, MIGRATIONS), migrated())

    assert await world.client.zrange(known, 0, -1) == [pinned.encode(), other.encode()]


async def test_known_requests_that_are_gone_are_found_behind_many_that_are_not(
    world: World,
) -> None:
    """A piece of the old ones is looked through whenever a request ends, and at last all of them."""
    streams, known = world.streams(), world.keys.known
    for n in range(150):
        await world.client.set(world.keys.request(RequestId(f"1-{n}")), "here")
        await world.client.zadd(known, {f"1-{n}": 1})
    await world.client.zadd(known, {f"2-{n}": 2 for n in range(150)})

    while await world.client.zcount(known, 2, 2):
        await planned(world, "org/team-a")
        await streams.settle(await one(streams, MIGRATIONS), migrated())

    assert await world.client.zcount(known, 1, 1) == 150


async def test_letters_of_messages_that_are_wrong_make_room_for_newer_ones(
    world: World,
) -> None:
    """The oldest goes, and its request begins to age; those that people can replay are never dropped by themselves."""
    kept = await appended(world, "org/team-a")
    await world.settle(await world.next(REQUESTS), Dead(Code.NOT_FOUND, "no source"))
    first = await appended(world, "org/team-a")
    await world.settle(await world.next(REQUESTS), Dead(Code.NOT_JSON, "no JSON"))
    await world.client.rpush(f"{world.keys.prefix}junk", *["1-1 1-1"] * 998)  # type: ignore[misc]  # typed for both clients

    for number in range(2):
        assert len(await world.dead()) == 2 + number
        await appended(world, "org/team-a")
        await world.settle(await world.next(REQUESTS), Dead(Code.NOT_JSON, "no JSON"))

    requests = {letter["request"] for letter in await world.dead()}
    assert kept in requests
    assert first not in requests
    assert await ages(world, first) == {True}
    assert await ages(world, kept) == {False}
