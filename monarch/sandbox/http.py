"""A request and a reply as plain values, so that the stand-in's behaviour needs no socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

JSON_TYPE = "application/json; charset=utf-8"

Clock = Callable[[], float]
"""The time now, in seconds since the Unix epoch."""


@dataclass(frozen=True)
class Call:
    """One request as it came in.

    ``path`` starts with a slash and is relative to the API (``/repos/o/r/issues``); header names
    are lower case; ``base_url`` is the address of the whole stand-in, without a final slash.
    ``named`` is the same path with the repository's name, if it was asked for by its id and has
    had no other name; else it is the path.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    named: str = ""

    def json(self) -> Any:
        """Return the parsed body; raises ``ValueError`` (also for bad UTF-8) if it is not JSON."""
        return json.loads(self.body.decode("utf-8"))

    def bearer(self) -> str | None:
        """Return the token of the ``Authorization`` header, or ``None`` without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "token"} and token.strip() else None


@dataclass(frozen=True)
class Reply:
    """One answer, complete; the server adds ``Content-Length`` and ``Date``."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def having(self, *headers: tuple[str, str]) -> Reply:
        """Return the reply with more headers."""
        return Reply(self.status, self.body, (*self.headers, *headers))

    def header(self, name: str) -> str | None:
        """Return the first header of that name (any case), or ``None``."""
        found = (value for key, value in self.headers if key.lower() == name.lower())
        return next(found, None)

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


class Api(Protocol):
    """One of the outside services: a state that calls change."""

    def handle(self, call: Call) -> Reply:
        """Do what the call asks for and answer it."""

    def path_by_name(self, call: Call) -> str:
        """Return the call's path, with a name if a repository was asked for by its id."""

    def account_of(self, call: Call) -> str | None:
        """Name the account that makes the call, or ``None`` when its credential is unknown."""

    def budget_of(self, call: Call) -> str | None:
        """Name whose limits the call counts against, or ``None`` when its credential is unknown."""


def json_reply(status: int, body: object, *headers: tuple[str, str]) -> Reply:
    """Answer with JSON."""
    encoded = json.dumps(body, ensure_ascii=False).encode("utf-8")
    return Reply(status, encoded, (("Content-Type", JSON_TYPE), *headers))
