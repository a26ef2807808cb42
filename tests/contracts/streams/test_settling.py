"""`ports.Streams.settle`: what each verdict does to a request."""

from collections.abc import Mapping

import pytest

from monarch.core.delivery import MigrationEntry, Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.target.permission import WasCreated
from monarch.core.verdict import Dead, Done, RefusedTarget, Retry, Skipped, Snooze, Verdict
from tests.contracts.moves import (
    FIRST,
    ME,
    SECOND,
    TARGET,
    a_plan,
    appended,
    fields_of,
    migrated,
    migrating,
    plan_for,
    planned,
    taken,
)
from tests.contracts.worlds import World, a_message

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES


async def settle_all(world: World, *verdicts: Verdict) -> None:
    """Settle so many migrations, in order."""
    for verdict in verdicts:
        await world.settle(await world.next(MIGRATIONS), verdict)


async def test_planning_emits_one_migration_for_each_target(world: World) -> None:
    """Plan, migrations and notice come into being with the end of the request's entry."""
    request = await planned(world, "org/team-a", "org/team-b")

    assert await world.plans.read(request) == a_plan()
    assert await world.length(REQUESTS) == 0
    assert await world.length(MIGRATIONS) == 2
    assert await world.length(NOTICES) == 1
    fields = await world.request(request)
    assert (fields["state"], fields["source"], fields["tickets"]) == (
        "running",
        "org/template",
        "2",
    )


async def test_a_request_without_a_channel_makes_no_notice(world: World) -> None:
    """The request names no channel."""
    await planned(world, "org/team-a", channel=None)
    await settle_all(world, migrated())

    assert await world.length(NOTICES) == 0


async def test_a_refused_target_is_dead_lettered_by_itself(world: World) -> None:
    """The others go on."""
    request = await appended(world)
    refused = RefusedTarget("org/bad name", Code.BAD_TARGET, "that is no name")
    await world.settle(await world.next(REQUESTS), plan_for("org/team-a", refused=(refused,)))

    (letter,) = await world.dead()

    assert letter["code"] == "bad_target"
    assert letter["migration"] == f"{request}:org/bad name"
    assert (await world.request(request))["state"] == "running"
    await settle_all(world, migrated())
    assert (await world.request(request))["state"] == "failed"


async def test_a_request_whose_targets_are_all_refused_has_failed(world: World) -> None:
    """Nothing is left that could end it later."""
    request = await appended(world)
    refused = RefusedTarget("x", Code.BAD_TARGET, "that is no name")

    await world.settle(await world.next(REQUESTS), plan_for(refused=(refused,)))

    assert (await world.request(request))["state"] == "failed"
    assert await world.length(NOTICES) == 1


async def test_an_empty_template_is_skipped(world: World) -> None:
    """And its channel gets a notice."""
    request = await appended(world)

    await world.settle(
        await world.next(REQUESTS), Done(Skipped("org/template", "C1", ("org/team-a",)))
    )

    assert (await world.request(request))["state"] == "skipped"
    assert (await world.length(MIGRATIONS), await world.length(NOTICES)) == (0, 1)


async def test_an_empty_template_hides_no_refused_target(world: World) -> None:
    """Each has its dead letter, though there was nothing to be copied."""
    refused = RefusedTarget("x", Code.BAD_TARGET, "that is no name")
    request = await appended(world)

    await world.settle(
        await world.next(REQUESTS),
        Done(Skipped("org/template", "C1", ("org/team-a",), (refused,))),
    )

    assert (await world.request(request))["state"] == "skipped"
    (letter,) = await world.dead()
    assert (letter["code"], letter["migration"]) == ("bad_target", f"{request}:x")
    assert await world.length(NOTICES) == 1


async def test_a_migration_of_no_known_request_makes_none_up(world: World) -> None:
    """A producer that appends one gets a dead letter for it, and no request that reads as done."""
    fields = {b"v": b"1", b"request": b"7-7", b"target": b"org/team-a"}
    await world.append(MIGRATIONS, fields)

    await world.settle(await world.next(MIGRATIONS), Dead(Code.PLAN_MISSING, "its plan is gone"))

    assert await world.request(RequestId("7-7")) == {}
    assert [letter["code"] for letter in await world.dead()] == ["plan_missing"]


