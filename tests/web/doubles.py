"""A source for the page whose readings are given, and a page of it over real HTTP."""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from monarch.core.budget.ceilings import Ceilings
from monarch.core.budget.forecast import Forecast, Load
from monarch.core.budget.moves import Shares
from monarch.core.budget.shares import Part
from monarch.core.card.view import Card, CohortView
from monarch.core.ids import CohortId, RequestId
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.ports import StoreError
from monarch.ports.holdings import Holding, TicketLine
from monarch.ports.readings import (
    Choice,
    CohortLine,
    DeadLetter,
    Event,
    MigrationTimes,
    MinuteWrites,
    MissedLine,
    Parked,
    RequestDetails,
    RequestLine,
    WorkerLine,
)
from monarch.telemetry import Snapshot, Telemetry
from monarch.web.acts.means import Looked, Looking
from monarch.web.connections import MOST, READERS
from monarch.web.door.guard import Guard
from monarch.web.door.visit import Doors
from monarch.web.page.app import Page
from monarch.web.page.source import Place
from monarch.web.server import health_app, listening_on, serving
from tests.web.asking import HOST, asking_on

REQUEST = RequestId("1732406400000-0")
TEAM = "org/team-a"
COHORT = CohortId("1732406400000-0")


def a_line(**changes: object) -> RequestLine:
    """A request under way in a listing."""
    fields: dict[str, object] = {
        "id": REQUEST,
        "state": State.RUNNING,
        "source": "org/template",
        "channel": "C1",
        "via": "pubsub",
        "tickets": 12,
        "targets": 2,
        "unsettled": 1,
        "appended_ms": 1732406400000,
        "ended_ms": None,
        "reason": "",
    }
    return RequestLine(**(fields | changes))  # type: ignore[arg-type] # as a test names them


def a_migration(**changes: object) -> MigrationView:
    """A team that has nine of twelve."""
    fields: dict[str, object] = {
        "target": TEAM,
        "state": State.RUNNING,
        "copied": 9,
        "present": 0,
        "refused": 0,
        "strays": (),
        "reason": "",
    }
    return MigrationView(**(fields | changes))  # type: ignore[arg-type] # as a test names them


def times_of(target: str = TEAM, **changes: object) -> MigrationTimes:
    """What is known of it beside its view."""
    fields: dict[str, object] = {
        "target": target,
        "run": 1,
        "attempts": 0,
        "code": "",
        "entry": "1-0",
        "target_id": 7,
        "queued_ms": 1732406400000,
        "started_ms": 1732406401000,
        "first_copy_ms": None,
        "ended_ms": None,
    }
    return MigrationTimes(**(fields | changes))  # type: ignore[arg-type] # as a test names them


def details_of(*migrations: MigrationView, **changes: object) -> RequestDetails:
    """A request with these teams."""
    fields: dict[str, object] = {
        "id": REQUEST,
        "state": State.RUNNING,
        "version": 3,
        "run": 1,
        "source": "org/template",
        "channel": "C1",
        "tickets": 12,
        "reason": "",
        "appended_ms": 1732406400000,
        "ended_ms": None,
        "migrations": migrations,
    }
    view = RequestView(**(fields | changes))  # type: ignore[arg-type] # as a test names them
    return RequestDetails(
        view, "pubsub", "", 1732406401000, tuple(times_of(m.target) for m in migrations)
    )


def a_cohort(*requests: RequestView, **changes: object) -> CohortView:
    """A cohort of these requests."""
    fields: dict[str, object] = {
        "id": COHORT,
        "version": 3,
        "source": "org/template",
        "source_id": 1,
        "opened_ms": 1732406400000,
        "joined_ms": 1732406400000,
        "requests": requests,
        "card": Card("C1", "1.2"),
    }
    return CohortView(**(fields | changes))  # type: ignore[arg-type] # as a test names them


def a_cohort_line(**changes: object) -> CohortLine:
    """A cohort in a listing: one of two requests is done."""
    fields: dict[str, object] = {
        "id": COHORT,
        "source": "org/template",
        "channel": "C1",
        "opened_ms": 1732406400000,
        "joined_ms": 1732406400000,
        "targets": 2,
        "states": {"running": 1, "done": 1},
        "card": Card("C1", "1.2"),
    }
    return CohortLine(**(fields | changes))  # type: ignore[arg-type] # as a test names them


def a_letter(**changes: object) -> DeadLetter:
    """A team whose issues are switched off."""
    fields: dict[str, object] = {
        "id": "1732406500000-0",
        "at_ms": 1732406500000,
        "stream": "migrations",
        "entry": "5-0",
        "request": REQUEST,
        "migration": f"{REQUEST}:{TEAM}",
        "code": "issues_disabled",
        "reason": "its issues are switched off",
        "attempts": 1,
        "deliveries": 1,
        "payload": "",
    }
    return DeadLetter(**(fields | changes))  # type: ignore[arg-type] # as a test names them


