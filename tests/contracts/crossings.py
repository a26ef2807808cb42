"""A crossing in a contract test: a migration in hand that asks to write one ticket after another."""

from dataclasses import dataclass, replace

from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.delivery import Delivery
from monarch.core.ids import TargetId, TicketId
from monarch.core.target.permission import (
    Credential,
    Fact,
    GivesWay,
    Granted,
    Permission,
    Taken,
    Wait,
    WasCreated,
    Wish,
)
from monarch.ports import Ledger
from tests.contracts.moves import ME, TARGET, migrating, taken
from tests.contracts.worlds import NO_CEILINGS, World

NEXT = TicketId(0)
"""Stands for the ticket whose turn it is."""

PATIENT = replace(Pace(), late_ms=120_000)
"""A line that waits longer for its members than a test takes, on a busy machine too."""


@dataclass
class Crossing:
    """Asks to write one ticket after another, under the lock that it took at its look."""

    world: World
    delivery: Delivery
    target: TargetId = TARGET
    ceilings: Ceilings = NO_CEILINGS
    look: Taken | None = None
    pace: Pace | None = None
    me: Credential = ME
    asked: int = 0

    @property
    def ledger(self) -> Ledger:
        """The ledger, under the crossing's ceilings."""
        return self.world.ledger(self.ceilings, pace=self.pace)

    async def ask(self, ticket: TicketId | None = NEXT) -> Permission:
        """Ask to write the next ticket; `None`: something that is no ticket."""
        assert self.look is not None
        if ticket == NEXT:
            self.asked += 1
            ticket = TicketId(self.asked)
        wish = Wish(self.look.epoch, ticket)
        return await self.ledger.permit(self.delivery, self.target, self.me, wish)

    async def written(self, ticket: TicketId | None = NEXT) -> Granted:
        """A write that may begin, and is not answered yet."""
        answer = await self.ask(ticket)
        assert isinstance(answer, Granted)
        return answer

    async def done(self) -> None:
        """A write, from beginning to end."""
        await self.created(await self.written())

    async def created(self, granted: Granted) -> None:
        """GitHub has created the copy."""
        await self.answered(WasCreated(self.asked, granted.nonce))

    async def answered(self, fact: Fact, ticket: TicketId | None = NEXT) -> None:
        """Record what became of the last write."""
        ticket = TicketId(self.asked) if ticket == NEXT else ticket
        await self.ledger.record(self.delivery, self.target, ticket, self.me, fact)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and take the target again: its lock may have run out."""
        await self.world.advance(seconds)
        self.look = await taken(self.world, self.delivery)


@dataclass
class InLine(Crossing):
    """One of several that wait for each other's writes: takes its target before it asks, and asks again after a wait."""

    pace: Pace | None = PATIENT

    async def take(self) -> Taken | GivesWay:
        """Take the target, or give way."""
        answer = await self.world.ledger().take(self.delivery, self.target, ME)
        assert isinstance(answer, Taken | GivesWay)
        self.look = answer if isinstance(answer, Taken) else None
        return answer

    async def ask(self, ticket: TicketId | None = NEXT) -> Permission:
        """See `Crossing.ask`."""
        await self.take()
        answer = await super().ask(ticket)
        self.asked -= isinstance(answer, Wait)
        return answer

    async def waits(self) -> Wait:
        """It has to wait."""
        answer = await self.ask()
        assert isinstance(answer, Wait)
        return answer

    async def is_written(self) -> bool:
        """Ask, and write if it may."""
        answer = await self.ask()
        assert isinstance(answer, Granted | Wait)
        if isinstance(answer, Granted):
            await self.created(answer)
        return isinstance(answer, Granted)


async def writing(world: World, ceilings: Ceilings = NO_CEILINGS) -> Crossing:
    """A crossing under these ceilings."""
    delivery = await migrating(world)
    return Crossing(world, delivery, ceilings=ceilings, look=await taken(world, delivery))
