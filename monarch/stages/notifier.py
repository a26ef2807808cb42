"""The notifier tells people how their request stands.

It receives a notice, decides what is to be said of its request now, says it, and promises that the channel is never told
what is not so.

A notice carries no text. Its request is rendered as it stands, under a short lock, and nothing is said that is older than
what was said. A failing Slack never runs a migration again: nobody waits for the notifier.

There is one message that is edited in place while targets finish, and one final message. A final message whose answer was
lost is repeated and says so; a progress message is not. Once the end is said, the last edit of the progress message is
tried again for as long as the request is kept: it must not say "copying" for ever. One that a person deleted is left.
"""

from collections.abc import Callable
from typing import Final, assert_never

import anyio

from monarch.core.delivery import Delivery, NoticeEntry
from monarch.core.ids import RequestId
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Transient
from monarch.core.report.notice import closing_text, final_text, progress_text
from monarch.core.report.summary import RequestView
from monarch.core.target.permission import Busy
from monarch.core.verdict import Dead, Done, Policy, Said, Snooze, Verdict, Waits, judge
from monarch.ports import Clock, Gone, Kind, Outlook, Posted, Requests, Saying, Slack, Unanswered
from monarch.stages.lease import Hold
from monarch.telemetry import Telemetry

_EDIT_EVERY_S: Final = 300.0
"""How often the last edit of a progress message is tried once all attempts are used up, in seconds."""

_BUSY_S: Final = 2.0
_BUSY_TRY_S: Final = 0.2
_BUSY_TRIES: Final = 10
_UNLOCK_WITHIN_S: Final = 1.0

_BEGIN_WITHIN_S: Final = 5.0
"""So long after it asked for the lock on telling, in seconds, a call to Slack may begin: the lock lasts 15 s, and a call
10 s at most. What can still go wrong: a process frozen between this check and the bytes leaving; `said` puts right
what a late edit has overwritten.
"""


class _TooLate(Exception):  # noqa: N818 - it is no error: it ends the telling
    """Somebody else may be telling by now: begin again."""


