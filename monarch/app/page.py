"""The page of a process: the commands' own readers, over connections that hold up nobody's work."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.fleet import Standing
from monarch.adapters.valkey.views.requests import Reader
from monarch.app.acting import means_of
from monarch.app.doors import doors_of
from monarch.app.wiring import ceilings_of, outlook_of, valkey_of, web_url_of
from monarch.core.budget.forecast import Forecast
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports import Outlook
from monarch.ports.readings import RequestDetails, RequestLine
from monarch.settings import Settings
from monarch.telemetry import Snapshot
from monarch.web.acts.routes import Acts
from monarch.web.door.guard import Guard
from monarch.web.door.signing_in import SigningIn
from monarch.web.door.tries import Tries
from monarch.web.page.app import Page
from monarch.web.page.source import Place
from monarch.web.page.whole import refusal, sheet

CONNECTIONS: Final = 6
"""More than the page reads at once: a connection whose answer came too late may still be closing."""


class Readings:
    """`web.page.source.Source`: whatever is asked, one of the readers of the commands answers."""

    def __init__(self, reader: Reader, standing: Standing, outlook: Outlook) -> None:
        self._reader = reader
        self._standing = standing
        self._outlook = outlook

    async def snapshot(self) -> Snapshot:
        """See `Source.snapshot`."""
        return await self._standing.snapshot()

    async def requests(self, limit: int, state: State | None = None) -> Sequence[RequestLine]:
        """See `Source.requests`."""
        return await self._reader.requests(limit, state)

    async def request(self, request: RequestId) -> RequestDetails | None:
        """See `Source.request`."""
        return await self._reader.request(request)

    async def forecast(self, request: RequestId) -> Forecast | None:
        """See `Source.forecast`."""
        return await self._outlook.forecast(request)


@dataclass(frozen=True, slots=True)
class Served:
    """A page, and the application that serves it behind its door."""

    page: Page
    app: Guard


@asynccontextmanager
async def page_of(settings: Settings) -> AsyncIterator[Served]:
    """The page of the installation that `settings` name; nothing is asked before somebody opens it."""
    keys, doors, tries = Keys(settings.namespace), doors_of(settings), Tries()
    link = connected(valkey_of(settings), "page", connections=CONNECTIONS)
    async with link as client, means_of(settings) as means:
        standing = Standing(client, keys, settings.channel, ceilings_of(settings))
        readings = Readings(Reader(client, keys), standing, outlook_of(client, settings))
        signing_in = SigningIn(doors, tries, sheet)
        routes = [*Acts(means, doors, sheet).routes(), *signing_in.routes()]
        page = Page(readings, Place(web_url_of(settings)), routes)
        yield Served(page, Guard(page.app, doors, refusal, tries))
