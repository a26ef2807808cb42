"""Slack's state, in memory and pure: channels, tokens, and messages with all their versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monarch.sandbox.http import Clock  # part of the public signatures


@dataclass(frozen=True)
class SlackToken:
    """A bot token and the bot user behind it."""

    value: str
    bot_user: str
    bot_id: str
    public_write: bool


@dataclass(frozen=True)
class Channel:
    """A channel; ``member`` says whether the bots are in it."""

    id: str
    name: str
    member: bool
    archived: bool


@dataclass
class Message:
    """A posted message; ``versions`` holds every text it ever had, the present one last."""

    channel: str
    ts: str
    bot_user: str
    bot_id: str
    versions: list[str]
    blocks: list[Any] = field(default_factory=list)
    thread_ts: str | None = None
    is_broadcast: bool = False

    @property
    def text(self) -> str:
        """Return the text as people see it now."""
        return self.versions[-1]


class Workspace:
    """All of Slack."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self.clock = clock
        self.tokens: dict[str, SlackToken] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []

    def channel(self, wanted: str) -> Channel | None:
        """Return the channel with that id, or with that name after a ``#``."""
        if wanted in self.channels:
            return self.channels[wanted]
        named = (each for each in self.channels.values() if wanted == f"#{each.name}")
        return next(named, None)

    def post(self, channel: Channel, token: SlackToken, text: str) -> Message:
        """Add a message; its ``ts`` is unique in the workspace and grows."""
        ts = f"{int(self.clock())}.{len(self.messages) + 1:06d}"
        message = Message(channel.id, ts, token.bot_user, token.bot_id, [text])
        self.messages.append(message)
        return message

    def message(self, channel: str, ts: str) -> Message | None:
        """Return the message that channel and ``ts`` name together."""
        found = (each for each in self.messages if (each.channel, each.ts) == (channel, ts))
        return next(found, None)
