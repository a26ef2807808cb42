"""`ports.Ledger`: permissions are fenced, facts are not."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import cast

import anyio
import pytest

from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token
from monarch.core.entry_ids import entry_ms
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.report.summary import MAX_NOTE
from monarch.core.target.permission import (
    AlreadyCreated,
    Busy,
    GateClosed,
    Granted,
    Lost,
    MustReconcile,
    Permission,
    Quiet,
    Recorded,
    Taken,
    WasAnswered,
    WasCreated,
    WasFound,
    WasLooked,
    WasNotCreated,
    WasNoted,
    WasRefused,
    WasStray,
    WasUnanswered,
    Wish,
)
from monarch.core.target.step import CreatedAs, Intended, Refused
from monarch.core.verdict import Dead, Retry
from monarch.ports import Ledger, StoreError
from tests.contracts.moves import (
    FIRST,
    ME,
    SECOND,
    TARGET,
    appended,
    crossing,
    is_left,
    migrated,
    migrating,
    planned,
    taken,
)
from tests.contracts.worlds import LEASE_S, World

ROOM = dict.fromkeys(Stream, 10)
LONG_AGO_S = LEASE_S + 1


async def ask(
    world: World, delivery: Delivery, look: Taken, reconciled: str | None = None
) -> Permission:
    """Ask to write the first ticket."""
    return await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST, reconciled))


async def granted(world: World, delivery: Delivery, look: Taken) -> Granted:
    """A write that may begin."""
    answer = await ask(world, delivery, look)
    assert isinstance(answer, Granted)
    return answer


async def begun(world: World) -> tuple[Delivery, Granted]:
    """A migration whose first write may begin."""
    delivery, look = await crossing(world)
    return delivery, await granted(world, delivery, look)


async def reclaimed(world: World, consumer: str = "worker-2") -> Delivery:
    """The one migration, in the hands of another worker."""
    await world.advance(LONG_AGO_S)
    (delivery,) = (await world.streams(consumer).sweep({Stream.MIGRATIONS: 1})).deliveries
    return delivery


# ---------------------------------------------------------------------------------------------- take


async def test_a_target_that_nobody_holds_is_taken(world: World) -> None:
    """The lock comes with the ledger of that moment and the server's clock."""
    delivery = await migrating(world)
    before = await world.now_ms()

    answer = await taken(world, delivery)

    assert answer.records == {}
    assert before <= answer.now_ms <= await world.now_ms()
    assert await world.lock(TARGET)


async def test_a_lost_delivery_takes_nothing(world: World) -> None:
    """Permissions are fenced."""
    stale = await migrating(world)
    await reclaimed(world)

    assert await world.ledger().take(stale, TARGET, ME) == Lost()
    assert not await world.lock(TARGET)


async def test_a_migration_remembers_which_repository_it_took(world: World) -> None:
    """By its id: the name may lead to another one later."""
    delivery = await migrating(world)
    before = await world.ledger().origin(delivery)
    await taken(world, delivery)

    assert before.target is None
    assert (await world.ledger().origin(delivery)).target == TARGET
    assert (await world.ledger().origin(await reclaimed(world))).target == TARGET


async def test_a_migration_remembers_when_its_request_was_made(world: World) -> None:
    """By its id; and where that is ahead of the server's clock, by when it was planned."""
    delivery = await migrating(world)
    entry = delivery.entry
    assert isinstance(entry, MigrationEntry)
    usual = await world.ledger().origin(delivery)
    planned_ms = int((await world.request(entry.request))["planned_ms"])
    ahead = replace(delivery, entry=replace(entry, request=RequestId(f"{planned_ms + 10**9}-0")))
    key = world.keys.request(RequestId(f"{planned_ms + 10**9}-0"))
    await cast("Awaitable[int]", world.client.hset(key, "planned_ms", str(planned_ms)))

    assert usual.asked_ms == entry_ms(entry.request)
    assert (await world.ledger().origin(ahead)).asked_ms == planned_ms


async def test_the_id_of_a_copys_issue_is_kept_beside_its_number(world: World) -> None:
    """Of a created one and of one that a look has found."""
    delivery, grant = await begun(world)
    ledger = world.ledger()

    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce, 71))
    await ledger.record(delivery, TARGET, SECOND, ME, WasFound(6, 72))

    records = (await taken(world, delivery)).records
    assert {
        ticket: (record.number, record.issue)
        for ticket, record in records.items()
        if isinstance(record, CreatedAs)
    } == {FIRST: (5, 71), SECOND: (6, 72)}


