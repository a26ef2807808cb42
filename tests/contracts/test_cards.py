"""`ports.Cards` and `ports.Plans`: what Slack knows of a cohort, and that it is not told twice."""

from monarch.core.card.telling import CARD, ENDING, Message, ThreadReply, reply_of
from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.target.permission import Busy, WasStray
from monarch.core.verdict import Dead, Done, RefusedTarget, Retry, Said, Snooze, Waits
from monarch.ports import Posted
from tests.contracts.moves import FIRST, ME, TARGET, appended, migrated, plan_for, planned
from tests.contracts.telling import begun, cohort_of, tell
from tests.contracts.worlds import World

NOTICES, MIGRATIONS = Stream.NOTICES, Stream.MIGRATIONS
THERE = Posted("1.1", "C1")


async def notice_of(world: World, consumer: str = "notifier") -> Delivery:
    """A notice in hand."""
    return await world.next(NOTICES, consumer)


async def ended(world: World, *targets: str) -> tuple[CohortId, Delivery]:
    """A request whose targets are done, and a notice of its cohort."""
    request = await planned(world, *targets)
    for delivery in await world.streams().receive(MIGRATIONS, 10):
        await world.settle(delivery, migrated())
    return CohortId(request), await notice_of(world)


async def settle_migration(world: World) -> None:
    """A target is done."""
    await world.settle(await world.next(MIGRATIONS), migrated())


async def test_a_telling_shows_all_requests_as_they_stand(world: World) -> None:
    """In the order in which they joined, each with its targets in their order."""
    first = await planned(world, "org/team-b", "org/team-a")
    second = await planned(world, "org/team-c")

    telling = await begun(world, await notice_of(world))

    view = telling.view
    assert [(one.id, one.state, one.run) for one in view.requests] == [
        (first, State.RUNNING, 1),
        (second, State.RUNNING, 1),
    ]
    assert (view.source, telling.channel, view.requests[0].tickets) == ("org/template", "C1", 2)
    assert [m.target for m in view.requests[0].migrations] == ["org/team-b", "org/team-a"]
    assert (telling.said_version, telling.card, telling.card_open) == (0, None, False)
    assert (telling.ended_version, telling.endings, telling.ending_open) == (0, 0, False)


async def test_many_requests_make_one_notice(world: World) -> None:
    """It carries no text: the worker that takes it tells of all of them."""
    for target in ("org/team-a", "org/team-b", "org/team-c"):
        await planned(world, target)

    assert await world.length(NOTICES) == 1


async def test_a_refused_target_is_shown_as_it_was_spelled(world: World) -> None:
    """Whatever it is called: people look for what they wrote."""
    await appended(world)
    refused = RefusedTarget("org/bad name, really", Code.BAD_TARGET, "that is no name")
    delivery = await world.next(Stream.REQUESTS)
    await world.settle(delivery, plan_for("org/team-a", refused=(refused,)))

    (view,) = (await begun(world, await notice_of(world))).view.requests

    assert [(m.target, m.state) for m in view.migrations] == [
        ("org/team-a", State.QUEUED),
        ("org/bad name, really", State.DEAD),
    ]


async def test_an_unknown_cohort_is_not_told_of(world: World) -> None:
    """It has expired, or was never there."""
    await world.append(NOTICES, {b"v": b"2", b"card": b"1-1"})

    assert await world.cards.begin(await notice_of(world), CohortId("1-1")) is None


async def test_one_notifier_tells_of_a_cohort_at_a_time(world: World) -> None:
    """The other one waits."""
    await planned(world, "org/team-a")
    first = await notice_of(world, "notifier-1")
    await begun(world, first)
    await settle_migration(world)
    second = await notice_of(world, "notifier-2")

    assert await world.cards.begin(second, cohort_of(second)) == Busy()
    await world.cards.end(first, cohort_of(first))
    await begun(world, second)


async def test_a_dead_notifiers_right_runs_out(world: World) -> None:
    """After 15 s another worker may tell."""
    await planned(world, "org/team-a")
    await begun(world, await notice_of(world, "dead"))
    await settle_migration(world)
    second = await notice_of(world, "notifier-2")
    await world.advance(15.5)

    await begun(world, second)


async def test_a_lost_notice_says_nothing(world: World) -> None:
    """Its new holder does."""
    await planned(world, "org/team-a")
    stale = await notice_of(world, "frozen")
    await world.advance(21)
    await world.streams("notifier-2").sweep({NOTICES: 1})

    assert await world.cards.begin(stale, cohort_of(stale)) == Busy()


