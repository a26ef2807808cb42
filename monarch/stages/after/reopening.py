"""Reopening: besides making deleted copies again, a healing reopens the copies that a recall has closed.

A person has asked for these very copies, so it does not matter who has touched them since. What can still go wrong is
what can go wrong with any change (`stages.after.changes`).
"""

from functools import partial

from monarch.core.after.acts import Change
from monarch.core.after.later import NOTHING
from monarch.core.after.standing import Standing, standing
from monarch.core.outcome import Absent, Found, Permanent
from monarch.core.ticket import Ticket
from monarch.core.verdict import Verdict, judge
from monarch.stages.after.changes import Changes
from monarch.stages.crossing.context import Context


class Reopening:
    """Opens recalled copies of one healing."""

    def __init__(self, context: Context) -> None:
        self._tools, self._subject = context.tools, context.subject
        self._desk, self._watch = context.desk, context.watch
        self._later = context.later
        self._changes = Changes(context)

    async def run(self) -> Verdict | None:
        """Open them in order; nothing where this is no healing.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        for ticket in self._subject.tickets if self._subject.entry.heal else ():
            number = self._watch.numbers.get(ticket.id)
            ended = None if number is None else await self._reopen(ticket, number)
            if ended is not None:
                return ended
        return None

    async def _reopen(self, ticket: Ticket, number: int) -> Verdict | None:
        is_recalled = partial(self._is_recalled, ticket, number)
        first = await is_recalled()
        if first is not True:
            return None if first is False else first
        answer = await self._changes.make(ticket.id, Change.REOPEN, number, is_recalled)
        if isinstance(answer, Permanent):
            tools, attempts = self._tools, self._subject.delivery.attempts
            return judge(answer, attempts, tools.policy, tools.dice())
        return answer if isinstance(answer, Verdict) else None

    async def _is_recalled(self, ticket: Ticket, number: int) -> bool | Verdict:
        self._subject.hold.check()
        answer = await self._tools.github.read_issue(self._subject.repository, number)
        match answer:
            case Found(issue):
                later = self._later.get(ticket.id, NOTHING)
                return standing(issue, later, self._subject.us) is Standing.RECALLED
            case Absent():
                return False
            case _:
                return await self._desk.judge(answer)
