"""Builders: bodies as GitHub writes them, and clients that need no network."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.github.retries import Patience
from monarch.core.copy.render import Draft
from monarch.core.ids import TargetId
from monarch.core.ticket import Author, Repository

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ"
API = "https://api.github.example"
TARGET = Repository(TargetId(77), "org/team-a", archived=False, has_issues=True, may_push=True)
DRAFT = Draft("A title", "A body")
PATIENT = Patience(try_s=5, all_s=5, wait_s=0)
"""Waits for nothing between two tries."""

START_S = 1_767_225_600.0
"""When tests begin: 2026-01-01T00:00:00Z."""

Handler = Callable[[httpx.Request], httpx.Response]


TEACHER = Author("teacher", 5)
"""Who has written the issues of `issue_json`."""


def issue_json(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An issue with what we need, and a little that we do not."""
    return {
        "id": 1000 + number,
        "number": number,
        "title": f"Ticket {number}",
        "body": "Text",
        "state": "open",
        "user": {"login": "teacher", "id": 5},
        "author_association": "MEMBER",
        "html_url": f"https://github.example/org/team-a/issues/{number}",
        "created_at": "2026-01-02T03:04:05Z",
        "labels": [],
        "milestone": None,
        "locked": False,
    } | changes


def repository_json(**changes: Any) -> dict[str, Any]:
    """A repository with what we need."""
    return {
        "id": 77,
        "full_name": "org/team-a",
        "archived": False,
        "has_issues": True,
        "private": True,
        "permissions": {"admin": False, "push": True, "pull": True},
    } | changes


def as_bytes(value: object) -> bytes:
    """JSON as it stands on the wire."""
    return json.dumps(value).encode()


def github(handler: Handler, token: str | None = TOKEN, **more: Any) -> HttpGitHub:
    """A client whose every call `handler` answers; `more` as `HttpGitHub` takes it."""
    transport = httpx.MockTransport(handler)
    return HttpGitHub(token, API, transport=transport, patience=PATIENT, **more)


class HandClock:
    """`ports.Clock`, moved by hand; `skew_s` is how much the machine's own clock is ahead."""

    def __init__(self, skew_s: float = 0.0) -> None:
        self.at_s = 0.0
        self.skew_s = skew_s

    def now(self) -> float:
        """Seconds since the test began."""
        return self.at_s

    def wall_ms(self) -> int:
        """What the machine takes for the time."""
        return round((self.true_s() + self.skew_s) * 1000)

    def true_s(self) -> float:
        """What the time is: GitHub's."""
        return START_S + self.at_s

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at_s += seconds


class Always:
    """Gives the same answer to everything, bytes as they are, all else as JSON; `asked` is what it was asked."""

    def __init__(
        self, status: int, body: object = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.asked: list[httpx.Request] = []
        self._content = body if isinstance(body, bytes) else as_bytes(body)
        self._status, self._headers = status, headers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(request)
        return httpx.Response(self._status, headers=self._headers, content=self._content)


def yes() -> bool:
    """A guard that lets everything leave."""
    return True