class Notifier:
    """The handler of the stream of notices."""

    def __init__(
        self,
        slack: Slack,
        requests: Requests,
        outlook: Outlook,
        telemetry: Telemetry,
        clock: Clock,
        policy: Policy,
        dice: Callable[[], float],
        web_url: str,
    ) -> None:
        self._clock = clock
        self._slack = slack
        self._requests = requests
        self._outlook = outlook
        self._telemetry = telemetry
        self._policy = policy
        self._dice = dice
        self._web_url = web_url

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """See `consumer.Handler.handle`."""
        entry = delivery.entry
        if not isinstance(entry, NoticeEntry):
            return Dead(Code.UNREADABLE, f"expected a notice, not {entry!r}")
        try:
            return await self._tell(entry.request, delivery, hold)
        except _TooLate:
            return Snooze("it took too long to begin telling", 0, kind=Waits.BUSY)

    async def _tell(self, request: RequestId, delivery: Delivery, hold: Hold) -> Verdict:
        saying, until_s = await self._begin(delivery, request, hold)
        match saying:
            case None:
                return Done(Said())
            case Busy():
                return Snooze("another worker is reporting this request", _BUSY_S, kind=Waits.BUSY)
            case Saying():
                failure = await self._say_locked(saying, until_s, delivery, hold)
                return self._judge(failure, delivery, only_edits=saying.final_said)
            case _:
                assert_never(saying)

    async def _say_locked(
        self, saying: Saying, until_s: float, delivery: Delivery, hold: Hold
    ) -> ReadFailure | Unanswered | None:
        """Say it, and give the lock back however that ends: a stopping worker must not take it along."""
        try:
            hold.check()
            return await self._say(saying, until_s)
        finally:
            with anyio.move_on_after(_UNLOCK_WITHIN_S, shield=True):
                await self._requests.end_saying(delivery, saying.view.id)

    async def _begin(
        self, delivery: Delivery, request: RequestId, hold: Hold
    ) -> tuple[Saying | Busy | None, float]:
        """Take the lock; whoever has it is done in a moment, so that is waited for. Until when a call may begin."""
        for _ in range(_BUSY_TRIES):
            until_s = self._clock.now() + _BEGIN_WITHIN_S
            saying = await self._requests.begin_saying(delivery, request)
            if not isinstance(saying, Busy):
                return saying, until_s
            await hold.sleep(_BUSY_TRY_S)
        return Busy(), 0.0

    def _check(self, until_s: float) -> None:
        if self._clock.now() > until_s:
            raise _TooLate

    async def _say(self, saying: Saying, until_s: float) -> ReadFailure | Unanswered | None:
        """Say what is not said yet; `None` where the channel now knows it, or need not be told."""
        view = saying.view
        if view.channel is None:
            return None
        if view.has_ended:
            return await self._say_final(saying, view, view.channel, until_s)
        if saying.said_version >= view.version or saying.is_refused:
            return None
        return await self._say_progress(saying, view, view.channel, until_s)

    async def _say_progress(
        self, saying: Saying, view: RequestView, channel: str, until_s: float
    ) -> ReadFailure | Unanswered | None:
        forecast = await self._outlook.forecast(view.id)
        text = progress_text(view, self._web_url, forecast)
        if saying.progress is not None:
            return await self._edit(saying.progress, view, channel, text, until_s)
        if saying.progress_open:
            return None
        failure = await self._post("progress", saying, channel, text, until_s)
        # Nobody knows whether it is there; a second one would be noise. The final message will come.
        return None if isinstance(failure, Unanswered) else failure

    async def _say_final(
        self, saying: Saying, view: RequestView, channel: str, until_s: float
    ) -> ReadFailure | Unanswered | None:
        if not saying.final_said:
            text = final_text(view, saying.final_open, self._web_url)
            failure = await self._post("final", saying, channel, text, until_s)
            if failure is not None:
                return failure
        if saying.progress is not None:
            text = closing_text(view, self._web_url)
            return await self._edit(saying.progress, view, channel, text, until_s)
        return None

    async def _post(
        self, kind: Kind, saying: Saying, channel: str, text: str, until_s: float
    ) -> ReadFailure | Unanswered | None:
        """Put on record that it is sent off, send it once, put on record what became of it."""
        view = saying.view
        self._check(until_s)
        await self._requests.sending(view.id, kind)
        self._check(until_s)
        answer = await self._slack.post(channel, text)
        match answer:
            case Posted():
                await self._requests.said(view.id, kind, view.version, answer)
                self._telemetry.notice_said(kind=kind)
                return None
            case Unanswered():
                return answer
            case RateLimited() | Transient() | Permanent():
                # This one is not there; whether an earlier one is, whose answer was lost, nobody knows any better.
                if kind == "progress" or not saying.final_open:
                    await self._requests.not_sent(view.id, kind)
                return answer
            case _:
                assert_never(answer)

    async def _edit(
        self, there: Posted, view: RequestView, channel: str, text: str, until_s: float
    ) -> ReadFailure | Unanswered | None:
        """Edit the progress message; repeating it is harmless. A channel's name is enough for a post alone."""
        self._check(until_s)
        answer = await self._slack.update(there.channel or channel, there.ts, text)
        match answer:
            case Posted():
                await self._requests.said(view.id, "progress", view.version, there)
                return None
            case Gone(reason):
                await self._requests.gone(view.id)
                self._telemetry.notice_gone(reason=reason)
                return None
            case _:
                return answer

    def _judge(
        self, failure: ReadFailure | Unanswered | None, delivery: Delivery, *, only_edits: bool
    ) -> Verdict:
        """What becomes of the notice; `only_edits`: the end was said before, and only the edit is left."""
        if failure is None:
            return Done(Said())
        if isinstance(failure, Unanswered):
            failure = Transient(failure.reason)
        verdict = judge(failure, delivery.attempts, self._policy, self._dice())
        if isinstance(verdict, Dead) and only_edits and verdict.code is Code.OUT_OF_ATTEMPTS:
            return Snooze(verdict.reason, _EDIT_EVERY_S)
        if isinstance(verdict, Dead):
            self._telemetry.notice_failed(reason=verdict.reason)
        return verdict
