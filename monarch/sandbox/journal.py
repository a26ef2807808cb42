"""Every call to GitHub and Slack in the order in which it came, and a bell for waiting calls."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

import anyio
from pydantic import ConfigDict

from monarch.sandbox.control.wire import Wire
from monarch.sandbox.faults import ApiName  # pydantic needs it at run time
from monarch.sandbox.http import Call, Clock  # part of the public signatures

Outcome = Literal["pending", "answered", "dropped"]


class LogEntry(Wire):
    """One call.

    ``n`` counts from 1; ``at`` and ``ended_at`` are seconds since the epoch; ``status`` is what
    the client got (``None``: nothing yet, or never); ``fault`` is the rule that hit it.
    ``asked`` is the path as it came; ``path`` has the repository's name in place of its id, unless
    it was renamed. ``budget`` is whose limits it counts against: the account's own, or an installation's.
    """

    model_config = ConfigDict(extra="forbid", frozen=False)

    n: int
    at: float
    api: ApiName
    method: str
    path: str
    asked: str
    query: dict[str, str]
    account: str | None
    budget: str | None
    body: Any
    """Parsed if it is JSON, else the text, ``None`` if empty."""
    status: int | None = None
    outcome: Outcome = "pending"
    ended_at: float | None = None
    fault: int | None = None


class Bell:
    """Wakes all waiting calls each time something happens."""

    def __init__(self) -> None:
        """Start silent."""
        self._event = anyio.Event()

    def ring(self) -> None:
        """Wake those who wait now."""
        event, self._event = self._event, anyio.Event()
        event.set()

    async def wait(self) -> None:
        """Return at the next ring."""
        await self._event.wait()


class Journal:
    """The log; each change of it rings the bell."""

    def __init__(self, clock: Clock, bell: Bell) -> None:
        """Start empty."""
        self._clock = clock
        self._bell = bell
        self.entries: list[LogEntry] = []
        self._under_way: Counter[tuple[ApiName, str | None]] = Counter()

    def begin(self, api: ApiName, call: Call, account: str | None, budget: str | None) -> LogEntry:
        """Note that a call has come in completely."""
        entry = LogEntry(
            n=len(self.entries) + 1,
            at=self._clock(),
            api=api,
            method=call.method,
            path=call.named or call.path,
            asked=call.path,
            query=dict(call.query),
            account=account,
            budget=budget,
            body=_readable(call.body),
        )
        self.entries.append(entry)
        self._under_way[api, budget] += 1
        self._bell.ring()
        return entry

    def end(self, entry: LogEntry, outcome: Outcome, status: int | None = None) -> None:
        """Record what the client got, or that it got nothing."""
        entry.outcome, entry.status, entry.ended_at = outcome, status, self._clock()
        self._under_way[entry.api, entry.budget] -= 1
        self._bell.ring()

    def under_way(self, budget: str | None) -> int:
        """Count the calls to GitHub on a budget that have not ended."""
        return self._under_way["github", budget]


def _readable(body: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
