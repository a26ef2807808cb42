"""Builders: bodies as GitHub writes them, and clients that need no network."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.github.reading import Patience
from monarch.core.ids import TargetId
from monarch.core.render import Draft
from monarch.core.ticket import Repository

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ"
API = "https://api.github.example"
TARGET = Repository(TargetId(77), "org/team-a", archived=False, has_issues=True, may_push=True)
DRAFT = Draft("A title", "A body")
PATIENT = Patience(try_s=5, all_s=5, wait_s=0)
"""Waits for nothing between two tries."""

Handler = Callable[[httpx.Request], httpx.Response]


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


def github(handler: Handler) -> HttpGitHub:
    """A client whose every call `handler` answers."""
    return HttpGitHub(TOKEN, API, transport=httpx.MockTransport(handler), patience=PATIENT)


def always(status: int, body: object, headers: dict[str, str] | None = None) -> Handler:
    """Give the same answer to everything; bytes as they are, all else as JSON."""
    content = body if isinstance(body, bytes) else as_bytes(body)
    return lambda _: httpx.Response(status, headers=headers, content=content)


def yes() -> bool:
    """A guard that lets everything leave."""
    return True
