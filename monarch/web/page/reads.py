"""What is read for the addresses of requests and cohorts, and what they show."""

from collections.abc import Sequence
from typing import Final

from monarch.core.ids import CohortId, RequestId
from monarch.core.report.summary import OF_REQUESTS
from monarch.web.documents import request_document
from monarch.web.page.choices import page_number
from monarch.web.page.sights import PageRequest, Sight
from monarch.web.page.source import Place, Source
from monarch.web.views.banner import banner
from monarch.web.views.buttons import request_buttons
from monarch.web.views.cohort import cohort_page, newest_open, teams_of
from monarch.web.views.events import happenings
from monarch.web.views.listing import listing
from monarch.web.views.matrix import Matrix, Team, columns_of, matrix, shown, urgent_first
from monarch.web.views.request import request_view
from monarch.web.views.verification import look_line

LISTED: Final = 100
"""How many requests a listing has."""

HISTORY: Final = 30
"""How many events a request shows."""


async def requests(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    """The newest requests, of one state if it is given; all of them where it is none, which is said above the page."""
    del place
    asked = wish.get("state")
    state = next((one for one in OF_REQUESTS if one.value == asked), None)
    lines = await source.requests(LISTED, state)
    return Sight(
        "Requests",
        "requests.html",
        list(lines),
        f"monarch requests --state {state}" if state else "monarch requests",
        {
            "banner": banner(await source.snapshot()),
            "listing": listing(lines, state, OF_REQUESTS),
        },
    )


async def request(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    """One request; `None` where it is not known."""
    name = RequestId(wish.get("id"))
    details = await source.request(name)
    if details is None:
        return None
    forecast = await source.forecast(name)
    due = {one.target: one.next_ms for one in details.times}
    teams = [Team(name, one, due.get(one.target)) for one in details.view.migrations]
    return Sight(
        f"Request {name}",
        "request.html",
        request_document(details, forecast),
        f"monarch show {name}",
        {
            "banner": banner(await source.snapshot()),
            "request": request_view(details, forecast, place.github),
            "look": look_line(await source.looked(name)),
            "buttons": request_buttons(details),
            "matrix": await _matrix(
                source, place, urgent_first(teams), [name], details.view.source, wish
            ),
            "history": happenings(await source.history({name}, HISTORY)),
            "here": wish.path,
        },
    )


async def cohort(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    """One cohort; `None` where it is not known."""
    name = CohortId(wish.get("id"))
    view = await source.cohort(name)
    if view is None:
        return None
    last = newest_open(view)
    forecast = await source.forecast(last.id) if last else None
    members = [one.id for one in view.requests]
    return Sight(
        f"{view.source} ({name})",
        "cohort.html",
        {
            "cohort": name,
            "view": view,
            "forecast_seconds": forecast and round(forecast.seconds),
            "forecast_is_least": forecast and forecast.is_least,
        },
        f"monarch show {members[-1]}" if members else "monarch requests",
        {
            "banner": banner(await source.snapshot()),
            "cohort": cohort_page(view, forecast, place.github),
            "matrix": await _matrix(source, place, teams_of(view), members, view.source, wish),
            "history": happenings(await source.history(set(members), HISTORY)),
            "here": wish.path,
        },
    )


async def _matrix(
    source: Source,
    place: Place,
    teams: Sequence[Team],
    requests: Sequence[RequestId],
    template: str,
    wish: PageRequest,
) -> Matrix:
    planned = await source.tickets(requests)
    columns = columns_of(planned.values(), template, place.github)
    page = page_number(wish.get("page")) or 1
    rows, number, pages = shown(teams, len(columns), page)
    holdings = await source.holdings([(one.request, one.migration.target) for one in rows])
    return matrix(columns, rows, holdings, planned, place.github, (number, pages, len(teams)))
