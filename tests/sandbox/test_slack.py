"""Slack's Web API: everything is 200, and ``ok`` says whether it worked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monarch.sandbox.http import Call
from monarch.sandbox.slack.api import Slack
from tests.sandbox.world import Bench

BOT = "xoxb-bot"
JSON, FORM = "application/json; charset=utf-8", "application/x-www-form-urlencoded"


class Desk:
    """Slack without a socket."""

    def __init__(self) -> None:
        """Use the workspace of the common seed."""
        bench = Bench()
        self.workspace, self.settings = bench.workspace, bench.settings
        self.slack = Slack(self.workspace, lambda: self.settings)

    def send(
        self, method: str, body: bytes, *, token: str | None = BOT, kind: str = JSON
    ) -> dict[str, Any]:
        """Call a method; Slack answers 200 whatever happens."""
        headers = {"content-type": kind} | ({"authorization": f"Bearer {token}"} if token else {})
        reply = self.slack.handle(Call("POST", f"/{method}", {}, headers, body, "http://h"))
        assert reply.status == 200
        return dict(reply.json())

    def call(self, method: str, *, token: str | None = BOT, **body: Any) -> dict[str, Any]:
        """Call a method with JSON."""
        return self.send(method, json.dumps(body).encode(), token=token)


@pytest.fixture
def desk() -> Desk:
    """Slack without a socket."""
    return Desk()


def test_a_message_is_posted_and_edited_under_its_ts(desk: Desk) -> None:
    """The state keeps every version."""
    posted = desk.call("chat.postMessage", channel="C1", text="1 of 8")
    edited = desk.call("chat.update", channel="C1", ts=posted["ts"], text="done")

    assert (posted["ok"], posted["channel"]) == (True, "C1")
    assert posted["message"]["text"] == "1 of 8"
    assert (edited["ok"], edited["text"], edited["ts"]) == (True, "done", posted["ts"])
    assert [message.versions for message in desk.workspace.messages] == [["1 of 8", "done"]]


def test_every_ts_is_its_own_and_they_grow(desk: Desk) -> None:
    """Even within one second."""
    stamps = [desk.call("chat.postMessage", channel="C1", text="x")["ts"] for _ in range(3)]

    assert stamps == sorted(set(stamps))


def test_forms_are_taken_like_json(desk: Desk) -> None:
    """With blocks as JSON in a string, and the token among the arguments."""
    body = (
        b"channel=%23tickets&text=a+b&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D&token=xoxb-bot"
    )
    posted = desk.send("chat.postMessage", body, token=None, kind=FORM)

    assert (posted["ok"], posted["channel"]) == (True, "C1")
    assert posted["message"]["blocks"] == [{"type": "divider"}]


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C2", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C3", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "C1"}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "blocks": "["}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C1", "blocks": {"a": 1}}, "invalid_blocks_format"),
        ("chat.update", {"channel": "C9", "ts": "1.1", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": "C1", "ts": "1.1", "text": "x"}, "message_not_found"),
        ("chat.delete", {}, "unknown_method"),
    ],
)
def test_errors(desk: Desk, method: str, arguments: dict[str, Any], error: str) -> None:
    """Slack's own words."""
    assert desk.call(method, **arguments) == {"ok": False, "error": error}


def test_an_update_is_for_ones_own_and_not_too_long(desk: Desk) -> None:
    """4,000 characters fit, one more does not."""
    ts = desk.call("chat.postMessage", channel="C1", text="x")["ts"]

    def update(text: str, token: str = BOT) -> str:
        answer = desk.call("chat.update", channel="C1", ts=ts, text=text, token=token)
        return str(answer.get("error", "ok"))

    assert update("x" * 4000) == "ok"
    assert update("x" * 4001) == "msg_too_long"
    assert update("") == "no_text"
    assert update("x", token="xoxb-other") == "cant_update_message"


def test_who_asks(desk: Desk) -> None:
    """A known token, an unknown one, none."""
    assert desk.call("auth.test")["user_id"] == "U0MONARCH"
    assert desk.call("auth.test", token="xoxb-no")["error"] == "invalid_auth"
    assert desk.call("auth.test", token=None)["error"] == "not_authed"


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"{", JSON, "invalid_json"),
        (b"[]", JSON, "json_not_object"),
        (b"x", "text/plain", "invalid_post_type"),
    ],
)
def test_bodies_that_nobody_can_read(desk: Desk, body: bytes, kind: str, error: str) -> None:
    """Each in its own word."""
    assert desk.send("auth.test", body, kind=kind)["error"] == error


def test_long_posts_are_cut(desk: Desk) -> None:
    """40,000 characters are kept."""
    posted = desk.call("chat.postMessage", channel="C1", text="x" * 50_000)

    assert len(posted["message"]["text"]) == 40_000


def test_a_channel_takes_a_message_a_second(desk: Desk) -> None:
    """Posts alone are limited, each channel by itself; the answer says how long to wait."""
    desk.settings = desk.settings.changed_by({"slack_posts_every_seconds": 1})
    first = desk.call("chat.postMessage", channel="C1", text="one")
    body = json.dumps({"channel": "C1", "text": "two"}).encode()
    headers = {"content-type": JSON, "authorization": f"Bearer {BOT}"}

    reply = desk.slack.handle(Call("POST", "/chat.postMessage", {}, headers, body, "http://h"))

    assert (reply.status, reply.json()["error"]) == (429, "ratelimited")
    assert dict(reply.headers)["Retry-After"] == "1"
    assert desk.call("chat.update", channel="C1", ts=first["ts"], text="edited")["ok"]
    assert desk.call("chat.postMessage", channel="C2", text="x").get("error") == "not_in_channel"