async def test_an_intent_names_the_moment_by_which_its_bytes_have_left(world: World) -> None:
    """However long the permission lives, the worker that takes over waits from there."""
    delivery, look = await crossing(world)

    answer = await world.ledger().permit(
        delivery, TARGET, ME, Wish(look.epoch, FIRST, life_ms=4_000)
    )

    assert isinstance(answer, Granted)
    assert answer.until_ms == answer.at_ms + 4_000
    again = await taken(world, delivery)
    assert again.records == {FIRST: Intended(answer.until_ms, answer.nonce)}


async def test_a_held_target_is_busy_for_another_migration(world: World) -> None:
    """Two requests for one target write one after the other."""
    await taken(world, await migrating(world))
    other = await migrating(world, consumer="worker-2")

    assert await world.ledger().take(other, TARGET, ME) == Busy()


async def test_a_newer_delivery_takes_over_from_the_older_one(world: World) -> None:
    """The lock of a dead worker does not hold up its own migration."""
    old = await migrating(world)
    await planned(world, "org/team-b")
    look = await taken(world, old)
    await world.advance(LEASE_S / 2)
    await world.ledger().take(old, TARGET, ME)
    await world.advance(LEASE_S / 2 + 1)
    (new,) = (await world.streams("worker-2").sweep({Stream.MIGRATIONS: 1})).deliveries
    assert await world.lock(TARGET)

    assert isinstance(await world.ledger().take(new, TARGET, ME), Taken)
    assert await ask(world, old, look) == Lost()


STRANGER = Delivery(
    Token(Stream.MIGRATIONS, "worker-9", "1-2", 1),
    MigrationEntry(RequestId("1-1"), "org/team-a", 0, 1),
)
"""A delivery of a request that this memory does not know: it was emptied beside the worker that has it."""


async def test_a_stray_of_a_forgotten_request_is_reported_on_the_newest_of_its_target(
    world: World,
) -> None:
    """Else Slack would say that all is well, and the second copy would stay open."""
    delivery = await migrating(world)
    await taken(world, delivery)
    await world.streams().settle(delivery, migrated())
    assert isinstance(delivery.entry, MigrationEntry)

    for _ in range(2):
        await world.ledger().record(STRANGER, TARGET, FIRST, ME, WasStray(9, 5))

    assert (await world.migration(delivery.entry.migration))["strays"] == "9"
    assert (await world.request(delivery.entry.request))["state"] == "failed"
    (letter,) = await world.dead()
    assert (letter["code"], letter["request"]) == ("strays_found", delivery.entry.request)
    assert await world.length(Stream.NOTICES) > 0


async def test_a_stray_of_a_target_that_nobody_asked_for_since_is_a_dead_letter(
    world: World,
) -> None:
    """There is no request to tell it of."""
    await world.ledger().record(STRANGER, TARGET, FIRST, ME, WasStray(9, 5))

    (letter,) = await world.dead()
    assert (letter["code"], letter["migration"]) == ("strays_found", "1-1:org/team-a")
    assert "#9" in letter["reason"]


async def test_a_closed_gate_lets_nobody_take(world: World) -> None:
    """Nothing is begun that could not go on."""
    delivery = await migrating(world)
    began = anyio.current_time()
    await world.budget.close(ME, 30, "a limit")

    answer = await world.ledger().take(delivery, TARGET, ME)

    assert isinstance(answer, GateClosed)
    assert answer.cause == "a limit"
    assert is_left(answer.wait_s, 30, began)


async def test_a_new_epoch_is_quiet_and_then_looks_again(world: World) -> None:
    """A write may be under way that this memory has forgotten."""
    delivery, before = await crossing(world)
    await world.forget()

    quiet = await world.ledger().take(delivery, TARGET, ME)
    assert isinstance(quiet, Quiet)
    assert 20 < quiet.wait_s <= 25
    assert isinstance(await ask(world, delivery, before), Quiet)

    fresh = await reclaimed(world)
    await world.advance(10)
    after = await taken(world, fresh)
    assert after.epoch != before.epoch
    assert isinstance(await ask(world, fresh, before), Quiet)
    assert isinstance(await ask(world, fresh, after), Granted)


