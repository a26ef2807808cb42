"""The notifier posts the state of a cohort to its channel.

It receives a notice, decides what Slack should show of its cohort now, posts it, and promises that the channel never
reads what is not so.

A notice carries no text. The notifier renders the cohort's present state, under a short lock, and posts nothing older than
what was posted. A failing Slack never runs a migration again: no other stage waits for the notifier.

`core.card.telling` decides what to post, and when: one card that is edited in place, a reply in its thread for each cause
of failures, and one ending. This module records each step before and after it is taken.
"""

from collections.abc import Callable
from typing import Final, assert_never

import anyio

from monarch.core.budget.forecast import Forecast
from monarch.core.card.telling import (
    CARD,
    ENDING,
    EditMessage,
    Manner,
    Message,
    Post,
    Step,
    Telling,
    Unchanged,
    UpToDate,
    WaitLonger,
    after,
    after_gone,
    after_loss,
    next_step,
)
from monarch.core.delivery import Delivery, FormerNoticeEntry, NoticeEntry
from monarch.core.ids import CohortId
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Transient
from monarch.core.target.permission import Busy
from monarch.core.timing import TELLING_BEGINS_WITHIN_S
from monarch.core.verdict import Dead, Done, Policy, Retry, Said, Snooze, Verdict, Waits, judge
from monarch.ports import Cards, Clock, Gone, Outlook, Posted, Slack, Unanswered
from monarch.stages.lease import Hold
from monarch.telemetry import Telemetry

_EDIT_EVERY_S: Final = 300.0
"""Delay between tries of a remaining edit once all attempts are used up, in seconds."""

_BUSY_S: Final = 2.0
_BUSY_TRY_S: Final = 0.2
_BUSY_TRIES: Final = 10
_UNLOCK_WITHIN_S: Final = 1.0

Failure = ReadFailure | Unanswered


class _TooLate(Exception):  # noqa: N818 - it is no error: it ends the telling
    """Another worker may be posting by now: begin again."""


