"""A key of another type costs people what stands in it, and nothing else: the rest is shown, and the key is named."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import pytest

from monarch.adapters.valkey.kept.roster import Roster
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.adapters.valkey.views.sought import Sought
from monarch.app.page import Readings
from monarch.core.delivery import Stream
from monarch.core.entry_ids import entry_ms
from monarch.core.ids import CohortId, RequestId
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.target.permission import Wish
from monarch.core.verdict import Dead, Snooze
from monarch.ports.readings import Choice
from monarch.ports.spoiled import spoiled_keys
from monarch.settings import Settings
from tests.contracts.moves import FIRST, ME, TARGET, appended, migrating, one, planned, taken
from tests.contracts.worlds import World

pytestmark = pytest.mark.anyio
TEAM: Final = "org/team-a"
Reading = Callable[[], Awaitable[object]]


class Night:
    """An installation with something of everything, and all that people read of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        settings = Settings(MONARCH_NAMESPACE=world.keys.namespace)
        self.source = Readings(world.client, world.keys, settings)
        self.reader = RequestReader(world.client, world.keys)
        self.requests: list[RequestId] = []

    async def falls(self) -> None:
        """One request writes, one waits for its worker, one is parked, one is dead, one is not planned."""
        world, streams = self.world, self.world.streams()
        await Roster(world.client, world.keys).enter("worker-1", "0.1.0", ())
        writing = await migrating(world, TEAM)
        before = await taken(world, writing)
        await world.ledger().permit(writing, TARGET, ME, Wish(before.epoch, FIRST))
        await planned(world, "org/team-b")
        assert await streams.settle(await one(streams, Stream.MIGRATIONS), Snooze("later", 60.0))
        await appended(world, "org/team-c")
        dead = Dead(Code.ISSUES_DISABLED, "gone")
        assert await streams.settle(await one(streams, Stream.REQUESTS), dead)
        await appended(world, "org/team-d")
        self.requests = [line.id for line in await self.reader.requests(9)]
        assert len(self.requests) == 4

    def readings(self) -> Mapping[str, Reading]:
        """Every reading of the page and of the commands, by its name."""
        source, reader, ids = self.source, self.reader, self.requests
        cohort = CohortId(ids[-1])
        everything: dict[str, Reading] = {
            "snapshot": source.snapshot,
            "requests": lambda: source.requests(9),
            "queued": lambda: source.requests(9, State.QUEUED),
            "sought": lambda: reader.requests(9, Sought(source="org/template", target=TEAM)),
            "cohorts": lambda: source.cohorts(9),
            "cohort": lambda: source.cohort(cohort),
            "tickets": lambda: source.tickets(ids),
            "holdings": lambda: source.holdings([(ids[-1], TEAM)]),
            "looked": lambda: source.looked(ids[-1]),
            "history": lambda: source.history(ids, 9),
            "letters": lambda: source.letters(9, Choice()),
            "workers": source.workers,
            "parked": lambda: source.parked(9),
            "missed": source.missed,
            "writes": lambda: source.writes([ME.account]),
            "shares": source.shares,
            "events": lambda: source.events(9, None, None, None),
            "failed": self._failed,
        }
        for number, each in enumerate(ids):
            everything[f"request {number}"] = lambda each=each: source.request(each)  # type: ignore[misc]  # bound now
            everything[f"forecast {number}"] = lambda each=each: source.forecast(each)  # type: ignore[misc]  # bound now
        return everything

    async def _failed(self) -> object:
        return await self.reader.with_failed(await self.reader.requests(9))


@pytest.fixture
async def night(world: World) -> Night:
    """A night on a real server."""
    found = Night(world)
    await found.falls()
    return found


def catalogue(world: World) -> list[str]:
    """Keys that the night does not have, and readings ask for."""
    keys = world.keys
    named = [keys.paused, keys.paused_since, keys.refused, keys.missed, keys.logins, keys.newer]
    of_account = [keys.gate(ME.account), keys.primary(ME.account), keys.learned(ME.account)]
    return [*named, *of_account, keys.hearing, keys.asking, keys.swept, keys.named, keys.audited]


async def spoiled(world: World, key: str) -> Callable[[], Awaitable[None]]:
    """Put something of another type in the key's place; gives what puts it right again."""
    client: Any = world.client
    kept, kind = await client.dump(key), await client.type(key)
    await client.delete(key)
    # What does not exist might be of any other type; none of it is a stream.
    spoils = {b"string": ("RPUSH", key, "x"), b"none": ("XADD", key, "*", "x", "x")}
    await client.execute_command(*spoils.get(kind, ("SET", key, "x")))

    async def mended() -> None:
        await client.delete(key)
        if kept is not None:
            await client.restore(key, 0, kept)

    return mended


async def test_no_key_of_another_type_costs_a_reading(night: Night) -> None:
    """Whichever of Monarch's keys it is, and whatever is read; and readings name it that would have shown it."""
    client: Any = night.world.client
    there = [key.decode() async for key in client.scan_iter(f"{night.world.keys.prefix}*")]
    keys = sorted({*there, *catalogue(night.world)})
    failed: list[str] = []
    named: set[str] = set()

    for key in keys:
        mended = await spoiled(night.world, key)
        for name, reading in night.readings().items():
            with spoiled_keys() as met:
                try:
                    await reading()
                except Exception as error:  # noqa: BLE001 - all that fail are listed at once
                    failed.append(f"{name} with {key}: {error}")
            assert {*met} <= {key}
            named |= {*met}
        await mended()

    assert failed == [], "\n".join(failed)
    shown = (
        "request",
        "unsettled",
        "migration",
        "card",
        "cohort",
        "known",
        "dead",
        "workers",
    )
    unnamed = [key for key in {*keys} - named if key.split(":")[1] in shown]
    assert unnamed == []


async def test_the_other_requests_are_listed_beside_a_broken_one(night: Night) -> None:
    """It is left out, and its key is named."""
    for gone in night.requests[1:]:
        key = night.world.keys.request(gone)
        mended = await spoiled(night.world, key)

        with spoiled_keys() as met:
            lines = await night.reader.requests(9)

        assert [line.id for line in lines] == [one for one in night.requests if one != gone]
        assert list(met) == [key]
        await mended()


async def test_a_broken_share_of_a_team_is_left_out_of_its_cohort(night: Night) -> None:
    """The card of a cohort is read in one script; it says the rest."""
    first, *_ = sorted(night.requests, key=entry_ms)
    key = f"{night.world.keys.prefix}migration:{first}:{TEAM}"
    await spoiled(night.world, key)

    with spoiled_keys() as met:
        view = await night.source.cohort(CohortId(first))

    assert view is not None
    assert [len(one.migrations) for one in view.requests] == [0, 1]
    assert list(met) == [key]