@dataclass
class Given:
    """`Source`, with what a test gives it; `asked` counts the readings of a snapshot."""

    fleet: Snapshot = field(
        default_factory=lambda: Snapshot(1732406460000, (), workers=1, replicas=1)
    )
    lines: Sequence[RequestLine] = ()
    details: Sequence[RequestDetails] = ()
    foretold: Forecast | None = None
    cohort_lines: Sequence[CohortLine] = ()
    cohort_views: Sequence[CohortView] = ()
    planned: Sequence[TicketLine] = ()
    held: Mapping[str, Holding] = field(default_factory=dict)
    dead: Sequence[DeadLetter] = ()
    working: Sequence[WorkerLine] = ()
    waiting: Sequence[Parked] = ()
    written: Sequence[MinuteWrites] = ()
    parted: Sequence[Part] = ()
    unheard: Sequence[MissedLine] = ()
    happened: Sequence[Event] = ()
    look: Looking | Looked | None = None
    is_away: bool = False
    remedy: str = ""
    asked: int = 0

    async def snapshot(self) -> Snapshot:
        """The one that is given."""
        self.asked += 1
        if self.is_away:
            message = "connection refused"
            raise StoreError(message, remedy=self.remedy)
        return self.fleet

    async def requests(self, limit: int, state: State | None = None) -> Sequence[RequestLine]:
        """Those that are given."""
        return [line for line in self.lines if state in {None, line.state}][:limit]

    async def request(self, request: RequestId) -> RequestDetails | None:
        """The one of that id."""
        return next((one for one in self.details if one.view.id == request), None)

    async def forecast(self, request: RequestId) -> Forecast | None:
        """The same for all."""
        return self.foretold

    async def cohorts(self, limit: int) -> Sequence[CohortLine]:
        """Those that are given."""
        return self.cohort_lines[:limit]

    async def cohort(self, cohort: CohortId) -> CohortView | None:
        """The one of that id."""
        return next((one for one in self.cohort_views if one.id == cohort), None)

    async def tickets(
        self, requests: Sequence[RequestId]
    ) -> Mapping[RequestId, Sequence[TicketLine]]:
        """The same for all."""
        return dict.fromkeys(requests, self.planned)

    async def holdings(self, rows: Sequence[tuple[RequestId, str]]) -> Sequence[Holding]:
        """Those that are given, by target; nothing is known of the others."""
        return [
            self.held.get(target, Holding(request, target, None, {}, None))
            for request, target in rows
        ]

    async def looked(self, request: RequestId) -> Looking | Looked | None:
        """The same for all."""
        return self.look

    async def history(self, requests: Collection[RequestId], limit: int) -> Sequence[Event]:
        """All that are given."""
        return self.happened[:limit]

    async def letters(self, limit: int, choice: Choice) -> Sequence[DeadLetter]:
        """Those of the given that are meant."""
        return [one for one in self.dead if choice.means(one)][:limit]

    async def workers(self) -> Sequence[WorkerLine]:
        """Those that are given."""
        return self.working

    async def parked(self, limit: int) -> Sequence[Parked]:
        """Those that are given."""
        return self.waiting[:limit]

    async def missed(self) -> Sequence[MissedLine]:
        """Those that are given."""
        return self.unheard

    async def shares(self) -> Shares:
        """Those that are given."""
        load = Load(self.fleet.at_ms, (), Ceilings(0, 0, 0, 0), write_ms=60_000)
        return Shares(self.parted, load, paused_by=self.fleet.paused_by)

    async def writes(self, accounts: Sequence[str]) -> Sequence[MinuteWrites]:
        """Those that are given."""
        return self.written

    async def events(
        self, limit: int, request: str | None, target: str | None, kind: str | None
    ) -> Sequence[Event]:
        """Those of the given of that kind."""
        return [one for one in self.happened if kind in {None, one.name}][:limit]


@asynccontextmanager
async def paging(
    source: Given, telemetry: Telemetry
) -> AsyncIterator[tuple[httpx.AsyncClient, Page]]:
    """A page of `source`, served beside /health as a worker serves it."""
    page = Page(source, Place())
    app = Guard(health_app(telemetry, lambda: True, source.snapshot, page.app), Doors())
    async with (
        serving(app, listening_on(HOST, 0), MOST + READERS) as port,
        page.living(),
        asking_on(port) as client,
    ):
        yield client, page


def in_words(page: str) -> str:
    """A page as people read it, where a word that is not torn has a mark of its own."""
    return re.sub(r'<span class="whole">(.*?)</span>', r"\1", page)
