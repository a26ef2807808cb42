"""Reads that a fleet counts together, on a real server: points a minute, and the primary limit of the hour."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import cast

import anyio
import pytest

import monarch.adapters.valkey.meter as meter_module
from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.connection import connect, connected
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.meter import LONGEST_WAIT_S, POINTS_A_MINUTE, UNASKED_S, ValkeyMeter
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.ids import TicketId
from monarch.core.outcome import Found
from monarch.core.permission import Granted, Permission, Wait
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.seed import Seed
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.moves import ME, TARGET, migrating, taken
from tests.contracts.worlds import NO_CEILINGS, ValkeyWorld

_Text = Awaitable[bytes | None]
ACCOUNT = ME.account
FOR_READS = POINTS_A_MINUTE - POINTS_A_MINUTE // 20
HELD_S = 62
"""After so many seconds a point is free again at the latest: the minute, its second, and the way to GitHub."""


@pytest.fixture
async def world(
    server: EmbeddedValkey, request: pytest.FixtureRequest
) -> AsyncIterator[ValkeyWorld]:
    """An installation of its own."""
    async with connected(server.url, "tests", connections=20) as client:
        world = ValkeyWorld(client, request.node.name)
        await world.open()
        yield world


@dataclass
class Time:
    """Stands in for anyio's clock: a wait is noted, and passes at once for whoever waits and for Valkey."""

    world: ValkeyWorld | None
    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def current_time(self) -> float:
        """What the worker's clock says, in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        self.waits.append(seconds)
        self.now += seconds
        if self.world is not None:
            # Its data is kept by whole seconds.
            await self.world.advance(int(seconds) + 1)


@pytest.fixture
def time(world: ValkeyWorld, monkeypatch: pytest.MonkeyPatch) -> Time:
    """The time of the meters of this test."""
    time = Time(world)
    place = SimpleNamespace(sleep=time.sleep, current_time=time.current_time)
    monkeypatch.setattr(meter_module, "anyio", place)
    return time


def a_meter(world: ValkeyWorld, points: int = POINTS_A_MINUTE) -> ValkeyMeter:
    """The meter of one worker."""
    return ValkeyMeter(Scripts(world.client, world.keys.prefix), world.keys, points=points)


async def read(meter: ValkeyMeter, count: int) -> None:
    """So many reads at once."""
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(meter.admit, ACCOUNT)


class Writing:
    """A migration that asks for one write after another."""

    def __init__(self, world: ValkeyWorld, *, per_hour: int = 500) -> None:
        self._world = world
        self._ledger = world.ledger(replace(NO_CEILINGS, per_hour=per_hour))
        self._asked = 0

    async def open(self) -> "Writing":
        """Take the target."""
        self._delivery = await migrating(self._world)
        self._epoch = (await taken(self._world, self._delivery)).epoch
        return self

    async def ask(self) -> Permission:
        """Ask for the next one."""
        self._asked += 1
        ticket = TicketId(self._asked)
        return await self._ledger.permit(
            self._delivery, TARGET, ticket, ME, self._epoch, reconciled=None
        )


# --------------------------------------------------------------------------------------------- points


async def test_two_workers_share_the_points_of_a_minute(world: ValkeyWorld, time: Time) -> None:
    """What the one has read, the other cannot; the oldest reads say when there is room again."""
    one, other = a_meter(world), a_meter(world)
    await read(one, FOR_READS // 2)
    await read(other, FOR_READS - FOR_READS // 2)
    assert time.waits == []

    await other.admit(ACCOUNT)

    assert sum(time.waits) <= HELD_S
    assert time.waits[0] > LONGEST_WAIT_S - 5


async def test_nobody_waits_for_longer_than_a_minute_without_asking_anew(
    world: ValkeyWorld, time: Time
) -> None:
    """Whoever is late by a second asks again, rather than to sleep on what has changed."""
    meter = a_meter(world)
    await read(meter, FOR_READS)
    await read(meter, 3)

    assert all(wait <= LONGEST_WAIT_S for wait in time.waits)


async def test_points_come_back_as_their_minute_slides_out(world: ValkeyWorld, time: Time) -> None:
    """Not all at once: those of half a minute ago are still held."""
    meter = a_meter(world)
    await read(meter, 300)
    await world.advance(30)
    await read(meter, FOR_READS - 300)
    await world.advance(HELD_S - 30)

    await read(meter, 300)
    assert time.waits == []
    await meter.admit(ACCOUNT)
    assert sum(time.waits) > 20


async def test_the_count_ends_by_itself(world: ValkeyWorld, time: Time) -> None:
    """Nothing is kept of an account that does nothing any more."""
    meter = a_meter(world)
    await meter.admit(ACCOUNT)
    await meter.standing(ACCOUNT, 4000, 1800)
    assert 0 < await world.client.pttl(world.keys.points(ACCOUNT)) <= HELD_S * 1000
    assert 0 < await world.client.pttl(world.keys.primary(ACCOUNT)) <= 1_801_000


async def test_a_write_is_five_points_and_reads_leave_some_to_writes(
    world: ValkeyWorld, time: Time
) -> None:
    """However much is read, writing goes on; and when nothing at all is left, it waits as well."""
    await read(a_meter(world), FOR_READS)
    writing = await Writing(world).open()

    for _ in range((POINTS_A_MINUTE - FOR_READS) // 5):
        assert isinstance(await writing.ask(), Granted)
    answer = await writing.ask()
    assert isinstance(answer, Wait)
    assert 0 < answer.wait_s <= HELD_S


async def test_a_server_without_limits_counts_no_points(world: ValkeyWorld, time: Time) -> None:
    """An Enterprise Server may have none; its writes cost nothing either."""
    await read(a_meter(world, points=0), POINTS_A_MINUTE + 10)
    writing = await Writing(world, per_hour=0).open()

    assert isinstance(await writing.ask(), Granted)
    assert time.waits == []
    assert not await world.client.exists(world.keys.points(ACCOUNT))


# ---------------------------------------------------------------------------------- the primary limit


async def left(world: ValkeyWorld) -> int | None:
    """The calls that are known to be left; `None`: nothing is known."""
    found = await cast("_Text", world.client.hget(world.keys.primary(ACCOUNT), "remaining"))
    return None if found is None else int(found)


async def test_of_two_reports_the_lower_counts_and_calls_are_taken_off(
    world: ValkeyWorld, time: Time
) -> None:
    """Answers come in any order, and what was let through since is gone as well."""
    one, other = a_meter(world), a_meter(world)
    await one.standing(ACCOUNT, 3000, 1800)
    await other.standing(ACCOUNT, 3100, 1799)
    assert await left(world) == 3000

    await other.admit(ACCOUNT)
    await (await Writing(world).open()).ask()
    assert await left(world) == 2998


async def test_only_what_matters_is_sent(world: ValkeyWorld, time: Time) -> None:
    """A call of another program now and then changes nothing; many, or any when few are left, do."""
    meter = a_meter(world)
    await meter.standing(ACCOUNT, 3000, 1800)
    await meter.standing(ACCOUNT, 2990, 1800)
    assert await left(world) == 3000
    await meter.standing(ACCOUNT, 2900, 1800)
    assert await left(world) == 2900
    await meter.standing(ACCOUNT, 90, 1800)
    await meter.standing(ACCOUNT, 89, 1800)
    assert await left(world) == 89


async def test_a_new_hour_begins_anew(world: ValkeyWorld, time: Time) -> None:
    """Also where GitHub starts it before ours has run out; a late word of the old one changes nothing."""
    meter, other = a_meter(world), a_meter(world)
    await meter.standing(ACCOUNT, 10, 60)
    await other.standing(ACCOUNT, 4999, 3600)
    assert await left(world) == 4999
    await meter.standing(ACCOUNT, 3, 30)
    assert await left(world) == 4999

    await world.advance(3602)
    assert await left(world) is None
    await meter.admit(ACCOUNT)
    await meter.standing(ACCOUNT, 4998, 3600)
    assert await left(world) == 4998


async def test_no_hour_that_claims_to_be_longer_is_believed(world: ValkeyWorld) -> None:
    """A wrong clock somewhere must not stop the fleet for a day."""
    await a_meter(world).standing(ACCOUNT, 0, 86_400)
    assert await world.client.pttl(world.keys.primary(ACCOUNT)) <= 3_601_000


async def test_writes_stop_a_little_before_reads(world: ValkeyWorld, time: Time) -> None:
    """The last calls are for finding out what became of the writes in hand; then even these wait for the new hour."""
    meter, writing = a_meter(world), await Writing(world).open()
    await meter.standing(ACCOUNT, 21, 40)

    assert isinstance(await writing.ask(), Granted)
    answer = await writing.ask()
    assert isinstance(answer, Wait)
    assert 30 < answer.wait_s <= 41
    await read(meter, 20)
    assert (await left(world), time.waits) == (0, [])

    await meter.admit(ACCOUNT)
    assert 30 < sum(time.waits) <= 42


async def test_whoever_has_waited_a_minute_for_the_hour_asks_github_itself(
    world: ValkeyWorld, time: Time
) -> None:
    """Its answer closes the gate, and then nobody keeps a place busy with waiting."""
    meter = a_meter(world)
    await meter.standing(ACCOUNT, 0, 1800)

    await meter.admit(ACCOUNT)

    assert time.waits == [LONGEST_WAIT_S]


# --------------------------------------------------------------------------- where Valkey is not there


async def test_where_valkey_is_away_reads_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither raises; and it is asked again only a little later, so that one that hangs holds up nothing."""
    time = Time(None)
    place = SimpleNamespace(sleep=time.sleep, current_time=time.current_time)
    monkeypatch.setattr(meter_module, "anyio", place)
    gone, asked = connect("valkey://127.0.0.1:1/0", "tests"), 0
    scripts = Scripts(gone, Keys().prefix)
    call = scripts.call

    async def counted(name: str, keys: list[str], *args: str | int | bytes) -> object:
        nonlocal asked
        asked += 1
        return await call(name, keys, *args)

    monkeypatch.setattr(scripts, "call", counted)
    meter = ValkeyMeter(scripts, Keys())

    for _ in range(5):
        await meter.admit(ACCOUNT)
        await meter.standing(ACCOUNT, 10, 60)
    assert (asked, time.waits) == (1, [])
    time.now += UNASKED_S
    await meter.admit(ACCOUNT)
    assert asked == 2
    await gone.aclose()