async def test_a_memory_that_knows_less_than_a_worker_has_seen_is_a_new_epoch(world: World) -> None:
    """Nothing that the server says of itself has changed, and a write that it has lost may be under way."""
    delivery, look = await crossing(world)
    await granted(world, delivery, look)
    await world.lose_a_permit()

    assert isinstance(await ask(world, delivery, look), Quiet)
    assert isinstance(await world.ledger().take(delivery, TARGET, ME), Quiet)


async def test_a_loss_is_noticed_though_another_worker_was_permitted_since(world: World) -> None:
    """The count is the same again, and it is another write that made it so."""
    first = await migrating(world)
    await granted(world, first, await taken(world, first))
    await world.lose_a_permit()
    second = await reclaimed(world)
    other = world.ledger(consumer="worker-2")
    look = await other.take(second, TARGET, ME)
    assert isinstance(look, Taken)
    assert isinstance(await other.permit(second, TARGET, ME, Wish(look.epoch, SECOND)), Granted)

    await world.streams("worker-1").sweep({})

    assert isinstance(await other.permit(second, TARGET, ME, Wish(look.epoch, SECOND)), Quiet)


async def test_each_loss_makes_one_epoch_however_many_workers_have_seen_more(world: World) -> None:
    """Those who have not heard of the new epoch show an older one, and that begins nothing."""
    delivery = await migrating(world)
    await granted(world, delivery, await taken(world, delivery))
    for name in ("worker-2", "worker-3"):
        await world.streams(name).sweep({})
    await world.lose_a_permit()
    await world.streams("worker-1").sweep({})
    await world.advance(26)
    look = await taken(world, delivery)

    for name in ("worker-2", "worker-3"):
        await world.streams(name).sweep({})

    assert (await taken(world, delivery)).epoch == look.epoch


# -------------------------------------------------------------------------------------------- permit


async def test_a_grant_leaves_an_intent(world: World) -> None:
    """The intent is on record before the write may begin."""
    delivery, grant = await begun(world)

    assert (await taken(world, delivery)).records == {FIRST: Intended(grant.until_ms, grant.nonce)}


async def test_without_the_lock_nothing_is_granted(world: World) -> None:
    """A lock that ran out, or was never taken."""
    delivery, look = await crossing(world)
    await world.streams().settle(delivery, Retry("x", 0))
    await world.streams().sweep(ROOM)
    again = await world.next(Stream.MIGRATIONS)

    assert await ask(world, again, look) == Lost()


async def test_an_intent_of_somebody_else_must_be_reconciled(world: World) -> None:
    """No worker writes over a write that may be under way."""
    _, grant = await begun(world)
    second = await reclaimed(world)
    look = await taken(world, second)

    answer = await ask(world, second, look)

    assert isinstance(answer, MustReconcile)
    assert answer.intended.nonce == grant.nonce
    assert answer == await ask(world, second, look, "nonce-of-another")


async def test_an_intent_is_written_over_only_by_its_own_nonce(world: World) -> None:
    """Compare and set: what was reconciled is what is replaced."""
    delivery, look = await crossing(world)
    first = await granted(world, delivery, look)

    second = await ask(world, delivery, look, first.nonce)

    assert isinstance(second, Granted)
    assert second.nonce != first.nonce
    assert isinstance(await ask(world, delivery, look, first.nonce), MustReconcile)


async def test_a_created_ticket_is_not_granted_again(world: World) -> None:
    """The caller learns its number."""
    delivery, look = await crossing(world)
    grant = await granted(world, delivery, look)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce))

    assert await ask(world, delivery, look) == AlreadyCreated(5)


async def test_a_gate_that_closed_meanwhile_grants_nothing(world: World) -> None:
    """The limit that one worker met stops all."""
    delivery, look = await crossing(world)
    await world.budget.close(ME, 30, "a limit")

    assert isinstance(await ask(world, delivery, look), GateClosed)


async def test_a_closed_token_grants_nothing(world: World) -> None:
    """Likewise the gate of the token alone."""
    delivery, look = await crossing(world)
    await world.budget.close_token(ME, 30, "revoked")

    assert isinstance(await ask(world, delivery, look), GateClosed)


