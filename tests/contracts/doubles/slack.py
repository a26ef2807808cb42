"""`ports.Slack` as channels in memory.

Use: `slack.texts("C1")` is what the channel shows now, edits included; let a call go wrong with
`slack.faults.at("post", 1, Fault(Unanswered("…"), takes_effect=True))`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from monarch.core.outcome import Code, Permanent, ReadFailure, Scope
from monarch.ports import Gone, Posted, Unanswered
from tests.contracts.doubles.faults import Faults


@dataclass(slots=True)
class Message:
    """One message as the channel shows it now."""

    channel: str
    text: str
    edits: int = 0


def _nobody(_channel: str, _text: str) -> None:
    """Nobody looks."""


class FakeSlack:
    """A workspace in which every channel exists. `witness` is told whatever a channel comes to show, at that moment."""

    def __init__(self) -> None:
        self.witness: Callable[[str, str], None] = _nobody
        self.faults = Faults()
        self.messages: dict[str, Message] = {}
        self.ids: dict[str, str] = {}
        """Names of channels that are no ids, and their ids: a post takes both, an edit the id alone."""
        self._stamps = itertools.count(1)

    def texts(self, channel: str) -> list[str]:
        """What the channel shows, oldest first."""
        return [m.text for m in self.messages.values() if m.channel == channel]

    async def post(self, channel: str, text: str) -> Posted | ReadFailure | Unanswered:
        """See `ports.Slack.post`."""
        fault = await self.faults.meet("post", channel)
        ts = f"{next(self._stamps)}.000100"
        channel = self.ids.get(channel, channel)
        if fault is None or fault.takes_effect:
            self.messages[ts] = Message(channel, text)
            self.witness(channel, text)
        return Posted(ts, channel) if fault is None else fault.answer

    async def update(
        self, channel: str, ts: str, text: str
    ) -> Posted | Gone | ReadFailure | Unanswered:
        """See `ports.Slack.update`."""
        fault = await self.faults.meet("update", channel)
        if fault is None and channel in self.ids:
            return Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, "channel_not_found")
        if fault is not None and isinstance(fault.answer, Gone):
            self.messages.pop(ts, None)
            return fault.answer
        if fault is None and ts not in self.messages:
            return Gone("message_not_found")
        if fault is None or fault.takes_effect:
            message = self.messages[ts]
            message.text, message.edits = text, message.edits + 1
            self.witness(channel, text)
        return Posted(ts) if fault is None else fault.answer
