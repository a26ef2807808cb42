"""The watch over a target: all that a crossing knows of it at a moment, and what people must hear about at once.

It has what the ledger says and what the looks have shown so far. It looks when asked to, never before every intent on
record has happened or cannot happen any more, and keeps the newest complete sight; copies that are created meanwhile are
added to it. It reports strays and planted markers when it sees them, whatever becomes of the crossing.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

import anyio

from monarch.core.copy.render import title_of
from monarch.core.copy.style import Copying
from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Found, ReadFailure
from monarch.core.plan import Plan
from monarch.core.target.evidence import Evidence
from monarch.core.target.look import Seen, see, skipped, strays_of
from monarch.core.target.permission import Taken, WasStray
from monarch.core.target.step import (
    CreatedAs,
    Fate,
    Intended,
    LedgerRecord,
    first_look_at_ms,
)
from monarch.core.target.tally import tally
from monarch.core.ticket import Author, Issue, Ticket
from monarch.core.timing import SETTLING_MS
from monarch.core.verdict import Verdict
from monarch.stages.crossing.desk import Desk
from monarch.stages.crossing.looks import CompleteLook, look
from monarch.stages.crossing.subject import Subject, Tools


class Watch:
    """What one crossing knows: its whole state, which the parts of the crossing share.

    Attributes:
        records: what the ledger says, by ticket; the part that records a fact about a copy changes it, too.
        unanswered: how many writes of a ticket this crossing has sent of which nothing is known.
        unknown: why nothing is known of a ticket's newest one.
        seen: what the newest look shows.
        issues: what it read, by number.
        looked_at_ms: when it began, by the server's clock.
        numbers: the copies known to exist: seen, created by us, or read by their number.
        fates: what became of copies on record that the look does not show, as far as they were read, by number.
    """

    def __init__(
        self,
        tools: Tools,
        subject: Subject,
        desk: Desk,
        taken: Taken,
    ) -> None:
        self._tools = tools
        self._subject = subject
        self._desk = desk
        self._us = subject.us
        # Our estimate of the server's clock: a little behind it, so waits are never too short.
        self._server_ms, self._asked_at = taken.now_ms, tools.clock.now()
        self._reported: set[int] = set()
        self.records: dict[TicketId, LedgerRecord] = dict(taken.records)
        self.unanswered: Counter[TicketId] = Counter()
        self.unknown: dict[TicketId, str] = {}
        self.seen = Seen()
        self.issues: dict[int, Issue] = {}
        self.looked_at_ms = 0
        self.numbers: dict[TicketId, int] = {}
        self.fates: dict[int, Fate] = {}

    @property
    def has_open(self) -> bool:
        """Whether we have written a copy whose outcome is unknown."""
        open_ones = (one for one, times in self.unanswered.items() if times)
        return any(isinstance(self.records.get(one), Intended) for one in open_ones)

    def now_ms(self) -> int:
        """The server's clock."""
        return self._server_ms + int((self._tools.clock.now() - self._asked_at) * 1000)

    async def until(self, at_ms: int) -> None:
        """Wait, with the lease renewed, until the server's clock says `at_ms`.

        A sleep may end up to a millisecond early: libuv counts in whole ones. A look that begins that early would not
        decide about the intent that it waited for.
        """
        while (wait_ms := at_ms - self.now_ms()) > 0:
            await self._subject.hold.sleep(wait_ms / 1000)

    async def look(self) -> Verdict | None:
        """Look, once every intent on record has happened or cannot happen any more; `None` if the look was complete."""
        records = [r for t in self._subject.tickets if (r := self.records.get(t.id))]
        await self.until(first_look_at_ms(records))
        looked_at_ms = self.now_ms()
        sight = await look(
            self._tools.github,
            self._subject.repository,
            self._evidence(),
            self._subject.hold.check,
            self._tools.aside,
        )
        if isinstance(sight, ReadFailure):
            return await self._desk.judge(sight)
        self.seen, self.issues, self.looked_at_ms = sight.seen, dict(sight.issues), looked_at_ms
        self.numbers = self._own(sight.seen)
        self.fates = dict.fromkeys(sight.gone, Fate.DELETED)
        await self._count(sight)
        await self._report(self.seen)
        return None

    async def look_behind(self) -> None:
        """Look for what became of a write of ours without an answer, now that another worker has the target.

        That worker may have looked before GitHub acted, and be done: a process that was frozen right before the bytes
        left is the only one that knows of them. To look and to report needs no lease. It looks at once, and again when
        GitHub can act no more.
        """
        for wait_s in (0.0, SETTLING_MS / 1000):
            await anyio.sleep(wait_s)
            sight = await look(
                self._tools.github,
                self._subject.repository,
                self._evidence(),
                lambda: None,
                self._tools.aside,
            )
            if isinstance(sight, CompleteLook):
                await self._report(sight.seen)

    async def created(self, ticket: Ticket, number: int) -> None:
        """Add a new copy that no look has shown yet.

        Read the numbers that others took meanwhile: a copy by a zombie would be among them. The look at the end shows
        what cannot be read now.
        """
        found = []
        for taken in skipped(self.seen.highest, number):
            answer = await self._tools.github.read_issue(self._subject.repository, taken)
            if isinstance(answer, Found):
                found.append(answer.value)
        evidence = self._evidence()
        beside = await self._tools.aside(lambda: see(found, evidence)) if found else Seen()
        self.issues.update((issue.number, issue) for issue in found)
        copies = {**beside.copies, **self.seen.copies}
        highest = max(self.seen.highest, number)
        adopted = self.seen.adopted | (beside.adopted - self.seen.copies.keys())
        self.seen = Seen(copies, self.seen.strays, self.seen.planted, highest, adopted)
        self.numbers = {**self._own(self.seen), **self.numbers, ticket.id: number}

    async def learn(self, author: Author | None) -> Verdict | None:
        """Learn whom GitHub names as the author of a copy that we have just created; `None`: go on.

        If it was not certain before who we are, look at the target again: what was taken for a copy until now may be
        another author's.
        """
        if author is None or (self._us.is_certain and self._us.know(author)):
            return None
        before, credential = self._us, self._subject.credential
        self._us = await self._tools.logins.introduce(credential, author)
        return None if before.is_certain else await self.look()

    async def find(self, ticket: Ticket, number: int) -> Fate | Verdict:
        """What became of a copy on record whose marker no look shows.

        An issue with that number proves nothing by itself: it has to be the one on record (`CreatedAs.is_issue`).
        """
        known = self.fates.get(number)
        if known is not None:
            return known
        if number not in self.issues:
            self._subject.hold.check()
            answer = await self._tools.github.read_issue(self._subject.repository, number)
            match answer:
                case Found(issue):
                    self.issues[number] = issue
                case Absent(taken):
                    self.fates[number] = Fate.DELETED if taken else Fate.NEVER
                    return self.fates[number]
                case _:
                    return await self._desk.judge(answer)
        record = self.records.get(ticket.id)
        if isinstance(record, CreatedAs) and not record.is_issue(self.issues[number].id):
            self.fates[number] = Fate.NEVER
            return await self._desk.identity() or Fate.NEVER
        self.numbers[ticket.id] = number
        self.fates[number] = Fate.THERE
        return Fate.THERE

    async def number_of(self, ticket: Ticket) -> int | Verdict | None:
        """The number of a ticket's copy, also where its marker was edited away; `None` where it has none (any more)."""
        record, number = self.records.get(ticket.id), self.seen.copies.get(ticket.id)
        known = self.numbers.get(ticket.id, number)
        if known is None and isinstance(record, CreatedAs):
            fate = await self.find(ticket, record.number)
            if not isinstance(fate, Fate):
                return fate
            return self.numbers.get(ticket.id)
        return known

    async def for_each_copy(
        self, tickets: Iterable[Ticket], act: Callable[[Ticket, int], Awaitable[Verdict | None]]
    ) -> Verdict | None:
        """Act on the copy of each ticket that has one, in order, up to the first verdict."""
        for ticket in tickets:
            number = await self.number_of(ticket)
            ended = await act(ticket, number) if isinstance(number, int) else number
            if ended is not None:
                return ended
        return None

    def copying(self, plan: Plan) -> Copying:
        """What to write a copy of this plan's tickets with, by the numbers that are known now."""
        return Copying(
            plan,
            self._subject.name,
            self._subject.repository.id,
            self._tools.style,
            dict(self.numbers),
            self.seen.highest,
        )

    def _evidence(self) -> Evidence:
        """The evidence that a sight is judged by: the ledger as known by now, and who we are."""
        target, style = self._subject.repository.id, self._tools.style
        plan = self._subject.plan
        tickets = plan.tickets if style.adopt else ()
        titles = {ticket.id: title_of(ticket) for ticket in plan.everything}
        return Evidence(target, self._us, self.records, style.seal, tickets, titles)

    def _own(self, seen: Seen) -> dict[TicketId, int]:
        """The copies of this plan, and of the template's other portions."""
        tickets = self._subject.plan.everything
        return {one.id: seen.copies[one.id] for one in tickets if one.id in seen.copies}

    async def _count(self, sight: CompleteLook) -> None:
        """Record the counts that people see of this target while it is worked on, and if the work fails."""
        subject = self._subject
        healed = {ticket.id for ticket in subject.share.tickets} if subject.entry.heal else ()
        counted = tally(subject.plan, sight.seen, self.records, sight.gone, healed)
        await self._desk.record(None, counted)

    async def _report(self, seen: Seen) -> None:
        """Report each once. The ledger has the last word on which of two copies is the second."""
        name, telemetry = self._subject.name, self._tools.telemetry
        for stray in strays_of(self._subject.share, seen):
            if stray.number not in self._reported:
                fact = WasStray(stray.number, stray.original)
                second = (await self._desk.record(stray.ticket, fact)).stray
                if second is not None:
                    self._reported |= {stray.number, second}
                    kept = stray.original if second == stray.number else stray.number
                    telemetry.stray_found(target=name, number=second, kept=kept)
        for number in seen.planted:
            if number not in self._reported:
                telemetry.marker_planted(target=name, number=number)
        self._reported |= set(seen.planted)
