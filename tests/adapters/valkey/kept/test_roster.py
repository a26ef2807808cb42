"""Who works, with version and since when, and as whom at GitHub: on a real Valkey."""

from collections.abc import Awaitable
from typing import cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.kept import roster as module
from monarch.adapters.valkey.kept.living import ceilings_in_force
from monarch.adapters.valkey.kept.roster import Roster
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.workers import Workers
from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Stream
from monarch.core.target.permission import Credential
from monarch.ports import Hearing
from monarch.ports.hearing import Gap
from monarch.telemetry.obstacles import Cause, obstacles
from tests.contracts.worlds import World

KEYS = Keys("roster")


async def _works(client: Valkey, name: str) -> None:
    """A consumer that the groups know."""
    stream = KEYS.stream(Stream.MIGRATIONS)
    if not await client.exists(stream):
        await client.xgroup_create(stream, GROUP, mkstream=True)
    await client.xgroup_createconsumer(stream, GROUP, name)


async def test_a_worker_shows_its_version_and_since_when(client: Valkey) -> None:
    """A repetition keeps the moment; one that an older version started has neither."""
    roster = Roster(client, KEYS)
    for name in ("host.1.aa", "host.2.bb"):
        await _works(client, name)
    before, _ = await client.time()
    await roster.enter("host.1.aa", "1.2.3", ("intake", "planner"))
    (entered,) = (await roster.all()).values()
    await roster.enter("host.1.aa", "1.2.3", ("intake", "planner"))

    new, old = await Workers(client, KEYS).all()

    assert (new.version, new.since_ms) == ("1.2.3", entered.since_ms)
    assert entered.since_ms >= int(before) * 1000
    assert (old.version, old.since_ms) == ("", None)


async def test_the_roles_of_the_living_are_known_if_each_says_them(client: Valkey) -> None:
    """A fleet without a planner was called healthy; one that an older version has started does not say."""
    roster, reader = Roster(client, KEYS), FleetReader(client, KEYS, "channel", Ceilings(80, 500))
    for name, roles in {"host.1.aa": ["migrator"], "host.2.bb": ["notifier", "reclaimer"]}.items():
        await _works(client, name)
        await roster.enter(name, "1", roles)
    await roster.enter("host.3.dead", "1", ["planner"])

    known = await reader.snapshot()
    await _works(client, "host.4.older")
    unknown = await reader.snapshot()

    assert known.roles == frozenset({"migrator", "notifier", "reclaimer"})
    assert [one.words for one in obstacles(known) if one.cause is Cause.NO_ROLE] == [
        "no worker has the role planner, so requests wait to be planned"
    ]
    # By what is read: nobody reads requests or notices, and a reclaimer shows nowhere.
    assert unknown.roles == frozenset({"intake", "migrator", "reclaimer"})


async def test_a_role_that_is_lacking_is_said_after_valkey_was_emptied(client: Valkey) -> None:
    """The three lines of a fleet without a planner were gone, and a request stood still under green lights."""
    keys = Keys("emptied")
    stream = keys.stream(Stream.MIGRATIONS)
    await client.xgroup_create(stream, GROUP, mkstream=True)
    await client.xgroup_createconsumer(stream, GROUP, "host.1.aa")

    seen = await FleetReader(client, keys, "channel", Ceilings()).snapshot()

    assert [one.words for one in obstacles(seen) if one.cause is Cause.NO_ROLE] == [
        "no worker has the role planner, so requests wait to be planned",
        "no worker has the role notifier, so Slack hears nothing",
    ]


async def test_figures_go_by_the_ceilings_of_the_workers_and_not_of_the_readers_shell(
    client: Valkey,
) -> None:
    """`status` and `plan` reckoned with the shell's: what was left, and until when, was false and nothing said so."""
    keys = Keys("ceilings")
    roster, reader = Roster(client, keys), FleetReader(client, keys, "channel", Ceilings(7, 70))
    await client.zadd(keys.budget("user:1"), {"w": 1000 * int((await client.time())[0])})
    await client.zadd(keys.accounts, {"user:1": 1000 * int((await client.time())[0])})
    stream = keys.stream(Stream.MIGRATIONS)
    await client.xgroup_create(stream, GROUP, mkstream=True)

    alone = await reader.snapshot()
    for name, ceilings in (
        ("host.1.aa", Ceilings(80, 500)),
        ("host.2.bb", Ceilings(0, 300, interval_ms=250, at_once=4)),
        ("host.3.reads", None),
    ):
        await client.xgroup_createconsumer(stream, GROUP, name)
        await roster.enter(name, "1", ["migrator"], ceilings)
    await roster.enter("host.4.dead", "1", ["migrator"], Ceilings(1, 1))
    seen = await reader.snapshot()

    assert [(one.minute_left, one.hour_left) for one in alone.accounts] == [(6, 69)]
    assert [(one.minute_left, one.hour_left) for one in seen.accounts] == [(79, 299)]
    assert seen.ceilings == await ceilings_in_force(client, keys) == Ceilings(80, 300)
    assert seen.roles == frozenset({"migrator"})
    assert alone.ceilings is None