async def test_a_write_that_makes_no_issue_leaves_the_ledger_alone(world: World) -> None:
    """It may be done twice: nothing has to be known of it, and nothing to be reconciled."""
    delivery, look = await crossing(world)
    ledger = world.ledger()

    for _ in range(2):
        grant = await ledger.permit(delivery, TARGET, ME, Wish(look.epoch))
        assert isinstance(grant, Granted)
        for fact in (WasAnswered(grant.nonce), WasUnanswered(grant.nonce)):
            assert await ledger.record(delivery, TARGET, None, ME, fact) == Recorded()

    assert (await taken(world, delivery)).records == {}


async def test_a_write_that_makes_no_issue_is_fenced_like_any_other(world: World) -> None:
    """Who has lost the target edits nothing in it."""
    stale, look = await crossing(world)
    await reclaimed(world)

    assert await world.ledger().permit(stale, TARGET, ME, Wish(look.epoch)) == Lost()


async def test_a_deleted_copy_is_made_again_by_who_names_its_number(world: World) -> None:
    """A person asked for it, and a look showed it gone: then it is an intent like any other."""
    delivery, look = await crossing(world)
    first = await granted(world, delivery, look)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasCreated(5, first.nonce))

    assert await ask(world, delivery, look, "#6") == AlreadyCreated(5)
    assert await ask(world, delivery, look, "5") == AlreadyCreated(5)
    again = await ask(world, delivery, look, "#5")

    assert isinstance(again, Granted)
    assert await records(world, delivery) == Intended(again.until_ms, again.nonce)
    assert isinstance(await ask(world, delivery, look, "#5"), MustReconcile)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasCreated(9, again.nonce))
    assert await ask(world, delivery, look, "#5") == AlreadyCreated(9)


async def test_a_late_answer_to_the_copy_that_was_deleted_is_no_stray_by_its_old_number(
    world: World,
) -> None:
    """A repeated `created #5` while #5 is made again: it is not doubled, and the intent goes on."""
    delivery, look = await crossing(world)
    first = await granted(world, delivery, look)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasCreated(5, first.nonce))
    assert isinstance(await ask(world, delivery, look, "#5"), Granted)

    fact = WasCreated(5, first.nonce)

    assert await world.ledger().record(delivery, TARGET, FIRST, ME, fact) == Recorded()


# -------------------------------------------------------------------------------------------- record


async def records(world: World, delivery: Delivery) -> object:
    """The ledger's word for the first ticket."""
    return (await taken(world, delivery)).records.get(FIRST)


async def test_a_copy_is_on_record_although_its_migrations_key_is_broken(world: World) -> None:
    """The counting fails; what GitHub has must not be forgotten over it."""
    delivery, grant = await begun(world)
    assert isinstance(delivery.entry, MigrationEntry)
    await world.client.set(world.keys.migration(delivery.entry.migration), "something else")

    with pytest.raises(StoreError):
        await world.ledger().record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce))

    key, field = world.keys.ledger(TARGET), str(FIRST)
    known = await cast("Awaitable[bytes]", world.client.hget(key, field))
    assert known.startswith(b"created #5 ")


async def test_a_copy_is_on_record_under_its_number(world: World) -> None:
    """And counted once, however often it is repeated."""
    delivery, grant = await begun(world)
    ledger, fact = world.ledger(), WasCreated(5, grant.nonce)

    for _ in range(2):
        assert await ledger.record(delivery, TARGET, FIRST, ME, fact) == Recorded()

    record = await records(world, delivery)
    assert isinstance(record, CreatedAs)
    assert record.number == 5
    assert (await migration_of(world, delivery))["copied"] == "1"


async def migration_of(world: World, delivery: Delivery) -> dict[str, str]:
    """The migration's fields."""
    migration = delivery.entry.migration  # type: ignore[union-attr]  # it is one
    return await world.migration(migration)


async def test_a_found_copy_is_present_and_not_copied(world: World) -> None:
    """It was there before."""
    delivery = await migrating(world)
    await taken(world, delivery)

    await world.ledger().record(delivery, TARGET, FIRST, ME, WasFound(3))

    assert isinstance(await records(world, delivery), CreatedAs)
    assert (await migration_of(world, delivery)).get("copied", "0") == "0"


async def test_a_copy_found_for_an_intent_was_copied(world: World) -> None:
    """Its answer was lost, and it is ours all the same."""
    delivery = await migrating(world)
    await granted(world, delivery, await taken(world, delivery))

    await world.ledger().record(delivery, TARGET, FIRST, ME, WasFound(3))

    assert (await migration_of(world, delivery))["copied"] == "1"