class Notifier:
    """The handler of the stream of notices."""

    def __init__(
        self,
        slack: Slack,
        cards: Cards,
        outlook: Outlook,
        telemetry: Telemetry,
        clock: Clock,
        policy: Policy,
        dice: Callable[[], float],
        manner: Manner,
    ) -> None:
        self._clock = clock
        self._slack = slack
        self._cards = cards
        self._outlook = outlook
        self._telemetry = telemetry
        self._policy = policy
        self._dice = dice
        self._manner = manner

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """See `consumer.Handler.handle`."""
        match delivery.entry:
            case FormerNoticeEntry(request):
                return _busy() if await self._cards.adopt(delivery, request) else Done(Said())
            case NoticeEntry(cohort):
                try:
                    return await self._tell(cohort, delivery, hold)
                except _TooLate:
                    return Snooze("it took too long to begin telling", 0, kind=Waits.BUSY)
            case entry:
                return Dead(Code.UNREADABLE, f"expected a notice, not {entry!r}")

    async def _tell(self, cohort: CohortId, delivery: Delivery, hold: Hold) -> Verdict:
        telling, until_s = await self._begin(delivery, cohort, hold)
        match telling:
            case None:
                return Done(Said())
            case Busy():
                return _busy()
            case Telling():
                return await self._tell_locked(telling, until_s, delivery, hold)
            case _:
                assert_never(telling)

    async def _tell_locked(
        self, telling: Telling, until_s: float, delivery: Delivery, hold: Hold
    ) -> Verdict:
        """Post, and release the lock however that ends: a stopping worker must not keep it."""
        try:
            hold.check()
            return await self._take_steps(telling, until_s, delivery)
        finally:
            with anyio.move_on_after(_UNLOCK_WITHIN_S, shield=True):
                await self._cards.end(delivery, telling.view.id)

    async def _begin(
        self, delivery: Delivery, cohort: CohortId, hold: Hold
    ) -> tuple[Telling | Busy | None, float]:
        """Take the lock, and say until when a call may begin; wait for another holder, which is done in a moment."""
        for _ in range(_BUSY_TRIES):
            until_s = self._clock.now() + TELLING_BEGINS_WITHIN_S
            telling = await self._cards.begin(delivery, cohort)
            if not isinstance(telling, Busy):
                return telling, until_s
            await hold.sleep(_BUSY_TRY_S)
        return Busy(), 0.0

    def _check(self, until_s: float) -> None:
        if self._clock.now() > until_s:
            raise _TooLate

    async def _take_steps(self, telling: Telling, until_s: float, delivery: Delivery) -> Verdict:
        """Take one step after the other until there is none, or until one fails."""
        forecast = await self._forecast(telling)
        while True:
            step = next_step(telling, self._manner, forecast, ending_first=delivery.attempts > 0)
            match step:
                case UpToDate():
                    return Done(Said())
                case WaitLonger(wait_ms, is_ending):
                    kind = Waits.ENDING if is_ending else Waits.OTHER
                    return Snooze("the next word is due later", wait_ms / 1000, kind=kind)
                case Post() | EditMessage() | Unchanged():
                    self._check(until_s)
                    outcome = await self._take(step, telling, until_s)
                case _:
                    assert_never(step)
            if not isinstance(outcome, Telling):
                return self._judge(outcome, step, telling, delivery)
            telling = outcome

    async def _forecast(self, telling: Telling) -> Forecast | None:
        """When the last of its requests will be done: those of a cohort are filled in their order."""
        left = [request for request in telling.view.requests if not request.has_ended]
        is_behind = telling.channel is not None and telling.said_version < telling.view.version
        return await self._outlook.forecast(left[-1].id) if left and is_behind else None

    async def _take(
        self, step: Post | EditMessage | Unchanged, telling: Telling, until_s: float
    ) -> Telling | Failure:
        match step:
            case Unchanged(what, message):
                view = telling.view
                await self._cards.said(view.id, what, view.version, None)
                return after(telling, step, message)
            case EditMessage():
                return await self._edit(step, telling)
            case Post():
                return await self._post(step, telling, until_s)
            case _:
                assert_never(step)

    async def _post(self, step: Post, telling: Telling, until_s: float) -> Telling | Failure:
        """Record that it is being sent, send it once, and record what became of it."""
        cohort, what = telling.view.id, step.what
        await self._cards.sending(cohort, what, step.names)
        self._check(until_s)
        thread = step.thread
        channel = (thread.channel if thread else "") or telling.channel or ""
        ts = thread.ts if thread else None
        answer = await self._slack.post(channel, step.words, ts, broadcast=step.broadcast)
        match answer:
            case Posted():
                return await self._said(step, telling, answer)
            case Unanswered():
                # Whether it was posted is unknown. An ending is posted again, and says so; any other repetition would be noise.
                if what == ENDING:
                    return answer
                kind = what.partition(":")[0]
                self._telemetry.notice_unanswered(kind=kind, reason=answer.reason)
                return after_loss(telling, step)
            case Gone(reason):
                await self._not_sent(what, telling)
                return await self._gone(CARD, telling, reason, deleted=True)
            case RateLimited() | Transient() | Permanent():
                await self._not_sent(what, telling)
                return answer
            case _:
                assert_never(answer)

    async def _not_sent(self, what: str, telling: Telling) -> None:
        """Record that this post is not there; an earlier ending whose answer was lost may still be, so that record stays."""
        if what != ENDING or not telling.ending_open:
            await self._cards.not_sent(telling.view.id, what)

    async def _edit(self, step: EditMessage, telling: Telling) -> Telling | Failure:
        """Edit a message; repeating that is harmless. An edit needs the channel's id; its name is enough only for a post."""
        there = step.message
        channel = there.channel or telling.channel or ""
        answer = await self._slack.update(channel, there.ts, step.words)
        match answer:
            case Posted():
                return await self._said(step, telling, Posted(there.ts, there.channel))
            case Gone(reason, is_deleted):
                return await self._gone(step.what, telling, reason, deleted=is_deleted)
            case _:
                return answer

    async def _said(self, step: Post | EditMessage, telling: Telling, posted: Posted) -> Telling:
        view, digest = telling.view, step.words.digest
        await self._cards.said(view.id, step.what, view.version, posted, digest, step.names)
        self._telemetry.notice_said(kind=step.what.partition(":")[0])
        return after(telling, step, Message(posted.channel, posted.ts, digest))

    async def _gone(self, what: str, telling: Telling, reason: str, *, deleted: bool) -> Telling:
        await self._cards.gone(telling.view.id, what, deleted=deleted)
        self._telemetry.notice_gone(reason=reason)
        return after_gone(telling, what, deleted=deleted)

    def _judge(self, failure: Failure, step: Step, telling: Telling, delivery: Delivery) -> Verdict:
        """What becomes of the notice; once the ending was posted, remaining edits are tried again and again."""
        if isinstance(failure, Unanswered):
            failure = Transient(failure.reason)
        verdict = judge(failure, delivery.attempts, self._policy, self._dice())
        only_edits = isinstance(step, EditMessage) and telling.ended_version >= telling.view.version
        if isinstance(verdict, Dead) and only_edits and verdict.code is Code.OUT_OF_ATTEMPTS:
            return Retry(verdict.reason, _EDIT_EVERY_S)
        if isinstance(verdict, Dead):
            self._telemetry.notice_failed(reason=verdict.letter)
        return verdict


def _busy() -> Snooze:
    return Snooze("another worker is telling of this cohort", _BUSY_S, kind=Waits.BUSY)
