"""`ports.Requests` and `ports.Plans`: what people are told, and that it is not told twice."""

from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.target.permission import Busy, WasStray
from monarch.core.verdict import Done, RefusedTarget, Said, Snooze
from monarch.ports import Posted, Saying
from tests.contracts.moves import FIRST, ME, TARGET, appended, migrated, one, plan_for, planned
from tests.contracts.worlds import World

NOTICES, MIGRATIONS = Stream.NOTICES, Stream.MIGRATIONS


async def notice_of(world: World, consumer: str = "notifier") -> Delivery:
    """A notice in hand."""
    return await one(world.streams(consumer), NOTICES)


async def begun(world: World, notice: Delivery, request: RequestId) -> Saying:
    """The right to tell."""
    saying = await world.requests.begin_saying(notice, request)
    assert isinstance(saying, Saying)
    return saying


async def ended(world: World, *targets: str) -> tuple[RequestId, Delivery]:
    """A request whose targets are done, and a notice of it."""
    request = await planned(world, *targets)
    streams = world.streams()
    for delivery in await streams.receive(MIGRATIONS, 10):
        assert await streams.settle(delivery, migrated())
    return request, await notice_of(world)


async def test_a_saying_shows_the_request_as_it_stands(world: World) -> None:
    """With every target in the order of the request."""
    request = await planned(world, "org/team-b", "org/team-a")

    saying = await begun(world, await notice_of(world), request)

    view = saying.view
    assert (view.id, view.state, view.run) == (request, State.RUNNING, 1)
    assert (view.source, view.channel, view.tickets) == ("org/template", "C1", 2)
    assert [m.target for m in view.migrations] == ["org/team-b", "org/team-a"]
    assert [m.state for m in view.migrations] == [State.QUEUED, State.QUEUED]
    assert (saying.said_version, saying.progress) == (0, None)
    assert [saying.progress_open, saying.final_said, saying.final_open] == [False] * 3


async def test_a_refused_target_is_shown_as_it_was_spelled(world: World) -> None:
    """Whatever it is called: people look for what they wrote."""
    request = await appended(world)
    streams = world.streams()
    refused = RefusedTarget("org/bad name, really", Code.BAD_TARGET, "that is no name")
    delivery = await one(streams, Stream.REQUESTS)
    await streams.settle(delivery, plan_for("org/team-a", refused=(refused,)))

    view = (await begun(world, await notice_of(world), request)).view

    assert [(m.target, m.state) for m in view.migrations] == [
        ("org/team-a", State.QUEUED),
        ("org/bad name, really", State.DEAD),
    ]


async def test_an_unknown_request_is_not_told_of(world: World) -> None:
    """It has expired, or was never there."""
    await world.append(NOTICES, {b"request": b"1-1"})

    assert await world.requests.begin_saying(await notice_of(world), RequestId("1-1")) is None


async def test_one_notifier_tells_of_a_request_at_a_time(world: World) -> None:
    """The other one waits."""
    request = await planned(world, "org/team-a")
    first = await notice_of(world, "notifier-1")
    await begun(world, first, request)
    await settle_migration(world)
    second = await notice_of(world, "notifier-2")

    assert await world.requests.begin_saying(second, request) == Busy()
    await world.requests.end_saying(first, request)
    await begun(world, second, request)


async def settle_migration(world: World) -> None:
    """A target is done."""
    streams = world.streams()
    assert await streams.settle(await one(streams, MIGRATIONS), migrated())


async def test_a_dead_notifiers_right_runs_out(world: World) -> None:
    """After 15 s somebody else may tell."""
    request = await planned(world, "org/team-a")
    await begun(world, await notice_of(world, "dead"), request)
    await settle_migration(world)
    second = await notice_of(world, "notifier-2")
    await world.advance(15.5)

    await begun(world, second, request)


async def test_a_lost_notice_says_nothing(world: World) -> None:
    """Its new holder does."""
    request = await planned(world, "org/team-a")
    stale = await notice_of(world, "frozen")
    await world.advance(21)
    await world.streams("notifier-2").sweep({NOTICES: 1})

    assert await world.requests.begin_saying(stale, request) == Busy()


async def test_what_was_said_is_remembered(world: World) -> None:
    """The version, and where to edit it."""
    request = await planned(world, "org/team-a")
    notice = await notice_of(world)
    saying = await begun(world, notice, request)
    await world.requests.sending(request, "progress")
    assert (await begun(world, notice, request)).progress_open

    await world.requests.said(request, "progress", saying.view.version, Posted("1.1"))

    now = await begun(world, notice, request)
    assert (now.said_version, now.progress) == (saying.view.version, Posted("1.1"))
    assert not now.progress_open


