"""What the page reads. `app` implements it with the commands' own readers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monarch.core.budget.forecast import Forecast
from monarch.core.budget.moves import Shares
from monarch.core.card.view import CohortView
from monarch.core.ids import CohortId, RequestId
from monarch.core.report.summary import State
from monarch.ports.holdings import Holding, TicketLine
from monarch.ports.readings import (
    Choice,
    CohortLine,
    DeadLetter,
    Event,
    MinuteWrites,
    MissedLine,
    Parked,
    RequestDetails,
    RequestLine,
    WorkerLine,
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
        """When it will be done; `None` if that cannot be forecast."""
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
        """The look at its targets that is under way, or the last one that was started on the page."""
        ...

    async def history(self, requests: Collection[RequestId], limit: int) -> Sequence[Event]:
        """What happened to these requests lately, newest first."""
        ...

    async def letters(self, limit: int, choice: Choice) -> Sequence[DeadLetter]:
        """The newest dead letters of this choice, newest first."""
        ...

    async def workers(self) -> Sequence[WorkerLine]:
        """The workers."""
        ...

    async def parked(self, limit: int) -> Sequence[Parked]:
        """What waits until it is due, the earliest due first."""
        ...

    async def missed(self) -> Sequence[MissedLine]:
        """The repositories that no request named, the newest first."""
        ...

    async def writes(self, accounts: Sequence[str]) -> Sequence[MinuteWrites]:
        """What these accounts have written in the last hour."""
        ...

    async def shares(self) -> Shares:
        """The share of the writes that each cohort with something to write has, and the state of the account."""
        ...

    async def events(
        self, limit: int, request: str | None, target: str | None, kind: str | None
    ) -> Sequence[Event]:
        """The newest events that match all given filters, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are. `github` is the address of GitHub's pages, without a slash at its end."""

    github: str = "https://github.com"