async def test_the_last_migration_ends_the_request(world: World) -> None:
    """Not before, and whatever their order."""
    request = await planned(world, "org/team-a", "org/team-b")
    await settle_all(world, migrated())
    assert (await world.request(request))["state"] == "running"

    await settle_all(world, migrated())

    assert (await world.request(request))["state"] == "done"


async def test_one_dead_migration_fails_the_request_and_no_other_migration(world: World) -> None:
    """Each target has its own end."""
    request = await planned(world, "org/team-a", "org/team-b")

    await settle_all(world, Dead(Code.ARCHIVED, "unarchive it"), migrated())

    assert (await world.request(request))["state"] == "failed"
    assert (await fields_of(world, request, "org/team-a"))["state"] == "dead"
    assert (await fields_of(world, request, "org/team-b"))["state"] == "done"
    (letter,) = await world.dead()
    assert (letter["code"], letter["reason"]) == ("repository_archived", "unarchive it")
    assert letter["migration"] == f"{request}:org/team-a"


async def test_ends_that_nobody_has_told_of_yet_share_a_notice(world: World) -> None:
    """500 targets that end together do not make 500 notices."""
    request = await planned(world, "org/team-a", "org/team-b", "org/team-c")

    await settle_all(world, migrated(), migrated(), migrated())

    assert await world.length(NOTICES) == 1
    version = int((await world.request(request))["version"])
    assert version >= 4


async def test_a_change_after_the_reading_makes_a_notice_of_its_own(world: World) -> None:
    """What a notice that is being posted may not show, the next one shows."""
    request = await planned(world, "org/team-a")
    notice = await world.next(NOTICES)
    await world.cards.begin(notice, CohortId(request))

    await settle_all(world, migrated())

    assert await world.length(NOTICES) == 2


async def test_a_dead_request_is_told_to_the_channel_that_it_named(world: World) -> None:
    """A message that cannot be carried out may still name its channel."""
    request = await appended(world)
    dead = Dead(Code.BAD_SOURCE, "that is no source", {"source": "?", "channel": "C1"})

    await world.settle(await world.next(REQUESTS), dead)

    fields = await world.request(request)
    assert (fields["state"], fields["reason"]) == ("dead", "that is no source")
    assert (await world.length(REQUESTS), await world.length(NOTICES)) == (0, 1)
    (letter,) = await world.dead()
    assert "org/template" in letter["payload"]


async def test_a_dead_request_without_a_channel_tells_nobody(world: World) -> None:
    """It is in the dead letters and in the log."""
    await appended(world)

    await world.settle(await world.next(REQUESTS), Dead(Code.NOT_JSON, "not JSON"))

    assert await world.length(NOTICES) == 0
    assert len(await world.dead()) == 1


async def test_a_dead_notice_does_not_silence_its_request(world: World) -> None:
    """The next change makes a notice again."""
    await planned(world, "org/team-a")
    await world.settle(await world.next(NOTICES), Dead(Code.SLACK_REFUSED, "no such channel"))

    await settle_all(world, migrated())

    assert await world.length(NOTICES) == 1


async def test_the_end_of_a_migration_gives_its_target_back(world: World) -> None:
    """Whatever the end is."""
    delivery = await migrating(world)
    await taken(world, delivery)

    await world.streams().settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))

    assert not await world.lock(TARGET)


async def test_what_waits_says_why(world: World) -> None:
    """A parked migration shows its reason."""
    request = await planned(world, "org/team-a")

    await settle_all(world, Retry("GitHub answered 502", 30))

    fields = await fields_of(world, request, "org/team-a")
    assert (fields["state"], fields["reason"]) == ("parked", "GitHub answered 502")


