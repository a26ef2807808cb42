"""`ports.Hands.heal`: a person asks for deleted copies again, through the same streams and fences."""

from typing import Final

import pytest

from monarch.adapters.valkey.views.request import migration_view
from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.ids import RequestId, TicketId, migration_id
from monarch.core.outcome import Code
from monarch.core.target.permission import Lost, Wish
from monarch.core.verdict import Dead, Retry
from monarch.ports import Healing
from tests.contracts.moves import (
    FIRST,
    ME,
    SECOND,
    TARGET,
    fields_of,
    migrated,
    one,
    planned,
    taken,
)
from tests.contracts.telling import tell
from tests.contracts.worlds import LEASE_S, World

MIGRATIONS: Final = Stream.MIGRATIONS
TEAM_A, TEAM_B = "org/team-a", "org/team-b"
ARCHIVED = Dead(Code.ARCHIVED, "unarchive it")


async def ended(world: World, *targets: str) -> RequestId:
    """A request that is done, and whose channel knows."""
    request = await planned(world, *targets)
    for delivery in await world.streams().receive(MIGRATIONS, len(targets)):
        await world.settle(delivery, migrated())
    assert await tell(world) == ["done"]
    return request


def healing(delivery: Delivery) -> MigrationEntry:
    """A migration."""
    assert isinstance(delivery.entry, MigrationEntry)
    return delivery.entry


async def heal(
    world: World, request: RequestId, target: str = TEAM_A, *tickets: TicketId
) -> Healing:
    """The wish for one target."""
    (told,) = await world.hands.heal(request, {target: tickets or (FIRST,)}, "ann")
    return told


async def test_a_migration_comes_back_with_the_tickets_that_it_heals(world: World) -> None:
    """Under the same id, one run further, without attempts; and no other target with it."""
    request = await ended(world, TEAM_A, TEAM_B)

    told = await heal(world, request, TEAM_B, SECOND, FIRST)

    assert told == Healing(TEAM_B, migration_id(request, TEAM_B))
    again = await world.next(MIGRATIONS)
    assert healing(again) == MigrationEntry(request, TEAM_B, 1, 2, frozenset({FIRST, SECOND}))
    assert (again.attempts, again.token.count) == (0, 1)
    assert await world.length(MIGRATIONS) == 1


async def test_a_healed_request_ends_again_and_says_so(world: World) -> None:
    """Its channel hears that it goes on, and hears one more end."""
    request = await ended(world, TEAM_A, TEAM_B)

    await heal(world, request)

    known = await world.request(request)
    assert (known["state"], known["run"]) == ("running", "2")
    assert await tell(world) == ["running"]
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "done"
    assert await tell(world) == ["done"]
    assert "heal" not in await fields_of(world, request, TEAM_A)


async def test_what_is_missing_is_not_counted_while_it_is_healed(world: World) -> None:
    """A reader never sees more copies than there are tickets; at the end it is all of them again."""
    request = await ended(world, TEAM_A)
    seen = []

    for tickets in ((FIRST,), (FIRST, SECOND)):
        await heal(world, request, TEAM_A, *tickets)
        fields = await fields_of(world, request, TEAM_A)
        seen.append((fields["copied"], fields["present"]))
        await world.settle(await world.next(MIGRATIONS), migrated())

    assert seen == [("0", "1"), ("0", "0")]
    fields = await fields_of(world, request, TEAM_A)
    assert (fields["copied"], fields["present"], fields["deleted"]) == ("0", "2", "0")


async def test_several_targets_are_one_run(world: World) -> None:
    """One call, one run further, one end."""
    request = await ended(world, TEAM_A, TEAM_B)

    told = await world.hands.heal(request, {TEAM_A: [FIRST], TEAM_B: [SECOND]}, "ann")

    assert [one.refused for one in told] == ["", ""]
    assert (await world.request(request))["run"] == "2"
    found = [healing(d).heal for d in await world.streams().receive(MIGRATIONS, 2)]
    assert found == [{FIRST}, {SECOND}]


