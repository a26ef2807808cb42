"""A source for the page whose readings are given, and a page of it over real HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from monarch.core.budget.forecast import Forecast
from monarch.core.ids import RequestId
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.ports import StoreError
from monarch.ports.readings import MigrationTimes, RequestDetails, RequestLine
from monarch.telemetry import Snapshot, Telemetry
from monarch.web.connections import MOST
from monarch.web.door.guard import Guard
from monarch.web.door.visit import Doors
from monarch.web.page.app import Page
from monarch.web.page.hub import READERS
from monarch.web.page.source import Place
from monarch.web.server import health_app, listening_on, serving
from tests.web.asking import HOST, asking_on

REQUEST = RequestId("1732406400000-0")
TEAM = "org/team-a"


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


@dataclass
class Given:
    """`Source`, with what a test gives it; `asked` counts the readings of a snapshot."""

    fleet: Snapshot = field(
        default_factory=lambda: Snapshot(1732406460000, (), workers=1, replicas=1)
    )
    lines: Sequence[RequestLine] = ()
    details: Sequence[RequestDetails] = ()
    foretold: Forecast | None = None
    is_away: bool = False
    asked: int = 0

    async def snapshot(self) -> Snapshot:
        """The one that is given."""
        self.asked += 1
        if self.is_away:
            message = "connection refused"
            raise StoreError(message)
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
