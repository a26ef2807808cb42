"""Every address: what is read for it, and what is made of that."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.web.documents import request_document, status_document
from monarch.web.page.sights import Sight, Wish
from monarch.web.page.source import Place, Source
from monarch.web.views.banner import banner
from monarch.web.views.buttons import fleet_buttons, request_buttons
from monarch.web.views.front import front
from monarch.web.views.listing import listing
from monarch.web.views.request import request_view

Read = Callable[[Source, Place, Wish], Awaitable[Sight | None]]

NEWEST: Final = 30
"""Requests on the front page."""

LISTED: Final = 100
"""Requests in a listing."""


@dataclass(frozen=True, slots=True)
class Address:
    """One of them. `query` names the parameters that it knows; `read` gives `None` where there is no such thing."""

    name: str
    path: str
    read: Read
    query: tuple[str, ...] = ()


async def _front(source: Source, place: Place, wish: Wish) -> Sight | None:
    del place, wish
    snapshot = await source.snapshot()
    lines = await source.requests(NEWEST)
    still_open = [line for line in lines if line.ended_ms is None]
    forecast = await source.forecast(still_open[0].id) if still_open else None
    return Sight(
        "Monarch",
        "front.html",
        status_document(snapshot),
        "monarch status",
        {
            "banner": banner(snapshot),
            "front": front(snapshot, lines, forecast),
            "buttons": fleet_buttons(snapshot),
        },
    )


async def _requests(source: Source, place: Place, wish: Wish) -> Sight | None:
    del place
    known = {state.value: state for state in State if state is not State.PARKED}
    state = known.get(wish.get("state"))
    lines = await source.requests(LISTED, state)
    return Sight(
        "Requests",
        "requests.html",
        list(lines),
        f"monarch requests --state {state}" if state else "monarch requests",
        {
            "banner": banner(await source.snapshot()),
            "listing": listing(lines, state, tuple(known.values())),
        },
    )


async def _request(source: Source, place: Place, wish: Wish) -> Sight | None:
    name = RequestId(wish.get("id"))
    details = await source.request(name)
    if details is None:
        return None
    forecast = await source.forecast(name)
    return Sight(
        f"Request {name}",
        "request.html",
        request_document(details, forecast),
        f"monarch show {name}",
        {
            "banner": banner(await source.snapshot()),
            "request": request_view(details, forecast, place.github),
            "buttons": request_buttons(details),
        },
    )


ADDRESSES: Final = (
    Address("front", "/", _front),
    Address("requests", "/requests", _requests, ("state",)),
    Address("request", "/requests/{id}", _request),
)
