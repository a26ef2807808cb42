"""`ports.Hands.begin` and what follows from it: a migration that has ended is borrowed for an act, and ends as before."""

from functools import partial
from typing import Final

import pytest

from monarch.adapters.valkey.codec import VERSIONS
from monarch.core.after.acts import Act, Change
from monarch.core.after.later import NOTHING, Later, Pending, Recalled
from monarch.core.after.touch import Left, Touch
from monarch.core.delivery import Delivery, MigrationEntry, NewerEntry, Stream
from monarch.core.ids import RequestId, migration_id
from monarch.core.outcome import Code
from monarch.core.target.permission import (
    Granted,
    Intention,
    MustReconcile,
    Permission,
    WasAnswered,
    WasChanged,
    WasCreated,
    WasNotCreated,
    WasRecalled,
    WasUnanswered,
    Wish,
)
from monarch.core.target.step import CreatedAs, Intended
from monarch.core.verdict import Acted, Dead, Done
from monarch.ports import Begun
from tests.contracts.moves import (
    FIRST,
    ME,
    TARGET,
    appended,
    fields_of,
    migrated,
    planned,
    taken,
)
from tests.contracts.telling import tell
from tests.contracts.worlds import World

MIGRATIONS: Final = Stream.MIGRATIONS
TEAM_A, TEAM_B = "org/team-a", "org/team-b"
REFUSED = Dead(Code.TICKETS_REFUSED, "GitHub refused #2")
LEFT = (Left(2, 12, (Touch.COMMENTED, Touch.LABELLED)), Left(3, 13, (Touch.CLOSED,)))
CLOSE = Intention(FIRST, Change.CLOSE, 11)


async def ended(world: World, *targets: str, verdict: Done | Dead | None = None) -> RequestId:
    """A request that has ended, and whose channel knows."""
    request = await planned(world, *targets)
    for delivery in await world.streams().receive(MIGRATIONS, len(targets)):
        await taken(world, delivery)
        await world.settle(delivery, verdict or migrated())
    await tell(world)
    return request


async def begin(world: World, request: RequestId, target: str = TEAM_A) -> Begun:
    """The wish for one target."""
    (told,) = await world.hands.begin(request, Act.RECALL, [target], "ann")
    return told


async def recalling(world: World) -> Delivery:
    """A recall that has its target."""
    await begin(world, await ended(world, TEAM_A))
    delivery = await world.next(MIGRATIONS)
    await taken(world, delivery)
    return delivery


async def ask(
    world: World, delivery: Delivery, change: Change = Change.CLOSE, reconciled: str | None = None
) -> Permission:
    """May the first copy be changed?"""
    epoch = (await taken(world, delivery)).epoch
    wish = Intention(FIRST, change, 11, reconciled)
    return await world.ledger().permit(
        delivery, TARGET, ME, Wish(epoch, reconciled=reconciled, intention=wish)
    )


async def granted(
    world: World, delivery: Delivery, change: Change = Change.CLOSE, reconciled: str | None = None
) -> Granted:
    """It may."""
    answer = await ask(world, delivery, change, reconciled)
    assert isinstance(answer, Granted)
    return answer


async def later(world: World, delivery: Delivery) -> Later:
    """What the ledger says of the first copy."""
    return (await taken(world, delivery)).later.get(FIRST, NOTHING)


# -------------------------------------------------------------------------------- beginning and ending


async def test_a_migration_comes_back_for_the_act(world: World) -> None:
    """Under the same id, one run further; and no other target with it."""
    request = await ended(world, TEAM_A, TEAM_B)

    told = await begin(world, request, TEAM_B)

    assert told == Begun(TEAM_B, migration_id(request, TEAM_B))
    again = await world.next(MIGRATIONS)
    assert again.entry == MigrationEntry(request, TEAM_B, 1, 2, frozenset(), Act.RECALL)


async def test_an_act_goes_by_the_plans_of_other_requests_for_the_template_too(
    world: World,
) -> None:
    """The newest first: one of them may be an update, which has written what stands in the copies now."""
    request, other, newest = [await ended(world, TEAM_A) for _ in range(3)]

    await begin(world, other)

    again = await world.next(MIGRATIONS)
    assert isinstance(again.entry, MigrationEntry)
    assert again.entry.bases == (newest, request)
    assert await world.length(MIGRATIONS) == 1