async def test_the_same_wish_again_while_it_is_under_way_changes_nothing(world: World) -> None:
    """An answer that was lost may be asked for again; another wish is refused until this one has ended."""
    request = await ended(world, TEAM_A)
    first = await heal(world, request)

    second, other = await heal(world, request), await heal(world, request, TEAM_A, SECOND)

    assert second == first
    assert "once it has ended" in other.refused
    assert await world.length(MIGRATIONS) == 1
    assert (await world.request(request))["run"] == "2"


async def test_what_has_ended_can_be_healed_once_more(world: World) -> None:
    """A person may delete the same copy twice."""
    request = await ended(world, TEAM_A)

    for run in (2, 3):
        assert not (await heal(world, request)).refused
        again = await world.next(MIGRATIONS)
        assert healing(again).run == run
        assert healing(again).heal == {FIRST}
        await world.settle(again, migrated())


async def test_what_has_not_ended_is_not_healed(world: World) -> None:
    """What is missing now may be copied in a moment."""
    request = await planned(world, TEAM_A)

    told = await heal(world, request)

    assert "heal it once it has ended" in told.refused
    assert await world.length(MIGRATIONS) == 1


async def test_what_is_being_cancelled_is_not_healed(world: World) -> None:
    """Nor is its healing, asked for again, taken for one that is under way."""
    request = await ended(world, TEAM_A)
    await heal(world, request)
    await world.hands.cancel(request, "ada")

    told = await heal(world, request)

    assert not told.migration
    assert told.refused.startswith(f"request {request} is being cancelled by ada; wait until")


@pytest.mark.parametrize("code", [Code.BAD_TARGET, Code.TARGET_IS_SOURCE])
async def test_what_can_never_be_a_target_is_not_sent_to_a_replay(world: World, code: Code) -> None:
    """No replay helps it, so none is suggested."""
    request = await planned(world, TEAM_A)
    never = Dead(code, "expected the name of a repository")
    await world.settle(await world.next(MIGRATIONS), never)

    told = await heal(world, request)

    assert "it can never be a target, so neither healing nor a replay helps" in told.refused


async def test_a_dead_migration_is_replayed_and_not_healed(world: World) -> None:
    """The others of its request are healed all the same, and the request fails as before."""
    request = await planned(world, TEAM_A, TEAM_B)
    await world.settle(await world.next(MIGRATIONS), ARCHIVED)
    await world.settle(await world.next(MIGRATIONS), migrated())

    dead, done = await world.hands.heal(request, {TEAM_A: [FIRST], TEAM_B: [FIRST]}, "ann")

    assert "replay it first" in dead.refused
    assert done.migration == migration_id(request, TEAM_B)
    await world.settle(await world.next(MIGRATIONS), migrated())
    assert (await world.request(request))["state"] == "failed"
    assert len(await world.dead()) == 1


async def test_a_cancelled_request_is_replayed_and_not_healed(world: World) -> None:
    """It stays cancelled until a person undoes that."""
    request = await planned(world, TEAM_A, TEAM_B)
    await world.settle(await world.next(MIGRATIONS), migrated())
    await world.hands.cancel(request, "ben")
    await world.settle(await world.next(MIGRATIONS), Retry("whatever", 1))

    told = await heal(world, request)

    assert "cancelled; replay it first" in told.refused


@pytest.mark.parametrize("target", ["org/other", ""])
async def test_a_target_of_another_request_is_refused(world: World, target: str) -> None:
    """A healing makes no migration that was not planned."""
    request = await ended(world, TEAM_A)

    told = await heal(world, request, target)

    assert told.migration == ""
    assert f"has no target {target}: see `monarch show {request}`" in told.refused
    assert (await world.request(request))["state"] == "done"


async def test_a_request_that_is_not_known_is_refused(world: World) -> None:
    """It has expired, or never was; nothing of it appears."""
    told = await heal(world, RequestId("1-1"))

    assert "no request 1-1 is known" in told.refused
    assert await world.request(RequestId("1-1")) == {}


