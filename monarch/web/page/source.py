"""What the page reads. `app` puts the commands' own readers behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monarch.core.budget.forecast import Forecast
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports.readings import RequestDetails, RequestLine
from monarch.telemetry import Snapshot


class Source(Protocol):
    """Readings of one moment. Every method raises `StoreError` where Valkey cannot be asked."""

    async def snapshot(self) -> Snapshot:
        """How the fleet stands."""
        ...

    async def requests(self, limit: int, state: State | None = None) -> Sequence[RequestLine]:
        """The newest requests, newest first."""
        ...

    async def request(self, request: RequestId) -> RequestDetails | None:
        """One request with its targets; `None` where it is not known."""
        ...

    async def forecast(self, request: RequestId) -> Forecast | None:
        """When it is done; `None` where nothing can be foretold."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are. `github` is the address of GitHub's pages, without a slash at its end."""

    github: str = "https://github.com"