@pytest.mark.parametrize("kind", ["points", "primary"])
async def test_a_spoiled_key_lets_reads_pass(world: ValkeyWorld, time: Time, kind: str) -> None:
    """Reading goes on whatever stands there."""
    key = world.keys.points(ACCOUNT) if kind == "points" else world.keys.primary(ACCOUNT)
    await world.client.set(key, "x")
    meter = a_meter(world)
    await meter.admit(ACCOUNT)
    await meter.standing(ACCOUNT, 10, 60)
    assert time.waits == []


# ------------------------------------------------------------------------------------- over real HTTP

TIME_SCALE, POINTS, GAPS = 60, 60, 75


async def rejected_for_points(server: EmbeddedValkey, *, metered: bool) -> int:
    """Let two workers look at each number of a long list of gaps; how many of their reads were refused for points."""
    async with (
        running_sandbox() as sandbox,
        connected(server.url, "tests", connections=4) as client,
    ):
        pushing = {"collaborators": {"bot": "write"}}
        await sandbox.seed(
            Seed.model_validate(
                {
                    "accounts": [{"login": "org", "kind": "Organization"}, {"login": "bot"}],
                    "tokens": [{"token": "ghp_bot", "login": "bot"}],
                    "repositories": [{"full_name": "org/team", **pushing}],
                }
            )
        )
        await sandbox.settings(points_per_minute=POINTS, time_scale=TIME_SCALE)
        keys = Keys("meter-over-http")

        async def look() -> None:
            meter = ValkeyMeter(
                Scripts(client, keys.prefix), keys, points=POINTS, minute_s=60 / TIME_SCALE
            )
            async with HttpGitHub(
                "ghp_bot", sandbox.github_url, meter=meter if metered else None
            ) as github:
                # Nobody pays before it is known who.
                await github.credential("org/team")
                repository = await github.read_repository("org/team")
                assert isinstance(repository, Found)
                for number in range(1, GAPS + 1):
                    await github.read_issue(repository.value, number)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
            tasks.start_soon(look)
        return (await sandbox.state()).rejected.get("points", 0)


async def test_a_look_at_many_gaps_is_never_refused_for_points(server: EmbeddedValkey) -> None:
    """Two workers, two and a half times as many reads as a minute allows, on a minute of one second."""
    assert await rejected_for_points(server, metered=True) == 0


async def test_without_a_meter_the_same_look_is_refused(server: EmbeddedValkey) -> None:
    """So the test above shows something."""
    assert await rejected_for_points(server, metered=False) > 0