async def test_no_ticket_is_no_wish(world: World) -> None:
    """An empty list would be an ordinary run."""
    request = await ended(world, TEAM_A)

    (told,) = await world.hands.heal(request, {TEAM_A: ()}, "ann")

    assert told.refused == "no ticket is named"
    assert await world.length(MIGRATIONS) == 0


async def test_a_healing_that_waits_goes_on_healing(world: World) -> None:
    """Parked and due again, it still knows its tickets."""
    request = await ended(world, TEAM_A)
    await heal(world, request)

    await world.settle(await world.next(MIGRATIONS), Retry("GitHub is down", 1))
    await world.advance(2)
    await world.streams().sweep({})

    assert healing(await world.next(MIGRATIONS)).heal == {FIRST}


async def test_a_healing_whose_entry_is_removed_goes_on_healing(world: World) -> None:
    """What it heals is on record beside the entry."""
    request = await ended(world, TEAM_A)
    await heal(world, request)
    entry = (await fields_of(world, request, TEAM_A))["entry"]
    await world.remove(MIGRATIONS, entry)

    assert (await world.streams().audit()).restored == 1

    assert healing(await world.next(MIGRATIONS)).heal == {FIRST}


async def test_a_healing_that_died_goes_on_healing_after_its_replay(world: World) -> None:
    """A replay of it wants what it wanted; once it is done, a replay of something else heals nothing."""
    request = await ended(world, TEAM_A)
    await heal(world, request)
    await world.settle(await world.next(MIGRATIONS), ARCHIVED)
    (letter,) = await world.dead()
    assert "replay it first" in (await heal(world, request)).refused

    await world.hands.replay([letter["id"]], "ann")

    again = await world.next(MIGRATIONS)
    assert healing(again).run == 3
    assert healing(again).heal == {FIRST}


async def test_a_dropped_letter_is_not_to_be_replayed(world: World) -> None:
    """`show` and a healing said to replay it, and the replay found no letter and led back to `show`."""
    request = await planned(world, TEAM_A)
    reason = "it is archived; unarchive it, then replay it (`monarch dead replay`)"
    await world.settle(await world.next(MIGRATIONS), Dead(Code.ARCHIVED, reason))
    before = migration_view(await fields_of(world, request, TEAM_A)).reason
    (letter,) = await world.dead()

    await world.hands.drop([letter["id"]], "ann")

    after = migration_view(await fields_of(world, request, TEAM_A)).reason
    assert before == reason
    assert after == (
        "it is archived; unarchive it, then send the message again, since its dead letter was dropped"
    )
    assert (await heal(world, request)).refused == (
        "its migration is dead, and its dead letter was dropped; send the message again"
    )


async def test_who_held_it_before_holds_nothing_after_the_healing(world: World) -> None:
    """A zombie of the first run neither writes nor settles."""
    request = await planned(world, TEAM_A)
    zombie = world.streams("zombie")
    old = await one(zombie, MIGRATIONS)
    held = await taken(world, old)
    await world.advance(LEASE_S + 1)
    heir = world.streams("heir")
    (mine,) = (await heir.sweep({MIGRATIONS: 1})).deliveries
    await heir.settle(mine, migrated())
    await heal(world, request)

    assert isinstance(await world.ledger().permit(old, TARGET, ME, Wish(held.epoch, FIRST)), Lost)
    assert not await zombie.settle(old, migrated())
    assert await world.length(MIGRATIONS) == 1


async def test_a_healing_is_called_off_like_anything_else(world: World) -> None:
    """And a replay undoes that, with its tickets."""
    request = await ended(world, TEAM_A)
    await heal(world, request)
    await world.hands.cancel(request, "ben")
    await world.settle(await world.next(MIGRATIONS), Retry("whatever", 1))
    assert (await world.request(request))["state"] == "cancelled"

    (letter,) = await world.dead()
    await world.hands.replay([letter["id"]], "ann")

    assert healing(await world.next(MIGRATIONS)).heal == {FIRST}
