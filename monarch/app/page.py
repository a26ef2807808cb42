"""The page of a process: the commands' own readers, over connections of their own, so that they hold up no work."""

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.kept.shelf import Shelf
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.cohorts import Cohorts
from monarch.adapters.valkey.views.dead_letters import Letters
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.matrix import Matrices
from monarch.adapters.valkey.views.missed import MissedOnRecord
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.adapters.valkey.views.sought import Sought
from monarch.adapters.valkey.views.traffic import TrafficReader
from monarch.adapters.valkey.views.wanted import Wanted, history, newest
from monarch.adapters.valkey.views.workers import Workers
from monarch.app.doors import doors_of
from monarch.app.page_means import looked, means_of, message_of
from monarch.app.plan import dry_run, parsed
from monarch.app.update import UpdateRefused, foreseen
from monarch.app.wiring import ceilings_of, outlook_of, valkey_of, web_url_of
from monarch.core.ids import RequestId
from monarch.core.portions.dates import date_mistake
from monarch.core.report.summary import State
from monarch.core.report.target_plan import DryRun
from monarch.core.report.update import TargetUpdate
from monarch.core.request.message import BadMessage
from monarch.ports.readings import (
    Event,
    RequestLine,
)
from monarch.ports.spoiled import spoiled_keys
from monarch.settings import Settings
from monarch.web.acts.means import Looked, Looking
from monarch.web.acts.routes import Acts
from monarch.web.door.guard import Guard
from monarch.web.door.signing_in import SigningIn
from monarch.web.door.throttle import Tries
from monarch.web.form import RequestForm
from monarch.web.page.app import Page
from monarch.web.page.planning import Planning
from monarch.web.page.sights import left_out
from monarch.web.page.source import Place
from monarch.web.page.updating import TARGETS as UPDATES_SHOWN
from monarch.web.page.updating import UpdatePage, Which
from monarch.web.page.whole import refusal, sheet

CONNECTIONS: Final = 6
"""More than the page reads at once: a connection whose answer came too late may still be closing."""


LOOKED_THROUGH: Final = 2_000
"""How many events, the newest, to search for those of a request."""


class Readings:
    """`web.page.source.Source`, answered by the readers of the commands."""

    def __init__(self, client: Valkey, keys: Keys, settings: Settings) -> None:
        self._shelf = Shelf(client, keys)
        self._reader = reader = RequestReader(client, keys)
        self._events = EventLog(client, keys)
        outlook, matrices, traffic = (
            outlook_of(client, settings),
            Matrices(client, keys),
            TrafficReader(client, keys),
        )
        cohorts = Cohorts(client, Scripts(client, keys.prefix), keys)
        # Each of these readers answers a part of `Source` as it stands.
        self.snapshot = FleetReader(client, keys, settings.channel, ceilings_of(settings)).snapshot
        self.request = reader.request
        self.forecast, self.shares = outlook.forecast, outlook.shares
        self.cohorts, self.cohort = cohorts.newest, cohorts.one
        self.tickets, self.holdings = matrices.tickets, matrices.holdings
        self.letters = Letters(client, keys).newest
        self.workers = Workers(client, keys).all
        self.parked, self.writes = traffic.parked, traffic.writes
        self.missed = MissedOnRecord(client, keys).all

    async def requests(self, limit: int, state: State | None = None) -> Sequence[RequestLine]:
        """See `Source.requests`."""
        return await self._reader.requests(limit, Sought(state=state))

    async def looked(self, request: RequestId) -> Looking | Looked | None:
        """See `Source.looked`."""
        return await looked(self._shelf, request)

    async def history(self, requests: Collection[RequestId], limit: int) -> Sequence[Event]:
        """See `Source.history`."""
        return await history(self._events, requests, limit, LOOKED_THROUGH)

    async def events(
        self, limit: int, request: str | None, target: str | None, kind: str | None
    ) -> Sequence[Event]:
        """See `Source.events`."""
        return await newest(self._events, limit, Wanted(request, target, kind=kind))


@dataclass(frozen=True, slots=True)
class Served:
    """A page, and the application that serves it behind its door."""

    page: Page
    app: Guard


@asynccontextmanager
async def page_of(settings: Settings) -> AsyncIterator[Served]:
    """The page of the installation that `settings` name; it sends nothing before a person opens it."""
    keys, doors, tries = Keys(settings.namespace), doors_of(settings), Tries()
    link = connected(valkey_of(settings), "page", connections=CONNECTIONS)
    async with link as client, means_of(settings) as means:
        readings = Readings(client, keys, settings)
        signing_in = SigningIn(doors, tries, sheet)
        place = Place(web_url_of(settings))
        planning = Planning(partial(_planned, settings), place.github)
        updating = UpdatePage(partial(_foreseen, settings), place.github)
        routes = [
            *Acts(means, doors, sheet).routes(),
            *signing_in.routes(),
            *planning.routes(),
            *updating.routes(),
        ]
        page = Page(readings, place, routes)
        yield Served(page, Guard(page.app, doors, refusal, tries))


UNSIGNED: Final = "this process has no credential for GitHub: set GH_PAT or a GitHub App"


def _can_sign(settings: Settings) -> bool:
    return bool(settings.gh_pat or settings.github_app_id)


async def _foreseen(settings: Settings, wanted: Which) -> Sequence[TargetUpdate] | str:
    """What an update would do; a text says why that is unknown."""
    if not _can_sign(settings):
        return UNSIGNED
    request, target = wanted
    only = (target,) if target else ()
    with spoiled_keys() as met:
        found = await foreseen(settings, request, "", only, lambda _name: None, UPDATES_SHOWN)
    return ". ".join((found.reason, *left_out(met))) if isinstance(found, UpdateRefused) else found


async def _planned(settings: Settings, asked: RequestForm) -> DryRun | str:
    """What a request would do; a text says why that is unknown."""
    if not _can_sign(settings):
        return UNSIGNED
    request = parsed(message_of(asked), settings)
    if isinstance(request, BadMessage):
        return request.sentence
    if mistake := date_mistake(request.portion.not_before, round(time.time() * 1000)):
        return mistake
    return await dry_run(settings, request, lambda _name: None)