async def test_what_was_not_sent_is_not_open(world: World) -> None:
    """Slack refused it: it need not be marked as repeated."""
    request, notice = await ended(world, "org/team-a")
    await world.requests.sending(request, "final")
    assert (await begun(world, notice, request)).final_open

    await world.requests.not_sent(request, "final")

    now = await begun(world, notice, request)
    assert (now.final_open, now.final_said) == (False, False)


async def test_a_final_message_is_said_once(world: World) -> None:
    """For this run of the request."""
    request, notice = await ended(world, "org/team-a")
    saying = await begun(world, notice, request)
    await world.requests.sending(request, "final")
    await world.requests.said(request, "final", saying.view.version, Posted("1.1"))

    now = await begun(world, notice, request)

    assert now.view.state is State.DONE
    assert now.final_said
    assert not now.final_open


async def test_an_older_version_does_not_come_after_a_newer_one(world: World) -> None:
    """A notifier that was frozen reports late what it said long ago."""
    request = await planned(world, "org/team-a")
    notice = await notice_of(world)
    version = (await begun(world, notice, request)).view.version
    await world.requests.said(request, "progress", version, Posted("1.1"))

    await world.requests.said(request, "progress", version - 1, Posted("1.1"))

    assert (await begun(world, notice, request)).said_version == version


async def test_what_was_said_before_the_memory_went_back_is_not_newer_for_ever(
    world: World,
) -> None:
    """Or each edit would be taken for one that overwrote it, and be followed by a notice, and that by an edit."""
    request, notice = await ended(world, "org/team-a")
    version = (await begun(world, notice, request)).view.version
    await world.requests.said(request, "final", version + 1, Posted("1.2"))
    await world.requests.said(request, "progress", version + 1, Posted("1.1"))
    before = await world.length(NOTICES)
    forgotten = await begun(world, notice, request)

    await world.requests.said(request, "final", version, Posted("1.3"))
    await world.requests.said(request, "progress", version, Posted("1.1"))

    now = await begun(world, notice, request)
    assert not forgotten.final_said
    assert forgotten.said_version < version
    assert (now.final_said, now.said_version) == (True, version)
    assert await world.length(NOTICES) == before


async def test_a_stray_found_while_done_is_being_said_is_said_as_well(world: World) -> None:
    """The final message that is on its way does not know of it, so it was not the final one."""
    request = await planned(world, "org/team-a")
    streams = world.streams()
    delivery = await one(streams, MIGRATIONS)
    await streams.settle(delivery, migrated())
    notice = await notice_of(world)
    saying = await begun(world, notice, request)
    await world.requests.sending(request, "final")
    await world.ledger().record(delivery, TARGET, FIRST, ME, WasStray(9, 5))
    await world.requests.said(request, "final", saying.view.version, Posted("1.1"))
    await world.requests.end_saying(notice, request)
    await streams.settle(notice, Done(Said()))

    again = await begun(world, await notice_of(world), request)

    assert (again.view.state, again.final_said) == (State.FAILED, False)
    assert again.view.migrations[0].strays == (9,)


async def test_notices_of_one_request_that_wait_become_one(world: World) -> None:
    """A notice carries no text, so one telling is enough."""
    request = await planned(world, "org/team-a")
    streams = world.streams()
    first = await one(streams, NOTICES)
    await begun(world, first, request)
    await settle_migration(world)
    second = await one(streams, NOTICES)

    await streams.settle(first, Snooze("Slack said 429", 0))
    await streams.settle(second, Snooze("Slack said 429", 0))
    await streams.sweep({})

    assert len(await streams.receive(NOTICES, 10)) == 1


async def test_a_plan_that_is_gone_is_none(world: World) -> None:
    """It expired with its request."""
    assert await world.plans.read(RequestId("1-1")) is None


async def test_an_edit_that_overwrote_what_is_newer_is_put_right_by_another_notice(
    world: World,
) -> None:
    """A notifier was frozen on its way to Slack: what the channel shows now is old, and nothing else would change it."""
    request, notice = await ended(world, "org/team-a")
    saying = await begun(world, notice, request)
    await world.requests.said(request, "final", saying.view.version, Posted("1.2"))
    before = await world.length(NOTICES)

    await world.requests.said(request, "progress", saying.view.version, Posted("1.1"))
    assert await world.length(NOTICES) == before
    await world.requests.said(request, "progress", saying.view.version - 1, Posted("1.1"))
    await world.requests.said(request, "progress", saying.view.version - 1, Posted("1.1"))

    assert await world.length(NOTICES) == before + 1
