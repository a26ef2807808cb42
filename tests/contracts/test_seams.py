"""The seams of the scripts: die before and after each effect of a whole run, on a real Valkey.

What the stages do in memory they do here over a socket, with the server and the event loop of production. Time is real,
so a lease that was left behind is made to run out by moving what Valkey holds into the past, and waits are short.
"""

import itertools
from dataclasses import replace

import anyio
import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connected
from monarch.core.copy.marker import read_marker
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.timing import PERMISSION_LIFE_MS
from monarch.core.verdict import Snooze
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.memory.client import Passage, PassingClient, undisturbed
from tests.contracts.moves import one
from tests.contracts.worlds import World, a_message
from tests.stages.house import SOURCE, TEAM_A, House
from tests.stages.process import Process, Told
from tests.stages.seams import Blow, Moment, Trouble

TITLES = ["One", "Two"]
LONG_S = 45.0
"""Longer than a lease, and than an unanswered write stays in doubt."""

DEATHS, LOSSES = 4, 2
"""The moments are shared out among so many tests."""

LEAST_MOMENTS = 60


class ValkeyHouse(House):
    """An installation on a real Valkey."""

    def __init__(self, world: World) -> None:
        self._client = world.client
        super().__init__()
        self.world, self.keys = world, world.keys
        self.github.add(SOURCE, *TITLES)
        self.github.add(TEAM_A)
        self.github.listing_lag_s = 3600.0
        self.manner = replace(self.manner, ending_after_ms=0)

    def client(self, passage: Passage = undisturbed) -> Valkey:
        """See `House.client`."""
        return PassingClient(passage, connection_pool=self._client.connection_pool)


class Run:
    """One worker after the other, until there is no work any more."""

    def __init__(self, world: World, blows: dict[int, Blow]) -> None:
        self.house = ValkeyHouse(world)
        # What is lost outside is tried at every moment in memory; here the scripts are.
        spared = ("github.",) if Blow.LOST in blows.values() else ()
        self.trouble = Trouble(blows, spared=spared, on_moment=self._look)
        self._told = Told()
        self._settled = anyio.Event()
        self._lost = {number for number, blow in blows.items() if blow is Blow.LOST}
        self._bereft = anyio.Event()
        self.request = RequestId("")

    def _look(self, moment: Moment) -> None:
        if moment.call == "valkey.settle":
            before, self._settled = self._settled, anyio.Event()
            before.set()
        if moment.number in self._lost:
            self._bereft.set()

    async def tell(self) -> None:
        """From the request to the end of all work; a worker that dies is followed by another."""
        payload = {b"v": b"1", b"payload": a_message(TEAM_A)}
        self.request = RequestId(await self.house.world.append(Stream.REQUESTS, payload))
        for number in itertools.count(1):
            if await self._work(f"worker-{number}"):
                return
            await self.house.world.advance(LONG_S)

    async def _work(self, name: str) -> bool:
        """One worker; whether it came to the end of all work."""
        process = Process(self.house, name, self.trouble, self._told)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(process.live)
            tasks.start_soon(self._watch, tasks.cancel_scope)
            tasks.start_soon(self._run_out, process)
            await process.over.wait()
            tasks.cancel_scope.cancel()
        return not process.dead

    async def _watch(self, scope: anyio.CancelScope) -> None:
        """End the run when there is no work any more, asked after each settle."""
        while True:
            settled = self._settled
            if await self.house.world.is_quiet():
                scope.cancel()
            await settled.wait()

    async def _run_out(self, process: Process) -> None:
        """What a lost answer would have brought, or given back, belongs to no worker until it runs out: so it has run out."""
        await self._bereft.wait()
        is_held = process.worker.holds.has
        await self.house.world.run_out(is_held, LONG_S)
        while True:
            settled = self._settled
            await self.house.world.end_sayings(is_held)
            await settled.wait()

    async def judge(self) -> None:
        """Judge the run; where it broke a promise the error tells all of it, since it may never break again."""
        try:
            await self._judge()
        except AssertionError as error:
            error.add_note(await self._story())
            raise

    async def _story(self) -> str:
        trouble, house = self.trouble, self.house
        struck = [f"{blow} {moment}" for moment, blow in trouble.struck]
        return "\n".join(
            [
                f"struck: {struck}",
                "moments:",
                *(f"    {moment}" for moment in trouble.passed),
                f"said: {house.slack.texts('C1')}",
                "told:",
                *(f"    {line}" for line in house.lines),
                await house.world.show(),
            ]
        )

    async def _judge(self) -> None:
        """Nothing lost, nothing doubled, in order, and the truth in Slack."""
        house = self.house
        markers = [read_marker(issue.body) for issue in house.github.issues(TEAM_A)]
        assert house.github.titles(TEAM_A) == TITLES
        assert len({marker.ticket for marker in markers if marker is not None}) == len(TITLES)
        assert (await house.world.request(self.request))["state"] == "done"
        assert await house.world.dead() == []
        said = [message.text for message in house.slack.messages.values() if not message.blocks]
        finals = [text for text in said if text.startswith(":white_check_mark:")]
        assert finals
        first = [text for text in finals if "Posted again" not in text]
        cards = sum("`monarch show`" in text for text in first)
        # A card, and the one ending beside it.
        assert cards <= 1
        assert len(first) - cards <= 1
        assert len(finals) <= 2 + self._told.finals


