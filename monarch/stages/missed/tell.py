"""Posts missed repositories to a channel: each once, in the channel in which people ask for their source.

A post whose answer was lost is not repeated; a post whose worker has died is, and says so. The next sweep repeats a post
that Slack refused, unless Slack refused it for good: that is logged, and the next message to the same channel ends as a
dead letter that says what to do.
"""

from collections.abc import Sequence
from itertools import groupby

from monarch.core.card.messages import Words
from monarch.core.missed.judging import Missed
from monarch.core.missed.messages import missed_text
from monarch.core.outcome import Permanent
from monarch.ports import Posted, Slack, Unanswered
from monarch.ports.missed import Missing
from monarch.telemetry import Telemetry


class Teller:
    """Posts. `submits`: missed repositories are asked for automatically."""

    def __init__(
        self, slack: Slack, missing: Missing, telemetry: Telemetry, web_url: str, *, submits: bool
    ) -> None:
        self._slack = slack
        self._missing = missing
        self._telemetry = telemetry
        self._web_url = web_url
        self._submits = submits

    async def tell(self, missed: Sequence[Missed]) -> None:
        """Post to each channel the repositories that it does not know of yet."""
        by_channel = sorted(missed, key=lambda one: one.channel or "")
        for channel, those in groupby(by_channel, key=lambda one: one.channel or ""):
            if channel:
                await self._tell(channel, tuple(those))

    async def _tell(self, channel: str, missed: Sequence[Missed]) -> None:
        taken = await self._missing.take_report([one.repository.id for one in missed])
        those = [one for one in missed if one.repository.id in taken]
        if not those:
            return
        again = any(taken.values())
        text = missed_text(those, self._web_url, submits=self._submits, again=again)
        answer = await self._slack.post(channel, Words(text))
        if isinstance(answer, Posted):
            self._telemetry.notice_said(kind="missed")
        elif isinstance(answer, Permanent):
            self._telemetry.notice_failed(reason=answer.sentence)
        elif isinstance(answer, Unanswered):
            self._telemetry.notice_unanswered(kind="missed", reason=answer.reason)
        else:
            await self._missing.return_report(taken)
            return
        await self._missing.was_reported(taken)
