"""Changes: one copy that is there is closed or opened, so that a late old write never comes over a newer one.

```
ask (pending on record) --Granted--> decide on a fresh reading --> send once --> changed | withdrawn | still pending
     ^------ wait until it has settled, and see what came of it <--- MustReconcile, or no answer ---|
```

An unanswered close that is seen to have taken effect goes on record like an answered one: GitHub shows that the issue is
closed, and not why.

Closing twice is as good as once. But GitHub may carry out an unanswered write 20 s late, and by then a person, or the
undoing of a recall, may have opened the issue again. So the ledger names each such write before it is sent, and no
worker writes to that copy before it has settled. `permit.lua` enforces that; the target's lock alone would not, since it
passes on while a write of its last holder is under way.

What can still go wrong: GitHub acts later than 20 s; this process is frozen between the last check and the bytes; a
person opens the issue within those 20 s, while an unanswered close is under way. Then the issue ends closed, and its
history shows both.
"""

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Final

from monarch.core.advice import Advice
from monarch.core.after.acts import Change
from monarch.core.after.later import Pending
from monarch.core.after.standing import took_effect
from monarch.core.ids import TicketId
from monarch.core.outcome import (
    Absent,
    Accepted,
    AlreadyThere,
    Code,
    DetailOutcome,
    Found,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    Unknown,
    Withheld,
)
from monarch.core.target.permission import (
    Granted,
    Intention,
    MustReconcile,
    WasAnswered,
    WasChanged,
    WasNotCreated,
    WasUnanswered,
)
from monarch.core.ticket import Issue
from monarch.core.timing import SETTLING_MS
from monarch.core.verdict import Verdict, judge
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.other_writes import UNANSWERED, Answer, Nothing, Send

ROUNDS: Final = 3
"""A copy that has changed this often between reading and write is left: a person is at work on it."""

GONE: Final = frozenset({Code.NOT_FOUND, Code.ISSUES_DISABLED})
"""What GitHub answers about an issue that is not there any more."""

_WRITE: Final = Advice("give Monarch's account the right to change issues there")

IsStill = Callable[[], Awaitable[bool | Verdict]]
"""Reads the copy, and says whether it is still to be changed."""


class Became(Enum):
    """What became of a copy that was to be changed; `OTHER`: it was not as it was read, so look again."""

    CHANGED = "changed"
    GONE = "gone"
    OTHER = "other"


