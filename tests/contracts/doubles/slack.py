"""`ports.Slack` as channels in memory.

Use: `slack.texts("C1")` is what the channel shows now, edits included; let a call go wrong with
`slack.faults.at("post", 1, Fault(Unanswered("…"), takes_effect=True))`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from monarch.core.card.messages import Block, Words
from monarch.core.outcome import Code, Permanent, ReadFailure, Scope
from monarch.ports import Gone, Posted, Unanswered
from tests.contracts.doubles.faults import Faults


@dataclass(slots=True)
class Message:
    """One message as the channel shows it now."""

    channel: str
    text: str
    edits: int = 0
    thread: str | None = None
    is_broadcast: bool = False
    blocks: tuple[Block, ...] = ()


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
        """What was said to the channel and in its threads, oldest first."""
        return [m.text for m in self.messages.values() if m.channel == channel]

    def cards(self, channel: str = "C1") -> list[Message]:
        """What stands in the channel itself."""
        return [m for m in self.messages.values() if m.channel == channel and m.thread is None]

    def replies(self, channel: str = "C1") -> list[Message]:
        """What stands in its threads, oldest first."""
        return [m for m in self.messages.values() if m.channel == channel and m.thread]

    async def post(
        self, channel: str, words: Words, thread: str | None = None, *, broadcast: bool = False
    ) -> Posted | Gone | ReadFailure | Unanswered:
        """See `ports.Slack.post`."""
        fault = await self.faults.meet("post", channel)
        ts = f"{next(self._stamps)}.000100"
        channel = self.ids.get(channel, channel)
        if fault is None and thread is not None and thread not in self.messages:
            return Gone("thread_not_found")
        if fault is None or fault.takes_effect:
            message = Message(channel, words.text, 0, thread, broadcast, words.blocks)
            self.messages[ts] = message
            self.witness(channel, words.text)
        return Posted(ts, channel) if fault is None else fault.answer

    async def update(
        self, channel: str, ts: str, words: Words
    ) -> Posted | Gone | ReadFailure | Unanswered:
        """See `ports.Slack.update`."""
        fault = await self.faults.meet("update", channel)
        if fault is None and channel in self.ids:
            return Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, "channel_not_found")
        if fault is not None and isinstance(fault.answer, Gone):
            if fault.answer.is_deleted:
                self.messages.pop(ts, None)
            return fault.answer
        if fault is None and ts not in self.messages:
            return Gone("message_not_found")
        if fault is None or fault.takes_effect:
            message = self.messages[ts]
            message.text, message.blocks = words.text, words.blocks
            message.edits += 1
            self.witness(channel, words.text)
        return Posted(ts) if fault is None else fault.answer
