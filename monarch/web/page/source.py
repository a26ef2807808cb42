"""What the page reads. `app` puts the commands' own readers behind it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monarch.core.budget.forecast import Forecast
from monarch.core.budget.moves import Shares
from monarch.core.card.view import CohortView
from monarch.core.ids import CohortId, RequestId
from monarch.core.report.summary import State
from monarch.ports.readings import (
    Choice,
    CohortLine,
    DeadLetter,
    Event,
    Holding,
    MissedLine,
    Parked,
    RequestDetails,
    RequestLine,
    TicketLine,
    WorkerLine,
    Writes,
)
from monarch.telemetry import Snapshot
from monarch.web.acts.means import Looked, Looking


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

    async def cohorts(self, limit: int) -> Sequence[CohortLine]:
        """The newest cohorts, newest first."""
        ...

    async def cohort(self, cohort: CohortId) -> CohortView | None:
        """One cohort with its requests; `None` where it is not known."""
        ...

    async def tickets(
        self, requests: Sequence[RequestId]
    ) -> Mapping[RequestId, Sequence[TicketLine]]:
        """The tickets of the plans of these requests; nothing of a request without a plan."""
        ...

    async def holdings(self, rows: Sequence[tuple[RequestId, str]]) -> Sequence[Holding]:
        """What is known of these targets of requests, in their order."""
        ...

    async def looked(self, request: RequestId) -> Looking | Looked | None:
        """The look at its targets that is under way, or the last one that was begun on the page."""
        ...

    async def history(self, requests: Collection[RequestId], limit: int) -> Sequence[Event]:
        """What happened to these requests lately, newest first."""
        ...

    async def letters(self, limit: int, choice: Choice) -> Sequence[DeadLetter]:
        """The newest dead letters that are meant, newest first."""
        ...

    async def workers(self) -> Sequence[WorkerLine]:
        """Who works."""
        ...

    async def parked(self, limit: int) -> Sequence[Parked]:
        """What waits until it is due, what is due first."""
        ...

    async def missed(self) -> Sequence[MissedLine]:
        """The repositories that no request named, the newest first."""
        ...

    async def writes(self, accounts: Sequence[str]) -> Sequence[Writes]:
        """What these accounts have written in the last hour."""
        ...

    async def shares(self) -> Shares:
        """Which part of the writes each cohort has that has something to write, and how the account stands."""
        ...

    async def events(
        self, limit: int, request: str | None, target: str | None, kind: str | None
    ) -> Sequence[Event]:
        """The newest events of which all that is given holds, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are. `github` is the address of GitHub's pages, without a slash at its end."""

    github: str = "https://github.com"