async def test_ceilings_of_a_newer_version_are_not_guessed(client: Valkey) -> None:
    """What cannot be read counts as not said, and is not taken for a role."""
    keys = Keys("newer-ceilings")
    words = {"a": "writes=80/500/1000/1/9", "b": "writes=x/500/1000/1", "c": "writes=80/500/1000/1"}
    for name, word in words.items():
        await cast("Awaitable[int]", client.hset(keys.workers, name, f"5 1.0 intake,{word}"))

    found = await Roster(client, keys).all()

    assert {name: one.ceilings for name, one in found.items()} == {
        "a": None,
        "b": None,
        "c": Ceilings(80, 500),
    }
    assert {one.roles for one in found.values()} == {("intake",)}


async def test_who_has_stopped_is_not_on_the_roster(client: Valkey) -> None:
    """One that the groups do not know any more is not shown, though it could not sign out."""
    roster = Roster(client, KEYS)
    await _works(client, "host.1.aa")
    for name in ("host.1.aa", "host.2.killed", "host.3.stopped"):
        await roster.enter(name, "1", ())
    await roster.leave("host.3.stopped")

    assert set(await roster.all()) == {"host.1.aa", "host.2.killed"}
    assert [one.name for one in await Workers(client, KEYS).all()] == ["host.1.aa"]


async def test_the_roster_is_bounded(client: Valkey) -> None:
    """Workers that are killed again and again do not fill it: the oldest go."""
    roster = Roster(client, KEYS)
    lines = {f"dead.{n}.x": f"{n} 1" for n in range(1, module.KEPT + 5)}
    await cast("Awaitable[int]", client.hset(KEYS.workers, mapping=dict(lines)))
    await roster.enter("host.1.aa", "1", ())

    left = await roster.all()
    assert len(left) == module.KEPT
    assert "host.1.aa" in left
    assert not {f"dead.{n}.x" for n in range(1, 6)} & set(left)


async def test_a_worker_shows_what_it_has_heard(world: World) -> None:
    """The last message, an echo too, and the last gap; none of it is left behind by a worker that stops."""
    await world.inbox("host.1.aa").mirror([Hearing("1", b"{}")])
    await world.inbox("host.2.bb").mirror([Hearing("2", b"{}")])
    keys, roster = world.keys, Roster(world.client, world.keys)
    await cast("Awaitable[int]", world.client.hset(keys.hearing, "gap:host.1.aa", "5 9"))
    for name in ("host.1.aa", "host.2.bb", "host.3.cc"):
        await make_consumer(world, name)

    one, echo, deaf = await Workers(world.client, keys).all()

    now_ms = await world.now_ms()
    assert [now_ms - 5_000 < (line.heard_ms or 0) <= now_ms for line in (one, echo)] == [True] * 2
    assert [line.gap for line in (one, echo)] == [Gap(5, 9), None]
    assert (deaf.heard_ms, deaf.gap) == (None, None)
    for name in ("host.1.aa", "host.2.bb"):
        await roster.leave(name)
    assert not await world.client.exists(keys.hearing)


async def make_consumer(world: World, name: str) -> None:
    """A consumer that the groups know."""
    stream = world.keys.stream(Stream.MIGRATIONS)
    await world.client.xgroup_createconsumer(stream, GROUP, name)


async def test_a_line_that_cannot_be_read_is_not_known(client: Valkey) -> None:
    """A worker whose line cannot be read is listed all the same."""
    await _works(client, "host.1.aa")
    await cast("Awaitable[int]", client.hset(KEYS.workers, "host.1.aa", "nonsense"))

    (line,) = await Workers(client, KEYS).all()

    assert line.since_ms is None


async def test_an_account_has_the_name_that_github_knows_it_by(world: World) -> None:
    """Beside what its budget is kept under; one that has not said who it is has none."""
    await world.logins.introduce(Credential("user:7", "f1", "monarch-bot", 7))
    await world.logins.introduce(Credential("installation:9", "f2"))
    seconds, _ = await world.client.time()
    both = {"user:7": int(seconds) * 1000, "installation:9": int(seconds) * 1000}
    await world.client.zadd(world.keys.accounts, dict(both))

    snapshot = await FleetReader(world.client, world.keys, "tickets", Ceilings()).snapshot()

    assert [(one.account, one.login) for one in snapshot.accounts] == [
        ("installation:9", ""),
        ("user:7", "monarch-bot"),
    ]
