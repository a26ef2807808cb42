"""What one canned answer is made of, and how the usual shapes of GitHub's errors are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from monarch.sandbox.http import JSON_TYPE, Reply

Header = tuple[str, str]

DOCS = "https://docs.github.com/rest"
CREATE_DOCS = "https://docs.github.com/rest/issues/issues#create-an-issue"
HTML_TYPE = "text/html; charset=utf-8"

PLENTY = 4_987
"""Calls left of the primary limit in an answer that has nothing to do with it."""
HOURLY = 5_000


@dataclass(frozen=True)
class Canned:
    """One answer, byte for byte.

    ``source`` says where the answer is known from: GitHub's documentation, its users' reports, or who
    saw it. ``remaining`` of ``None`` omits the ``X-RateLimit-*`` headers;
    their reset is ``reset_in_s`` after the moment of the answer, because a moment written
    down here would always be past.
    """

    status: int
    body: bytes
    source: str
    headers: tuple[Header, ...] = (("Content-Type", JSON_TYPE),)
    remaining: int | None = PLENTY
    limit: int = HOURLY
    reset_in_s: int = 1_800

    def reply(self, now: float) -> Reply:
        """Return the answer as it is at ``now``, in seconds since the epoch."""
        return Reply(self.status, self.body, (*self.headers, *self._limit_headers(now)))

    def _limit_headers(self, now: float) -> tuple[Header, ...]:
        if self.remaining is None:
            return ()
        return (
            ("X-GitHub-Media-Type", "github.v3; format=json"),
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Used", str(self.limit - self.remaining)),
            ("X-RateLimit-Reset", str(int(now) + self.reset_in_s)),
            ("X-RateLimit-Resource", "core"),
        )


def said(
    status: int, message: str, source: str, *headers: Header, docs: str = DOCS, **more: Any
) -> Canned:
    """Write a basic error; its ``status`` is a string. ``more`` are fields of ``Canned``."""
    body = {"message": message, "documentation_url": docs, "status": str(status)}
    return written(status, body, source, *headers, **more)


def invalid(source: str, *errors: object, docs: str = CREATE_DOCS) -> Canned:
    """Write a validation error."""
    body = {
        "message": "Validation Failed",
        "documentation_url": docs,
        "errors": list(errors),
        "status": "422",
    }
    return written(422, body, source)


def written(status: int, body: object, source: str, *headers: Header, **more: Any) -> Canned:
    """Write any JSON, as compactly as GitHub does."""
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Canned(status, encoded, source, (("Content-Type", JSON_TYPE), *headers), **more)


def page(status: int, html: str, source: str) -> Canned:
    """Write what a server in front of the API answers: a web page, without any of its headers."""
    return Canned(status, html.encode(), source, (("Content-Type", HTML_TYPE),), remaining=None)