@pytest.mark.parametrize("deleted", [0, 1, 2])
async def test_copies_that_were_deleted_are_not_counted_as_there(
    world: World, deleted: int
) -> None:
    """The counts of copied and present add up to what is there."""
    delivery = await migrating(world)
    await taken(world, delivery)
    for ticket, number in ((FIRST, 1), (SECOND, 2)):
        await world.ledger().record(delivery, TARGET, ticket, ME, WasCreated(number, "n"))

    await world.streams().settle(delivery, migrated(deleted))

    assert isinstance(delivery.entry, MigrationEntry)
    fields = await world.migration(delivery.entry.migration)
    assert (fields["copied"], fields["present"]) == (str(2 - deleted), "0")


@pytest.mark.parametrize(
    ("stream", "ours", "anothers"),
    [
        (REQUESTS, {b"payload": a_message("org/team-a")}, {b"payload": a_message("org/team-b")}),
        (
            REQUESTS,
            {b"payload": a_message("org/team-a"), b"request": b"1-1"},
            {b"payload": a_message("org/team-a"), b"request": b"1-2"},
        ),
        (
            MIGRATIONS,
            {b"request": b"1-1", b"target": b"org/team-a"},
            {b"request": b"1-1", b"target": b"org/team-b"},
        ),
        (NOTICES, {b"v": b"2", b"card": b"1-1"}, {b"v": b"2", b"card": b"1-2"}),
    ],
)
async def test_a_verdict_ends_no_other_entry_with_the_id_of_its_own(
    world: World, stream: Stream, ours: Mapping[bytes, bytes], anothers: Mapping[bytes, bytes]
) -> None:
    """The memory went back, and the next entry got the id, and went to the same consumer."""
    await world.append(stream, ours, entry="5-5")
    before = await world.next(stream)
    await world.drop(stream)
    await world.streams().receive(stream, 1)
    await world.append(stream, anothers, entry="5-5")
    after = await world.next(stream)
    assert before.token == after.token

    assert not await world.streams().settle(before, Dead(Code.POISON, "no"))
    assert await world.dead() == []
    await world.settle(after, Dead(Code.POISON, "no"))
    assert await world.length(stream) == 0


async def test_an_entry_that_was_removed_is_settled_all_the_same(world: World) -> None:
    """Of its fields nothing is left to be compared, and its request would never end."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(MIGRATIONS)
    await world.remove(MIGRATIONS, delivery.token.entry)

    await world.settle(delivery, migrated())

    assert (await world.request(request))["state"] == "done"


async def test_half_a_surrogate_pair_does_not_keep_a_delivery_for_ever(world: World) -> None:
    """JSON can spell what UTF-8 cannot; the verdict is carried out all the same."""
    await appended(world)
    delivery = await world.next(REQUESTS)

    await world.settle(delivery, Dead(Code.BAD_SOURCE, "no source: \ud800"))


async def test_an_entry_that_names_a_running_request_does_not_touch_it(world: World) -> None:
    """A producer can put any id into the field `request`: the plan of the running request stays as it is."""
    request = await planned(world, "org/team-a")
    plan = await world.plans.read(request)
    before = await world.request(request)
    entry = await world.append(
        Stream.REQUESTS, {b"payload": a_message("org/team-b"), b"request": request.encode()}
    )

    await world.settle(await world.next(Stream.REQUESTS), plan_for("org/team-b"))

    assert await world.plans.read(request) == plan
    assert await world.request(request) == before
    (letter,) = await world.dead()
    assert (letter["code"], letter["request"]) == ("entry_unreadable", entry)
    assert request in letter["reason"]
    assert await world.length(Stream.REQUESTS) == 0


async def test_a_request_that_was_parked_is_itself_when_it_comes_back(world: World) -> None:
    """It goes by another entry, under its first name."""
    request = await appended(world, "org/team-a")
    await world.settle(await world.next(Stream.REQUESTS), Snooze("later", 0))
    await world.streams().sweep({})

    await world.settle(await world.next(Stream.REQUESTS), plan_for("org/team-a"))

    assert (await world.request(request))["state"] == "running"
    assert await world.dead() == []