TO_AND_FRO = 100


async def test_work_that_moves_while_it_is_asked_for_is_seen(
    server: EmbeddedValkey, short_reads: None
) -> None:
    """Asking each place in turn misses what is parked when its stream is asked, and back when the parked are."""
    async with connected(server.url, "tests", connections=20) as client:
        world = World(client, "to-and-fro")
        await world.open()
        await world.append(Stream.MIGRATIONS, {b"request": b"1-0", b"target": TEAM_A.encode()})

        async def move() -> None:
            streams = world.streams()
            for _ in range(TO_AND_FRO):
                await streams.settle(await one(streams, Stream.MIGRATIONS), Snooze("to", 0))
                assert (await streams.sweep({})).promoted == 1
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(move)
            while True:
                assert not await world.is_quiet()


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for in seconds comes in a moment."""
    monkeypatch.setattr("monarch.adapters.valkey.streams.BLOCK_MS", 50)
    monkeypatch.setattr("monarch.stages.reclaimer.EVERY_S", 0.1)
    monkeypatch.setattr("monarch.stages.consumer._STORE_PAUSE_S", 0.05)
    monkeypatch.setattr("monarch.core.card.telling.EDIT_EVERY_MS", 50)
    # The stand-in for GitHub acts at once or never, so a write in doubt has settled soon after it was permitted.
    monkeypatch.setattr("monarch.core.target.step.SETTLING_MS", 100 - PERMISSION_LIFE_MS)


async def told(server: EmbeddedValkey, name: str, blows: dict[int, Blow]) -> Run:
    """A run in a namespace of its own, judged."""
    async with connected(server.url, "tests", connections=20) as client:
        world = World(client, name)
        await world.open()
        run = Run(world, blows)
        await run.tell()
        await run.judge()
        return run


@pytest.mark.timeout(120)
@pytest.mark.parametrize("first", range(1, DEATHS + 1))
async def test_a_death_between_any_two_scripts_is_survived(
    server: EmbeddedValkey, brisk: None, first: int
) -> None:
    """Before and after each effect, to the last."""
    for number in itertools.count(first, DEATHS):
        run = await told(server, f"death-{number}", {number: Blow.DEATH})
        if number > len(run.trouble.passed):
            break

    assert number > LEAST_MOMENTS


@pytest.mark.timeout(120)
@pytest.mark.parametrize("first", range(1, LOSSES + 1))
async def test_a_script_without_an_answer_may_be_repeated(
    server: EmbeddedValkey, brisk: None, first: int
) -> None:
    """Whether it took effect or not."""
    for number in itertools.count(first, LOSSES):
        run = await told(server, f"lost-{number}", {number: Blow.LOST})
        if number > len(run.trouble.passed):
            break

    assert number > LEAST_MOMENTS
