"""Every write that makes no issue: a label, a milestone, an edit, a sub-issue, a dependency.

It receives a change to make and how to tell whether it is made, and promises that the write is sent only with a
permission, once for each permission, and that what came of it is on record.

**Each of these writes may be done twice.** The ledger keeps no intent of them, since repeating one doubles nothing:

- a second label or milestone of the same name is turned down by GitHub (422 `already_exists`), and that is the answer
  that we want;
- a body is replaced by the very body that the first edit wrote, since the same tickets and numbers give the same text;
- an issue has one parent at most, so it cannot become a sub-issue twice;
- an issue blocks another one or does not, so it cannot do so twice.

So after a write without an answer, this crossing or the next just looks at the target again and decides anew, without
waiting for what GitHub may do late. Two writes of one thing without an answer end the crossing as a counted failure: the
next one begins with a look, too. After some attempts the change is given up, as if it had been refused.
"""

from collections.abc import Awaitable, Callable
from typing import Final, assert_never

from monarch.core.outcome import (
    UNCLEAR,
    Accepted,
    AlreadyThere,
    Code,
    DetailOutcome,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    Unknown,
    Withheld,
)
from monarch.core.target.permission import Granted, WasAnswered, WasNotCreated, WasUnanswered
from monarch.core.verdict import Verdict
from monarch.stages.crossing.context import Context

UNANSWERED: Final = 2
"""How many unanswered writes of one thing end the crossing as a counted failure."""

Send = Callable[[Callable[[], bool]], Awaitable[DetailOutcome]]
"""Sends once, if the function that it receives says yes right before."""

Answer = Accepted | AlreadyThere | Permanent
"""The outcomes of a write that do not end the crossing. `Permanent` is a refusal, and fails nothing."""


class Nothing:
    """There is nothing to do: things are as they should be, or not ours to change."""


class OtherWrites:
    """The writes of one crossing that make no issue."""

    def __init__(self, context: Context) -> None:
        self._tools, self._subject = context.tools, context.subject
        self._desk = context.desk

    async def bring_about(
        self, what: str, decide: Callable[[], Awaitable[Send | Nothing | Verdict]]
    ) -> Answer | Nothing | Verdict:
        """Write until it is answered, or until there is nothing to do; a verdict ends the crossing.

        Args:
            what: for people, such as `label "bug"`.
            decide: looks at the target as it is now. It is called with the permission in hand, so that nothing but its
                own reading lies between what it saw and the write; and called again after a write without an answer.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        unanswered, why = 0, ""
        while unanswered < UNANSWERED:
            granted = await self._desk.grant()
            if not isinstance(granted, Granted):
                excuse = self._desk.excuse()
                return granted if excuse is None else _given_up(excuse)
            send = await decide()
            outcome = await self._send(send) if callable(send) else Withheld()
            answer = await self._note(what, granted, outcome)
            if not callable(send):
                return send
            if not isinstance(answer, Unknown | Withheld):
                return answer
            if isinstance(answer, Unknown):
                unanswered, why = unanswered + 1, answer.reason
        # Nothing is looked for any more, so only what GitHub said is left to say.
        said = why.removesuffix(f": {UNCLEAR}")
        reason = f"{UNANSWERED} writes had no clear answer ({what}): {said}"
        return _given_up(reason) if self._desk.has_patience_ended else self._desk.fail(reason)

    async def _send(self, send: Send) -> DetailOutcome:
        outcome, _ = await self._tools.timed(send(self._desk.may_send))
        return outcome

    async def _note(
        self, what: str, granted: Granted, outcome: DetailOutcome
    ) -> Answer | Unknown | Withheld | Verdict:
        """Record what became of it; a limit, a refused credential and a fault end the crossing."""
        desk, telemetry, target = self._desk, self._tools.telemetry, self._subject.name
        match outcome:
            case RateLimited() | Transient() | Permanent(Scope.CREDENTIAL):
                return await desk.give_up(None, granted, outcome)
            case Withheld():
                await desk.record(None, WasNotCreated(granted.nonce))
            case Unknown(reason):
                await desk.record(None, WasUnanswered(granted.nonce))
                telemetry.detail_unknown(target=target, what=what, reason=reason)
            case Accepted() | AlreadyThere() | Permanent():
                await desk.record(None, WasAnswered(granted.nonce))
                ended = await desk.gone(outcome)
                if ended is not None:
                    return ended
                if isinstance(outcome, Accepted):
                    telemetry.detail_written(target=target, what=what)
            case _:
                assert_never(outcome)
        return outcome


def _given_up(reason: str) -> Permanent:
    """A refusal for the whole repository, so that the others of its kind are not tried as well."""
    return Permanent(Scope.REPOSITORY, Code.OUT_OF_ATTEMPTS, reason)