async def counts(world: World, delivery: Delivery) -> tuple[str, ...]:
    """What people read: copied, already there, deleted."""
    fields = await migration_of(world, delivery)
    return tuple(fields.get(name, "0") for name in ("copied", "present", "deleted"))


async def test_a_look_says_what_is_there_and_what_is_made_is_added(world: World) -> None:
    """Before the migration has ended, and whether or not it ends well."""
    delivery = await migrating(world)
    look, ledger = await taken(world, delivery), world.ledger()

    await ledger.record(delivery, TARGET, None, ME, WasLooked(1, 2))
    looked = await counts(world, delivery)
    grant = await granted(world, delivery, look)
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce))
    made = await counts(world, delivery)
    await ledger.record(delivery, TARGET, None, ME, WasLooked(1, 0))

    assert (looked, made) == (("0", "1", "2"), ("1", "1", "2"))
    assert await counts(world, delivery) == ("1", "0", "0")


async def test_a_copy_that_a_look_has_counted_is_not_counted_twice(world: World) -> None:
    """It is found to be what an unanswered write of ours has made: copied, and not already there."""
    delivery = await migrating(world)
    await granted(world, delivery, await taken(world, delivery))
    ledger = world.ledger()

    await ledger.record(delivery, TARGET, None, ME, WasLooked(2, 0))
    await ledger.record(delivery, TARGET, FIRST, ME, WasFound(3))

    assert await counts(world, delivery) == ("1", "1", "0")


async def test_no_more_is_there_than_there_are_tickets(world: World) -> None:
    """A look has seen what a late answer tells of now."""
    delivery, grant = await begun(world)
    ledger = world.ledger()

    await ledger.record(delivery, TARGET, None, ME, WasLooked(2, 0))
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce))

    assert await counts(world, delivery) == ("1", "1", "0")


async def test_the_look_of_a_former_holder_says_nothing_of_now(world: World) -> None:
    """Nor does that of one that has settled: the counts are those of the target's holder."""
    zombie = await migrating(world)
    await taken(world, zombie)
    delivery, ledger = await reclaimed(world), world.ledger()

    await ledger.record(zombie, TARGET, None, ME, WasLooked(1, 1))
    before = await counts(world, delivery)
    await taken(world, delivery)
    await ledger.record(delivery, TARGET, None, ME, WasLooked(2, 0))
    await ledger.record(zombie, TARGET, None, ME, WasLooked(1, 1))

    assert before == ("0", "0", "0")
    assert await counts(world, delivery) == ("0", "2", "0")


async def test_a_look_is_no_progress(world: World) -> None:
    """What kills its worker after each of them is poison all the same."""
    delivery = await migrating(world)
    await taken(world, delivery)

    await world.ledger().record(delivery, TARGET, None, ME, WasLooked(1, 0))

    assert "progress_count" not in await migration_of(world, delivery)


async def test_a_late_201_is_written_down_after_the_lease_was_lost(world: World) -> None:
    """Facts are not fenced: the copy exists."""
    zombie, grant = await begun(world)
    fresh = await reclaimed(world)

    await world.ledger().record(zombie, TARGET, FIRST, ME, WasCreated(5, grant.nonce))

    look = await taken(world, fresh)
    assert isinstance(look.records[FIRST], CreatedAs)
    assert await ask(world, fresh, look) == AlreadyCreated(5)


async def test_a_second_number_is_a_stray(world: World) -> None:
    """Of two copies the first on record stays, and the other is reported, once."""
    zombie, first = await begun(world)
    fresh = await reclaimed(world)
    second = await ask(world, fresh, await taken(world, fresh), first.nonce)
    assert isinstance(second, Granted)
    ledger = world.ledger()
    await ledger.record(fresh, TARGET, FIRST, ME, WasCreated(6, second.nonce))

    for _ in range(2):
        answer = await ledger.record(zombie, TARGET, FIRST, ME, WasCreated(5, first.nonce))
        assert answer == Recorded(stray=5)

    record = await records(world, fresh)
    assert isinstance(record, CreatedAs)
    assert record.number == 6
    assert (await migration_of(world, fresh))["strays"] == "5"


