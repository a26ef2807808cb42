"""The page of a process: the commands' own readers, over connections that hold up nobody's work."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.fleet import Standing
from monarch.adapters.valkey.views.requests import Reader
from monarch.app.wiring import ceilings_of, outlook_of, valkey_of, web_url_of
from monarch.core.budget.forecast import Forecast
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports import Outlook
from monarch.ports.readings import RequestDetails, RequestLine
from monarch.settings import Settings
from monarch.telemetry import Snapshot
from monarch.web.page.app import Page
from monarch.web.page.source import Place

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


@asynccontextmanager
async def page_of(settings: Settings) -> AsyncIterator[Page]:
    """The page of the installation that `settings` name; nothing is asked before somebody opens it."""
    keys = Keys(settings.namespace)
    async with connected(valkey_of(settings), "page", connections=CONNECTIONS) as client:
        standing = Standing(client, keys, settings.channel, ceilings_of(settings))
        readings = Readings(Reader(client, keys), standing, outlook_of(client, settings))
        yield Page(readings, Place(web_url_of(settings)))