async def test_an_act_knows_its_template_by_its_id(world: World) -> None:
    """Renamed, it is the same: what was written by the request for its new name was called edited by people. A stranger is not."""
    renamed, stranger, request, unknown = [await ended(world, TEAM_A) for _ in range(4)]
    names = {renamed: ("org/renamed", "7"), stranger: (None, "8"), request: (None, "7")}
    for one, (name, source_id) in names.items():
        named = () if name is None else ("source", name)
        fields = ["source_id", source_id, *named]
        await world.client.execute_command("HSET", world.keys.request(one), *fields)  # type: ignore[no-untyped-call] # the client's

    await begin(world, request)

    again = await world.next(MIGRATIONS)
    assert isinstance(again.entry, MigrationEntry)
    assert again.entry.bases == (unknown, renamed)


async def test_code_that_knows_no_acts_hands_the_entry_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads versions up to 1, and takes nothing newer for a copy."""
    await begin(world, await ended(world, TEAM_A))
    monkeypatch.setitem(VERSIONS, Stream.MIGRATIONS, 1)

    assert (await world.next(MIGRATIONS)).entry == NewerEntry(2)


async def test_an_act_ends_and_the_migration_is_done_as_before(world: World) -> None:
    """What was left is on record for people, and Slack says so once more."""
    request = await ended(world, TEAM_A)
    await begin(world, request)
    delivery = await world.next(MIGRATIONS)
    await taken(world, delivery)

    await world.settle(delivery, Done(Acted(Act.RECALL, 5, LEFT)))

    assert (await world.request(request))["state"] == "done"
    fields = await fields_of(world, request, TEAM_A)
    assert (fields["state"], fields["acted"], fields["acted_by"]) == ("done", "recall", "ann")
    assert fields["changed"] == "5"
    assert fields["left"] == "#12 of 2: commented, labelled\n#13 of 3: closed or reopened"
    assert not fields.keys() & {"act", "before"}
    assert await tell(world) == ["done"]


async def test_a_given_up_migration_is_given_up_again_after_its_recall(world: World) -> None:
    """Its dead letter keeps its meaning: a replay of it copies what is missing."""
    request = await ended(world, TEAM_A, verdict=REFUSED)
    await begin(world, request)
    delivery = await world.next(MIGRATIONS)
    await taken(world, delivery)
    await world.settle(delivery, Done(Acted(Act.RECALL, 5, ())))

    assert (await world.request(request))["state"] == "failed"
    fields = await fields_of(world, request, TEAM_A)
    assert (fields["state"], fields["code"]) == ("dead", "tickets_refused")
    (letter,) = await world.dead()
    (replayed,) = await world.hands.replay([letter["id"]], "ann")
    assert replayed.work
    again = await world.next(MIGRATIONS)
    assert isinstance(again.entry, MigrationEntry)
    assert again.entry.act is Act.COPY


async def test_asking_again_while_it_is_under_way_changes_nothing(world: World) -> None:
    """And it is answered the same."""
    request = await ended(world, TEAM_A)
    told = await begin(world, request)

    assert await begin(world, request) == told
    assert await world.length(MIGRATIONS) == 1


async def test_the_undoing_of_no_recall_says_that_none_is_on_record(world: World) -> None:
    """It was begun for each target as if something had been recalled there. One whose close has no answer yet may have been."""
    request = await ended(world, TEAM_A)
    undo = partial(world.hands.begin, request, Act.UNDO, [TEAM_A], "ann")
    (told,) = await undo()
    again = await world.next(MIGRATIONS)
    await taken(world, again)
    await world.settle(again, Done(Acted(Act.UNDO, 0, ())))
    await begin(world, request)
    recall = await world.next(MIGRATIONS)
    permission = await granted(world, recall)
    await world.settle(recall, Done(Acted(Act.RECALL, 1, ())))
    (pending,) = await undo()
    done = WasChanged(Change.CLOSE, 11, permission.nonce)
    await world.ledger().record(recall, TARGET, FIRST, ME, done)
    (recalled,) = await undo()

    assert told.migration == pending.migration == recalled.migration
    assert told.remark.startswith("no recalled copy is on record there")
    assert (pending.remark, recalled.remark) == ("", "")


async def test_nothing_is_begun_of_a_request_that_runs(world: World) -> None:
    """It says to wait, or to cancel it."""
    request = await planned(world, TEAM_A)

    told = await begin(world, request)

    assert not told.migration
    assert "cancel it first" in told.refused


async def test_nothing_is_begun_of_a_request_that_is_being_cancelled(world: World) -> None:
    """It said to cancel it first, until a worker had ended it; and the act that was cancelled was begun, if asked for again."""
    recalling = await ended(world, TEAM_A)
    await begin(world, recalling)
    running, queued = await planned(world, TEAM_A), await appended(world, TEAM_A)
    for request in (queued, running, recalling):
        await world.hands.cancel(request, "ada")

    told = [await begin(world, request) for request in (queued, running, recalling)]

    assert [(one.migration, one.refused) for one in told] == [
        ("", f"request {one} is being cancelled by ada; wait until a worker has ended it")
        for one in (queued, running, recalling)
    ]


async def test_nothing_is_begun_where_nothing_was_copied(world: World) -> None:
    """A target that no migration ever took, or that the request does not have."""
    request = await ended(world, TEAM_A)

    assert "has no target org/team-b: see" in (await begin(world, request, TEAM_B)).refused
    assert "no request 7-7" in (await begin(world, RequestId("7-7"))).refused


# ------------------------------------------------------------------------------------------ given up


async def test_a_recall_that_was_given_up_is_replayed_as_a_recall(world: World) -> None:
    """And it is not begun beside its letter."""
    delivery = await recalling(world)
    await world.streams().settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))
    (letter,) = await world.dead()

    assert "was given up" in (await begin(world, RequestId(letter["request"]))).refused
    (replayed,) = await world.hands.replay([letter["id"]], "ann")

    assert replayed.work
    again = await world.next(MIGRATIONS)
    assert isinstance(again.entry, MigrationEntry)
    assert again.entry.act is Act.RECALL


async def test_the_older_letter_waits_for_the_recall_that_is_under_way(world: World) -> None:
    """It was said to be given up, and to be replayed or dropped: nothing of it was there for that."""
    request = await ended(world, TEAM_A, verdict=REFUSED)
    [older] = await world.dead()
    await begin(world, request)

    [foreseen] = await world.hands.foresee_replay([older["id"]])
    [refused] = await world.hands.replay([older["id"]], "ann")

    assert refused == foreseen
    assert f"its recall is under way: wait until it has ended (see `monarch show {request}`)" in (
        refused.refused
    )


async def test_the_older_letter_waits_for_the_recall_that_was_given_up(world: World) -> None:
    """A replay of it would go on as a recall."""
    request = await ended(world, TEAM_A, verdict=REFUSED)
    await begin(world, request)
    delivery = await world.next(MIGRATIONS)
    await world.streams().settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))
    older, newer = await world.dead()

    (refused,) = await world.hands.replay([older["id"]], "ann")
    assert "replay or drop that first" in refused.refused

    await world.hands.drop([newer["id"]], "ann")
    (replayed,) = await world.hands.replay([older["id"]], "ann")
    assert replayed.work


async def test_a_dropped_recall_leaves_the_request_as_it_was(world: World) -> None:
    """It was done, and is done."""
    delivery = await recalling(world)
    await world.streams().settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))
    (letter,) = await world.dead()
    assert (await world.request(RequestId(letter["request"])))["state"] == "failed"

    await world.hands.drop([letter["id"]], "ann")

    assert (await world.request(RequestId(letter["request"])))["state"] == "done"
    assert (await begin(world, RequestId(letter["request"]))).migration


# ------------------------------------------------------------------------------------ pending changes


async def test_a_change_is_on_record_before_it_is_sent(world: World) -> None:
    """With the latest moment at which its bytes can leave."""
    delivery = await recalling(world)

    grant = await granted(world, delivery)

    pending = (await later(world, delivery)).pending
    assert pending == Pending(Change.CLOSE, 11, grant.until_ms, grant.nonce)


async def test_an_unanswered_change_keeps_the_next_one_waiting(world: World) -> None:
    """Whatever change it is: a late close must not come over what opens the copy."""
    delivery = await recalling(world)
    grant = await granted(world, delivery)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasUnanswered(grant.nonce))

    answer = await ask(world, delivery, Change.REOPEN)

    assert answer == MustReconcile(Intended(grant.until_ms, grant.nonce))
    assert isinstance(await ask(world, delivery, Change.REOPEN, grant.nonce), Granted)


async def test_a_change_that_was_answered_is_what_the_ledger_says(world: World) -> None:
    """Closed, and opened again."""
    delivery, ledger = await recalling(world), world.ledger()
    grant = await granted(world, delivery)
    await ledger.record(delivery, TARGET, FIRST, ME, WasChanged(Change.CLOSE, 11, grant.nonce))
    closed = await later(world, delivery)
    assert closed.pending is None
    assert closed.recall is not None
    assert (closed.recall.number, closed.recall.is_reopened) == (11, False)

    grant = await granted(world, delivery)
    await ledger.record(delivery, TARGET, FIRST, ME, WasChanged(Change.REOPEN, 11, grant.nonce))

    assert isinstance((await later(world, delivery)).recall, Recalled)
    assert (await fields_of(world, RequestId(_request(delivery)), TEAM_A))["changed"] == "2"


async def test_what_was_closed_with_its_ticket_is_told_apart_until_a_person_recalls_it(
    world: World,
) -> None:
    """The words behind are none to older code: to it the copy is recalled, and both are one to it."""
    delivery, ledger = await recalling(world), world.ledger()
    grant = await granted(world, delivery, change=Change.RETIRE)
    pending = (await later(world, delivery)).pending
    assert pending is not None
    assert pending.change is Change.RETIRE
    await ledger.record(delivery, TARGET, FIRST, ME, WasChanged(Change.RETIRE, 11, grant.nonce))
    assert (await later(world, delivery)).is_retired(11)
    assert not (await later(world, delivery)).is_retired(12)

    await ledger.record(delivery, TARGET, FIRST, ME, WasRecalled(12))
    assert (await later(world, delivery)).is_retired(11)
    await ledger.record(delivery, TARGET, FIRST, ME, WasRecalled(11))
    await ledger.record(delivery, TARGET, FIRST, ME, WasRecalled(11))

    recall = (await later(world, delivery)).recall
    assert recall is not None
    assert (recall.number, recall.is_reopened, recall.with_ticket) == (11, False, False)
    grant = await granted(world, delivery, change=Change.REOPEN)
    await ledger.record(delivery, TARGET, FIRST, ME, WasChanged(Change.REOPEN, 11, grant.nonce))
    await ledger.record(delivery, TARGET, FIRST, ME, WasRecalled(11))
    recall = (await later(world, delivery)).recall
    assert recall is not None
    assert recall.is_reopened


async def test_a_change_that_came_to_nothing_leaves_nothing(world: World) -> None:
    """It was not sent, or it was refused."""
    delivery, ledger = await recalling(world), world.ledger()
    for fact in (WasNotCreated, WasAnswered):
        grant = await granted(world, delivery)
        await ledger.record(delivery, TARGET, FIRST, ME, fact(grant.nonce))
        assert await later(world, delivery) == NOTHING


async def test_a_late_answer_says_nothing_of_a_newer_change(world: World) -> None:
    """A zombie's: another worker has seen the end of its write and writes anew."""
    delivery, ledger = await recalling(world), world.ledger()
    zombie = await granted(world, delivery)
    newer = await granted(world, delivery, reconciled=zombie.nonce)

    await ledger.record(delivery, TARGET, FIRST, ME, WasChanged(Change.CLOSE, 11, zombie.nonce))

    found = await later(world, delivery)
    assert found == Later(Pending(Change.CLOSE, 11, newer.until_ms, newer.nonce))


async def test_the_record_of_the_copy_stays_what_it_was(world: World) -> None:
    """Older code reads it and skips the ticket."""
    delivery, ledger = await recalling(world), world.ledger()
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(11, "a", 900))
    grant = await granted(world, delivery)
    await ledger.record(delivery, TARGET, FIRST, ME, WasChanged(Change.CLOSE, 11, grant.nonce))

    record = (await taken(world, delivery)).records[FIRST]

    assert isinstance(record, CreatedAs)
    assert (record.number, record.issue) == (11, 900)


def _request(delivery: Delivery) -> str:
    assert isinstance(delivery.entry, MigrationEntry)
    return delivery.entry.request