async def test_a_stray_reopens_a_request_that_was_done(world: World) -> None:
    """What Slack says is not true any more, so there is a new notice."""
    delivery, grant = await begun(world)
    ledger = world.ledger()
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce))
    await world.streams().settle(delivery, migrated())
    request = delivery.entry.request  # type: ignore[union-attr]  # it is a migration
    notice = await world.next(Stream.NOTICES)
    saying = await world.cards.begin(notice, CohortId(request))
    assert (await world.request(request))["state"] == "done"

    await ledger.record(delivery, TARGET, FIRST, ME, WasStray(6, 5))

    assert saying is not None
    assert (await world.request(request))["state"] == "failed"
    assert await world.length(Stream.NOTICES) == 2


async def test_the_ledgers_own_copy_is_never_the_stray(world: World) -> None:
    """A look that knew nothing of the ledger took the lower number for the copy; the ledger has the last word."""
    delivery, grant = await begun(world)
    ledger = world.ledger()
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(6, grant.nonce))

    for _ in range(2):
        answer = await ledger.record(delivery, TARGET, FIRST, ME, WasStray(6, 5))
        assert answer == Recorded(stray=5)

    assert (await migration_of(world, delivery))["strays"] == "5"


async def test_no_stray_is_reported_while_a_write_of_its_ticket_is_under_way(world: World) -> None:
    """Which of the two is the second is known only when that write is reconciled."""
    delivery = await migrating(world)
    await granted(world, delivery, await taken(world, delivery))

    answer = await world.ledger().record(delivery, TARGET, FIRST, ME, WasStray(6, 5))

    assert answer == Recorded()
    assert "strays" not in await migration_of(world, delivery)


async def test_a_refusal_is_on_record_with_its_run(world: World) -> None:
    """A replay may try it again."""
    delivery, look = await crossing(world)
    grant = await granted(world, delivery, look)
    ledger, fact = world.ledger(), WasRefused(grant.nonce, 1, "no title, they say")

    for _ in range(2):
        await ledger.record(delivery, TARGET, FIRST, ME, fact)

    record = await records(world, delivery)
    assert isinstance(record, Refused)
    assert (record.run, record.reason) == (1, "no title, they say")
    assert (await migration_of(world, delivery))["refused"] == "1"
    assert isinstance(await ask(world, delivery, look), Granted)


async def test_a_late_refusal_leaves_the_intent_of_the_new_holder(world: World) -> None:
    """A zombie's 422 is about its own write: the one under way must stay on record."""
    zombie, first = await begun(world)
    fresh = await reclaimed(world)
    second = await ask(world, fresh, await taken(world, fresh), first.nonce)
    assert isinstance(second, Granted)

    await world.ledger().record(zombie, TARGET, FIRST, ME, WasRefused(first.nonce, 1, "no"))

    assert await records(world, fresh) == Intended(second.until_ms, second.nonce)


async def test_a_refusal_never_hides_a_copy(world: World) -> None:
    """What was created stays created, whatever is refused later."""
    delivery, grant = await begun(world)
    ledger = world.ledger()
    await ledger.record(delivery, TARGET, FIRST, ME, WasFound(5))

    await ledger.record(delivery, TARGET, FIRST, ME, WasRefused(grant.nonce, 1, "no"))

    assert isinstance(await records(world, delivery), CreatedAs)


async def test_what_was_certainly_not_created_may_be_tried_at_once(world: World) -> None:
    """The intent is withdrawn, and only by its own nonce."""
    delivery, look = await crossing(world)
    grant = await granted(world, delivery, look)
    ledger = world.ledger()

    await ledger.record(delivery, TARGET, FIRST, ME, WasNotCreated("nonce-of-another"))
    assert isinstance(await ask(world, delivery, look), MustReconcile)

    await ledger.record(delivery, TARGET, FIRST, ME, WasNotCreated(grant.nonce))
    assert isinstance(await ask(world, delivery, look), Granted)


async def test_an_unanswered_write_stays_an_intent(world: World) -> None:
    """The outcome is unknown, so no worker writes over it unseen."""
    delivery, look = await crossing(world)
    grant = await granted(world, delivery, look)

    await world.ledger().record(delivery, TARGET, FIRST, ME, WasUnanswered(grant.nonce))

    assert await ask(world, delivery, look) == MustReconcile(Intended(grant.until_ms, grant.nonce))


