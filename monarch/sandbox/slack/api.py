"""Slack's Web API on top of a workspace: ``chat.postMessage``, ``chat.update``, ``auth.test``.

Everything answers 200 and says in ``ok`` whether it worked, as Slack does.
Source: docs.slack.dev, the methods' reference pages.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from monarch.sandbox.http import json_reply
from monarch.sandbox.slack_blocks import SlackError, check_blocks

if TYPE_CHECKING:
    from monarch.sandbox.control.settings import Settings
    from monarch.sandbox.http import Call, Reply
    from monarch.sandbox.slack.workspace import Channel, Message, SlackToken, Workspace

MAX_UPDATE_CHARACTERS = 4_000
MAX_POST_CHARACTERS = 40_000
"""Longer posts are cut, not refused."""
TEAM_ID, TEAM_NAME = "T0SANDBOX", "Sandbox"

Arguments = Mapping[str, Any]


class LimitedError(Exception):
    """Too soon: it may be tried again in ``wait_s`` seconds."""

    def __init__(self, wait_s: float) -> None:
        """Say how long to wait, in seconds."""
        super().__init__(wait_s)
        self.wait_s = wait_s


class Slack:
    """The Web API."""

    def __init__(self, workspace: Workspace, settings: Callable[[], Settings]) -> None:
        """Serve a workspace; ``settings`` are asked at each call."""
        self._workspace = workspace
        self._settings = settings
        self._posted_at: dict[str, float] = {}
        self._methods: dict[str, Callable[[SlackToken, Arguments], dict[str, Any]]] = {
            "/auth.test": self._auth_test,
            "/chat.postMessage": self._post_message,
            "/chat.update": self._update,
        }

    def path_by_name(self, call: Call) -> str:
        """Return the call's path: Slack's paths have no ids."""
        return call.path

    def account_of(self, call: Call) -> str | None:
        """Name the bot user behind the token."""
        token = self._workspace.tokens.get(call.bearer() or "")
        return token.bot_user if token else None

    def budget_of(self, call: Call) -> str | None:
        """Name the bot user once more: here a limit is an app's, and an app has one of them."""
        return self.account_of(call)

    def handle(self, call: Call) -> Reply:
        """Answer a call as Slack does: errors are 200 too."""
        try:
            answer = {"ok": True, **self._answer(call)}
        except LimitedError as limit:
            waits = ("Retry-After", str(math.ceil(limit.wait_s)))
            return json_reply(429, {"ok": False, "error": "ratelimited"}, waits)
        except SlackError as error:
            answer = {"ok": False, "error": str(error)}
        return json_reply(200, answer)

    def _answer(self, call: Call) -> dict[str, Any]:
        method = self._methods.get(call.path)
        if method is None:
            raise SlackError("unknown_method")
        arguments = _arguments(call)
        return method(self._token(call, arguments), arguments)

    def _token(self, call: Call, arguments: Arguments) -> SlackToken:
        value = call.bearer() or arguments.get("token")
        if not value:
            raise SlackError("not_authed")
        token = self._workspace.tokens.get(str(value))
        if token is None:
            raise SlackError("invalid_auth")
        return token

    def _auth_test(self, token: SlackToken, _: Arguments) -> dict[str, Any]:
        return {
            "url": "https://sandbox.slack.example/",
            "team": TEAM_NAME,
            "user": "monarch",
            "team_id": TEAM_ID,
            "user_id": token.bot_user,
            "bot_id": token.bot_id,
        }

    def _post_message(self, token: SlackToken, arguments: Arguments) -> dict[str, Any]:
        channel = self._writable(token, str(arguments.get("channel", "")))
        text, blocks = str(arguments.get("text") or ""), _blocks(arguments)
        if not text and not blocks:
            raise SlackError("no_text")
        thread = arguments.get("thread_ts")
        if thread and self._workspace.message(channel.id, str(thread)) is None:
            raise SlackError("thread_not_found")
        self._admit(channel)
        message = self._workspace.post(channel, token, text[:MAX_POST_CHARACTERS])
        message.blocks, message.thread_ts = blocks, thread
        message.is_broadcast = bool(thread) and _is_true(arguments.get("reply_broadcast"))
        return {"channel": channel.id, "ts": message.ts, "message": _body(message)}

    def _admit(self, channel: Channel) -> None:
        """Refuse a post that comes too soon after another one in its channel; edits have no such limit."""
        every_s, now = self._settings().slack_posts_every_seconds or 0.0, self._workspace.clock()
        wait_s = self._posted_at.get(channel.id, now - every_s) + every_s - now
        if wait_s > 0:
            raise LimitedError(wait_s)
        self._posted_at[channel.id] = now

    def _writable(self, token: SlackToken, wanted: str) -> Channel:
        channel = self._workspace.channel(wanted)
        if channel is None:
            raise SlackError("channel_not_found")
        if channel.archived:
            raise SlackError("is_archived")
        if not channel.member and not token.public_write:
            raise SlackError("not_in_channel")
        return channel

    def _update(self, token: SlackToken, arguments: Arguments) -> dict[str, Any]:
        channel, text = str(arguments.get("channel", "")), str(arguments.get("text") or "")
        if channel not in self._workspace.channels:
            raise SlackError("channel_not_found")
        message = self._workspace.message(channel, str(arguments.get("ts", "")))
        if message is None:
            raise SlackError("message_not_found")
        if message.bot_user != token.bot_user:
            raise SlackError("cant_update_message")
        if len(text) > MAX_UPDATE_CHARACTERS:
            raise SlackError("msg_too_long")
        if not text and not _blocks(arguments):
            raise SlackError("no_text")
        # What is not named is kept (docs.slack.dev, chat.update).
        blocks = _blocks(arguments) if "blocks" in arguments else message.blocks
        message.versions.append(text)
        message.blocks = blocks
        answer = {"channel": channel, "ts": message.ts, "text": text}
        return {**answer, "message": _body(message)}


def _arguments(call: Call) -> Arguments:
    """Read the arguments from JSON or from a form, as the content type says."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _json_arguments(call)
    if kind in {"application/x-www-form-urlencoded", ""}:
        return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    raise SlackError("invalid_post_type")


def _json_arguments(call: Call) -> Arguments:
    try:
        arguments = call.json()
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(arguments, dict):
        raise SlackError("json_not_object")
    return arguments


def _blocks(arguments: Arguments) -> list[Any]:
    """Return the blocks; forms carry them as JSON in a string."""
    blocks = arguments.get("blocks") or []
    try:
        blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    except ValueError:
        raise SlackError("invalid_blocks_format") from None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    check_blocks(blocks)
    return blocks


def _is_true(value: object) -> bool:
    """Forms carry a flag as text."""
    return value is True or str(value).lower() in {"1", "true"}


def _body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "message",
        "user": message.bot_user,
        "bot_id": message.bot_id,
        "team": TEAM_ID,
        "text": message.text,
        "ts": message.ts,
    }
    if message.blocks:
        body["blocks"] = message.blocks
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
    if message.is_broadcast:
        body["subtype"] = "thread_broadcast"
    if len(message.versions) > 1:
        body["edited"] = {"user": message.bot_user, "ts": message.ts}
    return body
