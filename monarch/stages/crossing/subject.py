"""What every part of a crossing receives: its tools, and what it is about."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from monarch.core.copy.style import Style
from monarch.core.delivery import Delivery, MigrationEntry
from monarch.core.plan import Plan
from monarch.core.target.logins import Us
from monarch.core.target.permission import Credential
from monarch.core.ticket import Repository, Ticket
from monarch.core.verdict import Policy
from monarch.ports import Budget, Clock, GitHub, Ledger, Logins
from monarch.stages.lease import Hold
from monarch.stages.support.aside import Aside, on_the_loop
from monarch.telemetry import Telemetry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tools:
    """What a crossing works with."""

    github: GitHub
    logins: Logins
    ledger: Ledger
    budget: Budget
    telemetry: Telemetry
    clock: Clock
    dice: Callable[[], float]
    policy: Policy
    style: Style = field(default_factory=Style)
    aside: Aside = on_the_loop

    async def timed(self, write: Awaitable[T]) -> tuple[T, float]:
        """What became of a write, and how many seconds it took; telemetry has both."""
        began = self.clock.now()
        outcome = await write
        seconds = self.clock.now() - began
        self.telemetry.write_finished(outcome=type(outcome).__name__, seconds=seconds)
        return outcome, seconds


@dataclass(frozen=True, slots=True)
class Subject:
    """What a crossing is about. `us` is who we are, as known when it began; `asked_ms` and `act_ms` are those of its `Origin`."""

    delivery: Delivery
    hold: Hold
    entry: MigrationEntry
    plan: Plan
    repository: Repository
    credential: Credential
    us: Us
    asked_ms: int
    act_ms: int | None = None

    @property
    def since_ms(self) -> int:
        """What was done to a copy since then was done for this very wish, by whichever worker."""
        return self.asked_ms if self.act_ms is None else self.act_ms

    @property
    def name(self) -> str:
        """The target's canonical name."""
        return self.repository.full_name

    @property
    def share(self) -> Plan:
        """The part of the plan that the crossing acts on: all of it, or what it heals."""
        heal = self.entry.heal
        if not heal:
            return self.plan
        return replace(self.plan, tickets=tuple(t for t in self.plan.tickets if t.id in heal))

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """The tickets of its share, in order."""
        return self.share.tickets

    @property
    def for_second_pass(self) -> tuple[Ticket, ...]:
        """The tickets whose copies the second pass goes through.

        They include those of other portions: what these refer to, or lie below, may just have been copied. A healing
        touches only its share.
        """
        return self.tickets if self.entry.heal else self.plan.everything