async def test_a_withdrawal_never_hides_a_copy(world: World) -> None:
    """Even by the nonce under which it was created."""
    delivery, grant = await begun(world)
    ledger = world.ledger()
    await ledger.record(delivery, TARGET, FIRST, ME, WasCreated(5, grant.nonce))

    await ledger.record(delivery, TARGET, FIRST, ME, WasNotCreated(grant.nonce))

    assert isinstance(await records(world, delivery), CreatedAs)


# --------------------------------------------------------------------------------------------- notes


async def noted(world: World, delivery: Delivery, *texts: str) -> list[str]:
    """The migration's notes after these were written down."""
    for text in texts:
        await world.ledger().record(delivery, TARGET, None, ME, WasNoted(text))
    return (await migration_of(world, delivery))["notes"].split("\n")


async def test_a_note_is_kept_once(world: World) -> None:
    """However many tickets have the label that was dropped, people read it once."""
    delivery = await migrating(world)

    kept = await noted(world, delivery, 'label "bug" was dropped', "b", 'label "bug" was dropped')

    assert kept == ['label "bug" was dropped', "b"]


async def test_a_note_is_one_line_and_has_an_end(world: World) -> None:
    """Lines are what parts notes; and a note is to be read in a channel."""
    delivery = await migrating(world)

    (kept,) = await noted(world, delivery, "first\nsecond\r" + "x" * 5000)

    assert kept.startswith("first second x")
    assert len(kept) == MAX_NOTE


async def test_notes_do_not_grow_without_end(world: World) -> None:
    """A template of a thousand labels makes no message of a thousand lines."""
    delivery = await migrating(world)

    kept = await noted(world, delivery, *(f"note {n}" for n in range(30)))

    assert kept[:20] == [f"note {n}" for n in range(20)]
    assert kept[20:] == ["there is more of this; the log has it all"]


async def test_people_are_told_of_a_note(world: World) -> None:
    """It changes what there is to say of the request, so a notice is under way."""
    delivery = await migrating(world)
    request = delivery.entry.request  # type: ignore[union-attr]  # it is a migration
    before = int((await world.request(request))["version"])

    await noted(world, delivery, "a", "a")

    assert int((await world.request(request))["version"]) == before + 1


async def test_a_replay_begins_without_notes(world: World) -> None:
    """What was so in an earlier run may have been put right."""
    delivery = await migrating(world)
    await noted(world, delivery, "a")
    await world.streams().settle(delivery, Dead(Code.FORBIDDEN, "no"))

    (replayed,) = await world.hands.replay([(await world.dead())[0]["id"]], "somebody")

    assert not replayed.refused
    assert "notes" not in await migration_of(world, delivery)


# ----------------------------------------------------------------------------------- the circuit breaker


async def unanswered(world: World, ledger: Ledger, *targets: int) -> None:
    """Writes to these targets, one after another, are left without an answer."""
    delivery = await migrating(world)
    for target in targets:
        await ledger.record(delivery, type(TARGET)(target), SECOND, ME, WasUnanswered("n"))


async def test_faults_of_one_target_close_nothing(world: World) -> None:
    """It may be that target."""
    await unanswered(world, world.ledger(), 1, 1, 1)

    assert await world.budget.gate(ME) is None


async def test_faults_of_two_targets_close_the_gate(world: World) -> None:
    """It is not the targets. That is the circuit breaker."""
    await unanswered(world, world.ledger(), 1, 2)

    closed = await world.budget.gate(ME)
    assert closed is not None
    assert closed.wait_s <= 15


async def test_a_success_between_two_faults_keeps_the_gate_open(world: World) -> None:
    """GitHub answers, so these were two accidents."""
    delivery = await migrating(world)
    ledger = world.ledger()
    for target, fact in ((1, WasUnanswered("a")), (3, WasCreated(1, "b")), (2, WasUnanswered("c"))):
        await ledger.record(delivery, type(TARGET)(target), SECOND, ME, fact)

    assert await world.budget.gate(ME) is None


# --------------------------------------------------------------------------------------------- clock


async def test_the_clock_is_the_one_that_requests_are_numbered_by(world: World) -> None:
    """So a request is as old as it says, whatever a worker takes for the time."""
    before = await world.now_ms()
    request = await appended(world, "org/team-a")
    now_ms = await world.ledger().now_ms()

    assert before <= int(request.partition("-")[0]) <= now_ms <= await world.now_ms()