async def test_what_was_said_is_remembered(world: World) -> None:
    """The version, where to edit it, and what it says."""
    await planned(world, "org/team-a")
    notice = await notice_of(world)
    cohort, version = cohort_of(notice), (await begun(world, notice)).view.version
    await world.cards.sending(cohort, CARD)
    assert (await begun(world, notice)).card_open

    await world.cards.said(cohort, CARD, version, THERE, "abc")

    now = await begun(world, notice)
    assert (now.said_version, now.card) == (version, Message("C1", "1.1", "abc"))
    assert now.now_ms - now.edited_ms < 60_000
    assert not now.card_open


async def test_what_was_not_sent_is_not_open(world: World) -> None:
    """Slack refused it: it need not be marked as repeated."""
    cohort, notice = await ended(world, "org/team-a")
    for what in (CARD, ENDING, reply_of("forbidden")):
        await world.cards.sending(cohort, what, ("org/team-a",))
    before = await begun(world, notice)
    for what in (CARD, ENDING, reply_of("forbidden")):
        await world.cards.not_sent(cohort, what)

    now = await begun(world, notice)
    assert (before.card_open, before.ending_open) == (True, True)
    assert before.replies == {"forbidden": ThreadReply(None, ("org/team-a",))}
    assert (now.card_open, now.ending_open, now.replies) == (False, False, {})


async def test_a_reply_is_remembered_with_what_it_names(world: World) -> None:
    """So that it can be edited once that is put right."""
    cohort, notice = await ended(world, "org/team-a")
    names = ("org/team-a", "org/bad name, really")

    await world.cards.said(cohort, reply_of("forbidden"), 1, THERE, "abc", names)

    known = (await begun(world, notice)).replies
    assert known == {"forbidden": ThreadReply(Message("C1", "1.1", "abc"), names)}
    await world.cards.gone(cohort, reply_of("forbidden"), deleted=True)
    assert (await begun(world, notice)).replies == {"forbidden": ThreadReply(None)}


async def test_an_ending_is_said_once(world: World) -> None:
    """For this version of the cohort."""
    cohort, notice = await ended(world, "org/team-a")
    version = (await begun(world, notice)).view.version
    await world.cards.sending(cohort, ENDING)
    await world.cards.said(cohort, ENDING, version, THERE)

    now = await begun(world, notice)

    assert now.view.has_ended
    assert (now.ended_version, now.endings, now.ending_open) == (version, 1, False)


async def test_a_card_that_was_deleted_is_known_to_have_been(world: World) -> None:
    """Once, and twice."""
    cohort, notice = await ended(world, "org/team-a")
    await world.cards.said(cohort, CARD, 1, THERE)
    await world.cards.gone(cohort, CARD, deleted=True)
    once = await begun(world, notice)
    await world.cards.said(cohort, CARD, 1, THERE)
    await world.cards.gone(cohort, CARD, deleted=True)
    twice = await begun(world, notice)

    assert (once.card, once.reposted, once.dropped) == (None, True, False)
    assert (twice.card, twice.reposted, twice.dropped) == (None, True, True)


async def test_a_card_that_cannot_be_edited_is_there(world: World) -> None:
    """Its thread takes replies."""
    cohort, notice = await ended(world, "org/team-a")
    await world.cards.said(cohort, CARD, 1, THERE)
    await world.cards.gone(cohort, CARD, deleted=False)

    now = await begun(world, notice)
    assert now.frozen
    assert now.card is not None


async def test_what_was_said_before_the_memory_went_back_is_not_newer_for_ever(
    world: World,
) -> None:
    """Or each edit would be taken for one that overwrote it, and be followed by a notice, and that by an edit."""
    cohort, notice = await ended(world, "org/team-a")
    version = (await begun(world, notice)).view.version
    for what in (ENDING, CARD):
        await world.cards.said(cohort, what, version + 1, THERE)
    before = await world.length(NOTICES)
    forgotten = await begun(world, notice)

    for what in (ENDING, CARD):
        await world.cards.said(cohort, what, version, THERE)

    now = await begun(world, notice)
    assert (forgotten.ended_version, forgotten.said_version) == (0, 0)
    assert (now.ended_version, now.said_version) == (version, version)
    assert await world.length(NOTICES) == before


