"""An audit changes nothing about healthy work, at any moment of its life.

A walk through lives of requests: each step is one that a fleet and its people can take, chosen by a seed, and after each
an audit finds nothing to do. Then everything is worked off, and every request has ended.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.core.target.permission import Taken
from monarch.core.verdict import Dead, Done, Handback, Retry, Said, Skipped, Snooze, Verdict
from monarch.ports import Audited, Hearing
from tests.contracts.moves import ME, TARGET, migrated, plan_for
from tests.contracts.telling import tell, tell_of
from tests.contracts.worlds import LEASE_S, World, a_message

REQUESTS, MIGRATIONS, NOTICES = Stream.REQUESTS, Stream.MIGRATIONS, Stream.NOTICES
TEAMS = ("org/team-a", "org/team-b", "org/team-c")
PLACES = dict.fromkeys(Stream, 10)
ENDS = {"done", "failed", "skipped", "dead", "cancelled"}
TOLD = {"source": "org/template", "channel": "C1"}
STEPS = 40


class Life:
    """A fleet of one, and what it has in hand."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.streams = world.streams()
        self.dice = random.Random(seed)  # noqa: S311 - a walk that can be repeated, no secret
        self.known: list[RequestId] = []
        self.held: list[Delivery] = []

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        """What may come next; what comes more often stands here more often."""
        often = [self.hear, self.produce, self.receive, self.receive, self.settle, self.settle]
        return [*often, self.settle, self.take, self.tell, self.time, self.sweep, self.people]

    async def hear(self) -> None:
        """A message comes by the channel."""
        hearing = Hearing(str(len(self.known)), a_message(*TEAMS))
        (request,) = await self.world.inbox("replica").mirror([hearing])
        assert request is not None
        self.known.append(request)

    async def produce(self) -> None:
        """A producer appends one itself."""
        entry = await self.world.append(REQUESTS, {b"payload": a_message(*TEAMS)})
        self.known.append(RequestId(entry))

    async def receive(self) -> None:
        """Take something on."""
        stream = self.dice.choice(list(Stream))
        self.held += await self.streams.receive(stream, 2)

    async def sweep(self) -> None:
        """Promote, and take over; what is handed out again is held once."""
        swept = await self.streams.sweep(PLACES)
        again = {delivery.token.entry for delivery in swept.deliveries}
        self.held = [d for d in self.held if d.token.entry not in again] + [*swept.deliveries]

    async def take(self) -> None:
        """A target's lock, for a migration in hand."""
        for delivery in self.held:
            if delivery.token.stream is MIGRATIONS:
                await self.world.ledger().take(delivery, TARGET, ME)
                return

    async def settle(self) -> None:
        """Whatever a handler may say."""
        if not self.held:
            return
        delivery = self.held.pop(self.dice.randrange(len(self.held)))
        usual: list[Verdict] = [
            Retry("it failed", 3, _details(delivery)),
            _snooze(delivery),
            Handback(),
        ]
        verdict = self.dice.choice([*usual, *_ends(delivery)])
        await self._read(delivery, verdict)
        await self.streams.settle(delivery, verdict)

    async def _read(self, delivery: Delivery, verdict: Verdict) -> None:
        """A notice that is said was read before."""
        if delivery.token.stream is Stream.NOTICES and isinstance(verdict, Done):
            await tell_of(self.world, delivery)

    async def tell(self) -> None:
        """All that waits to be told."""
        await tell(self.world)

    async def time(self) -> None:
        """Some goes by: leases run out, parked work falls due."""
        await self.world.advance(self.dice.choice([1, 4, LEASE_S + 1]))

    async def people(self) -> None:
        """A person does something."""
        hands, letters = self.world.hands, [one["id"] for one in await self.world.dead()]
        match self.dice.randrange(5):
            case 0:
                await hands.pause("ann")
            case 1:
                await hands.resume("ann")
            case 2 if self.known:
                await hands.cancel(self.dice.choice(self.known), "ann")
            case _:
                await hands.replay(letters[:2], "ann")

    async def end(self) -> None:
        """Work everything off."""
        await self.world.hands.resume("ann")
        for _ in range(8):
            await self.world.advance(LEASE_S + 1)
            await self.sweep()
            for stream in Stream:
                self.held += await self.streams.receive(stream, 100)
            for delivery in self.held:
                verdict = _ends(delivery)[0]
                await self._read(delivery, verdict)
                await self.streams.settle(delivery, verdict)
            self.held = []


def _details(delivery: Delivery) -> dict[str, str]:
    return TOLD if delivery.token.stream is REQUESTS else {}


def _snooze(delivery: Delivery) -> Snooze:
    waits_for = TARGET if delivery.token.stream is MIGRATIONS else None
    return Snooze("not now", 30, waits_for, details=_details(delivery))


def _ends(delivery: Delivery) -> list[Verdict]:
    match delivery.token.stream:
        case Stream.REQUESTS:
            skipped = Done(Skipped("org/template", "C1", TEAMS))
            return [plan_for(*TEAMS), Dead(Code.NOT_FOUND, "no source", TOLD), skipped]
        case Stream.MIGRATIONS:
            return [migrated(), Dead(Code.ARCHIVED, "unarchive it")]
        case Stream.NOTICES:
            return [Done(Said()), Dead(Code.SLACK_REFUSED, "no channel")]


@pytest.mark.parametrize("seed", range(4))
async def test_an_audit_changes_nothing_about_healthy_work(world: World, seed: int) -> None:
    """Not in any state that normal work goes through; and all of it ends."""
    life = Life(world, seed)
    for _ in range(STEPS):
        await life.dice.choice(life.steps())()
        await world.advance(6)

        assert replace(await world.streams("auditor").audit(), consumers=0) == Audited()

    await life.end()
    states = {request: (await world.request(request))["state"] for request in life.known}
    assert set(states.values()) <= ENDS, states
    assert await world.parked() == 0
    assert [await world.length(stream) for stream in Stream] == [0, 0, 0]


async def test_a_taken_migration_is_healthy(world: World) -> None:
    """The walk above does hold targets."""
    life = Life(world, 0)
    await life.hear()
    (request,) = await life.streams.receive(REQUESTS, 1)
    await life.streams.settle(request, plan_for(*TEAMS))
    (delivery,) = await life.streams.receive(MIGRATIONS, 1)

    assert isinstance(await world.ledger().take(delivery, TARGET, ME), Taken)
    await world.advance(6)
    assert replace(await world.streams("auditor").audit(), consumers=0) == Audited()
