"""Every address: what is read for it, and what it shows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from monarch.core.budget.moves import moves
from monarch.core.delivery import Stream
from monarch.ports.readings import Choice
from monarch.web.documents import letter_document, status_document, workers_document
from monarch.web.page import reads
from monarch.web.page.choices import command_for
from monarch.web.page.sights import PageRequest, Sight
from monarch.web.page.source import Place, Source
from monarch.web.views.banner import banner
from monarch.web.views.budget import budget_page
from monarch.web.views.buttons import fleet_buttons, letter_buttons
from monarch.web.views.cohort import alone, cohort_card
from monarch.web.views.dead import causes_of, dead_page
from monarch.web.views.events import events_page
from monarch.web.views.front import front
from monarch.web.views.workers import workers_page

Read = Callable[[Source, Place, PageRequest], Awaitable[Sight | None]]

NEWEST: Final = 30
"""How many requests to look at for the front page."""

COHORTS: Final = 20
"""Cohorts on the front page."""

LETTERS: Final = 500
"""How many dead letters, the newest, to group by cause."""

PARKED: Final = 100
EVENTS: Final = 200
"""Parked entries, and events, on their pages."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address. `query` names the parameters that it knows; `read` gives `None` where there is no such thing.

    `rests_on` names the records without which there is nothing to show, as their keys are named (`{id}`: what the path
    names); `parts` are the others that a list is made of.
    """

    name: str
    path: str
    read: Read
    query: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def rests_on_for(self, wish: PageRequest) -> tuple[str, ...]:
        """The records without which there is nothing to show for this request."""
        return tuple(one.replace("{id}", wish.get("id")) for one in self.rests_on)


async def _front(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    del place, wish
    snapshot = await source.snapshot()
    lines = await source.requests(NEWEST)
    cohorts = await source.cohorts(COHORTS)
    letters = await source.letters(LETTERS, Choice()) if snapshot.dead else ()
    still_open = [line for line in lines if line.ended_ms is None]
    forecast = await source.forecast(still_open[0].id) if still_open else None
    return Sight(
        "Monarch",
        "front.html",
        status_document(snapshot),
        "monarch status",
        {
            "banner": banner(snapshot),
            "front": front(
                snapshot, map(cohort_card, cohorts), alone(lines), causes_of(letters), forecast
            ),
            "buttons": fleet_buttons(snapshot),
        },
    )


async def _dead(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    del place
    given = {name: wish.get(name) for name in ("request", "target", "code")}
    choice = Choice(given["request"] or None, given["target"] or None, given["code"] or None)
    letters = await source.letters(LETTERS, choice)
    return Sight(
        "Dead letters",
        "dead.html",
        [letter_document(letter) for letter in letters],
        command_for("monarch dead list", given),
        {
            "banner": banner(await source.snapshot()),
            "dead": dead_page(letters, tuple(given.items()), LETTERS),
            "buttons": letter_buttons(given["code"], **given) if letters else (),
        },
    )


async def _budget(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    del place, wish
    snapshot = await source.snapshot()
    writes = await source.writes([one.account for one in snapshot.accounts])
    shares = await source.shares()
    moved = moves(shares)
    return Sight(
        "Budget",
        "budget.html",
        {
            "accounts": snapshot.accounts,
            "writes": writes,
            "shares": list(shares.parts),
            "moves": moved,
        },
        "monarch status",
        {
            "banner": banner(snapshot),
            "budget": budget_page(snapshot, writes, await source.cohorts(COHORTS), shares, moved),
        },
    )


async def _workers(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    del place, wish
    snapshot, workers = await source.snapshot(), await source.workers()
    return Sight(
        "Workers",
        "workers.html",
        workers_document(workers),
        "monarch workers",
        {
            "banner": banner(snapshot),
            "workers": workers_page(snapshot, workers, await source.parked(PARKED)),
        },
    )


async def _events(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    del place
    given = {name: wish.get(name) for name in ("request", "target", "kind")}
    events = await source.events(
        EVENTS, given["request"] or None, given["target"] or None, given["kind"] or None
    )
    options = {name: value for name, value in given.items() if name != "kind"}
    return Sight(
        "Events",
        "events.html",
        list(events),
        command_for("monarch events", options),
        {
            "banner": banner(await source.snapshot()),
            "events": events_page(events, tuple(given.items())),
        },
    )


async def _missed(source: Source, place: Place, wish: PageRequest) -> Sight | None:
    del place, wish
    missed = await source.missed()
    return Sight(
        "Missed repositories",
        "missed.html",
        list(missed),
        "monarch missed",
        {"banner": banner(await source.snapshot()), "missed": missed},
    )


ADDRESSES: Final = (
    Address("front", "/", _front),
    Address(
        "requests", "/requests", reads.requests, ("state",), ("known",), ("request", "requests")
    ),
    Address("request", "/requests/{id}", reads.request, ("page",), ("request:{id}",)),
    Address("cohort", "/cohorts/{id}", reads.cohort, ("page",), ("card:{id}",)),
    Address("dead", "/dead", _dead, ("request", "target", "code"), ("dead",)),
    Address("budget", "/budget", _budget),
    Address("workers", "/workers", _workers, parts=tuple(stream.value for stream in Stream)),
    Address("missed", "/missed", _missed, rests_on=("missed",)),
    Address("events", "/events", _events, ("request", "target", "kind"), ("events",)),
)