class Changes:
    """The changes of one act."""

    def __init__(self, context: Context) -> None:
        self._tools, self._subject = context.tools, context.subject
        self._desk, self._until = context.desk, context.watch.until

    async def make(
        self,
        ticket: TicketId,
        change: Change,
        number: int,
        is_still: IsStill,
        send: Send | None = None,
    ) -> Answer | Nothing | Verdict:
        """Change one copy, once it is certain that no older change is under way; a verdict ends the act.

        `is_still` is called with the permission in hand, and again after a write without an answer. `send` sends an
        edit; a close or a reopening needs none.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        unanswered, reconciled = 0, None
        while unanswered < UNANSWERED:
            permission = await self._desk.ask_change(Intention(ticket, change, number, reconciled))
            if isinstance(permission, MustReconcile):
                reconciled = permission.intended.nonce
                await self._until(permission.intended.at_ms + SETTLING_MS)
                continue
            if not isinstance(permission, Granted):
                return permission
            wanted = await is_still()
            outcome = await self._send(change, number, send) if wanted is True else Withheld()
            answer = await self._note(ticket, change, number, permission, outcome)
            if wanted is not True:
                return Nothing() if wanted is False else wanted
            if not isinstance(answer, Unknown | Withheld):
                return answer
            if isinstance(answer, Unknown):
                unanswered, reconciled = unanswered + 1, permission.nonce
                await self._until(permission.until_ms + SETTLING_MS)
                seen = await self._seen(ticket, change, number, permission)
                if seen is not None:
                    return seen
        return self._desk.fail(
            f"GitHub left {UNANSWERED} writes without an answer: {change} #{number}"
        )

    async def became(self, answer: Answer | Nothing | Verdict, number: int) -> Became | Verdict:
        """What `make` came to for copy `number`; a refusal that is not about this copy ends the act."""
        match answer:
            case Accepted() | AlreadyThere():
                return Became.CHANGED
            case Permanent(Scope.TICKET, code) if code in GONE:
                return await self._gone(number, answer)
            case Permanent():
                tools, attempts = self._tools, self._subject.delivery.attempts
                return judge(answer, attempts, tools.policy, tools.dice())
            case Nothing():
                return Became.OTHER
            case _:
                return answer

    async def _gone(self, number: int, refusal: Permanent) -> Became | Verdict:
        """Believe that a copy is gone only if a reading says so, too: a right that is missing may look the same."""
        answer = await self._tools.github.read_issue(self._subject.repository, number)
        match answer:
            case Absent():
                return Became.GONE
            case Found():
                advice = refusal.advice if refusal.advice.text else _WRITE
                reason = f"GitHub shows #{number} and refuses to change it: {refusal.reason}"
                return self._desk.fail(reason, advice)
            case _:
                return await self._desk.judge(answer)

    async def is_still(self, read: Issue) -> bool | Verdict:
        """Whether GitHub shows the very issue that was read, its counts and `updated_at` included."""
        answer = await self._tools.github.read_issue(self._subject.repository, read.number)
        match answer:
            case Found(issue):
                return issue == read
            case Absent():
                return False
            case _:
                return await self._desk.judge(answer)

    async def _seen(
        self, ticket: TicketId, change: Change, number: int, granted: Granted
    ) -> Accepted | Verdict | None:
        """Find out whether a write without an answer took effect after all, and record that; `None`: it did not.

        The issue alone does not show that for an edit: `is_still` decides whether it is still to be made.
        """
        if change is Change.EDIT:
            return None
        answer = await self._tools.github.read_issue(self._subject.repository, number)
        if not isinstance(answer, Found | Absent):
            return await self._desk.judge(answer)
        pending = Pending(change, number, granted.until_ms, granted.nonce)
        if isinstance(answer, Absent) or not took_effect(pending, answer.value, self._subject.us):
            return None
        await self._desk.record(ticket, WasChanged(change, number, granted.nonce, is_seen=True))
        return Accepted()

    async def _send(self, change: Change, number: int, send: Send | None) -> DetailOutcome:
        if send is None:
            wanted = Change.CLOSE if change.closes else Change.REOPEN
            github, repository = self._tools.github, self._subject.repository
            send = partial(github.change_state, repository, number, wanted)
        outcome, _ = await self._tools.timed(send(self._desk.may_send))
        return outcome

    async def _note(
        self,
        ticket: TicketId,
        change: Change,
        number: int,
        granted: Granted,
        outcome: DetailOutcome,
    ) -> Answer | Unknown | Withheld | Verdict:
        """Record what became of it. A limit, a refused credential and a fault end the act."""
        desk, telemetry, target = self._desk, self._tools.telemetry, self._subject.name
        match outcome:
            case RateLimited() | Transient() | Permanent(Scope.CREDENTIAL):
                return await desk.give_up(ticket, granted, outcome)
            case Withheld():
                await desk.record(ticket, WasNotCreated(granted.nonce))
            case Unknown(reason):
                await desk.record(ticket, WasUnanswered(granted.nonce))
                telemetry.detail_unknown(target=target, what=f"{change} #{number}", reason=reason)
            case Permanent():
                await desk.record(ticket, WasAnswered(granted.nonce))
                return await desk.gone(outcome) or outcome
            case Accepted() | AlreadyThere():
                await desk.record(ticket, WasChanged(change, number, granted.nonce))
                telemetry.detail_written(target=target, what=f"{change} #{number}")
        return outcome