async def test_a_stray_found_while_done_is_being_said_is_said_as_well(world: World) -> None:
    """The ending that is on its way does not know of it, so it was not the last one."""
    await planned(world, "org/team-a")
    delivery = await world.next(MIGRATIONS)
    await world.settle(delivery, migrated())
    notice = await notice_of(world)
    cohort, version = cohort_of(notice), (await begun(world, notice)).view.version
    await world.cards.sending(cohort, ENDING)
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasStray(9, 5))
    await world.cards.said(cohort, ENDING, version, THERE)
    await world.cards.end(notice, cohort)
    await world.settle(notice, Done(Said()))

    again = await begun(world, await notice_of(world))

    (view,) = again.view.requests
    assert view.state is State.FAILED
    assert again.ended_version < again.view.version
    assert view.migrations[0].strays == (9,)


async def test_notices_of_one_cohort_that_wait_become_one(world: World) -> None:
    """A notice carries no text, so one telling is enough."""
    await planned(world, "org/team-a")
    streams = world.streams()
    first = await world.next(NOTICES)
    await begun(world, first)
    await settle_migration(world)
    second = await world.next(NOTICES)

    await world.settle(first, Snooze("Slack said 429", 0))
    await world.settle(second, Snooze("Slack said 429", 0))
    await streams.sweep({})

    assert len(await streams.receive(NOTICES, 10)) == 1


async def test_a_notice_that_waits_shows_what_changes_meanwhile(world: World) -> None:
    """So nothing is emitted beside it; but one that waits to say the end is passed by what is to be said before."""
    await planned(world, "org/team-a", "org/team-b", "org/team-c")
    first = await world.next(NOTICES)
    await begun(world, first)
    await world.settle(first, Retry("Slack is away", 60))
    await settle_migration(world)
    behind = await world.length(NOTICES)
    await world.advance(61)
    await world.streams().sweep({})
    second = await world.next(NOTICES)
    await begun(world, second)
    await world.settle(second, Snooze("the end is due later", 20, kind=Waits.ENDING))

    await settle_migration(world)

    assert (behind, await world.length(NOTICES)) == (0, 1)


async def test_a_refused_channel_makes_one_letter_for_a_cohort(world: World) -> None:
    """And after it only the end is tried; a replay of the letter tells it all again."""
    await planned(world, "org/team-a", "org/team-b")
    refused = Dead(Code.SLACK_REFUSED, "it is archived")
    notice = await world.next(NOTICES)
    telling = await begun(world, notice)
    await world.cards.end(notice, telling.view.id)
    await world.settle(notice, refused)
    (letter,) = await world.dead()
    await settle_migration(world)
    silent = await world.length(NOTICES)
    await settle_migration(world)
    await world.settle(await world.next(NOTICES), refused)

    assert (letter["request"], letter["code"]) == (telling.view.id, "slack_refused")
    assert silent == 0
    assert len(await world.dead()) == 1
    await world.hands.replay([letter["id"]], "Ann")
    assert await tell(world) == ["done"]


async def test_a_plan_that_is_gone_is_none(world: World) -> None:
    """It expired with its request."""
    assert await world.plans.read(RequestId("1-1")) is None


async def test_an_edit_that_overwrote_what_is_newer_is_put_right_by_another_notice(
    world: World,
) -> None:
    """A notifier was frozen on its way to Slack: what the channel shows now is old, and nothing else would change it."""
    cohort, notice = await ended(world, "org/team-a")
    version = (await begun(world, notice)).view.version
    await world.cards.said(cohort, CARD, version, THERE)
    before = await world.length(NOTICES)

    await world.cards.said(cohort, CARD, version, THERE)
    assert await world.length(NOTICES) == before
    await world.cards.said(cohort, CARD, version - 1, THERE)
    await world.cards.said(cohort, CARD, version - 1, THERE)

    assert await world.length(NOTICES) == before + 1
    assert (await begun(world, notice)).said_version == version - 1


async def test_a_card_that_is_posted_when_nobody_waits_for_it_any_more_is_brought_up_to_date(
    world: World,
) -> None:
    """Its notifier was frozen on its way to Slack; the ending was told meanwhile, and nothing else would change the card."""
    request = await planned(world, "org/team-a")
    cohort = CohortId(request)
    stale = await begun(world, await notice_of(world, "frozen"))
    await world.cards.sending(cohort, CARD)
    await world.advance(15.5)
    await settle_migration(world)
    newest = await world.next(NOTICES)
    telling = await begun(world, newest)
    await world.cards.said(cohort, ENDING, telling.view.version, Posted("2.2", "C1"))
    await world.cards.end(newest, cohort)
    await world.settle(newest, Done(Said()))
    left = await world.length(NOTICES)

    await world.cards.said(cohort, CARD, stale.view.version, THERE)

    assert await world.length(NOTICES) == left + 1
