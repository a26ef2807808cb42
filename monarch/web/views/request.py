"""One request: its head, and a row for each of its teams."""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.report.summary import MigrationView
from monarch.ports.readings import MigrationTimes, RequestDetails
from monarch.web.views.listing import TONES


@dataclass(frozen=True, slots=True)
class Team:
    """One target. `there` of its tickets have a copy; `why` says what it waits for or failed with."""

    target: str
    href: str
    state: str
    tone: str
    there: int
    refused: int
    deleted: int
    strays: tuple[int, ...]
    tries: int
    why: str
    next_ms: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request. `facts` are names and values; `moments` names and times in milliseconds since 1970."""

    id: str
    state: str
    tone: str
    source: str
    href: str
    tickets: int
    run: int
    reason: str
    code: str
    forecast: str
    done: int
    facts: tuple[tuple[str, str], ...]
    moments: tuple[tuple[str, int], ...]
    slack: str
    teams: tuple[Team, ...]


def request_view(details: RequestDetails, forecast: Forecast | None, github: str) -> RequestPage:
    """Make the page of a request."""
    view = details.view
    times = {one.target: one for one in details.times}
    return RequestPage(
        id=view.id,
        state=view.state.value,
        tone=TONES[view.state],
        source=view.source,
        href=f"{github}/{view.source}" if view.source else "",
        tickets=view.tickets,
        run=view.run,
        reason=view.reason,
        code=details.code,
        forecast=in_words(forecast),
        done=sum(one.ended_ms is not None for one in details.times),
        facts=_facts(details),
        moments=_moments(details),
        slack=details.notice_error,
        teams=tuple(
            _team(one, times.get(one.target), github) for one in _urgent_first(view.migrations)
        ),
    )


def _facts(details: RequestDetails) -> tuple[tuple[str, str], ...]:
    view = details.view
    told = (
        ("cancelled by", view.cancelled_by),
        ("paused by", "" if view.has_ended else view.paused_by),
        ("channel", view.channel or ""),
        ("came by", details.via),
        ("run", str(view.run) if view.run > 1 else ""),
    )
    return tuple((name, value) for name, value in told if value)


def _moments(details: RequestDetails) -> tuple[tuple[str, int], ...]:
    view = details.view
    told = (
        ("appended", view.appended_ms),
        ("planned", details.planned_ms),
        ("next try", details.next_ms),
        ("ended", view.ended_ms),
    )
    return tuple((name, ms) for name, ms in told if ms)


_ORDER = ("bad", "warn", "busy", "quiet", "ok")


def _urgent_first(migrations: Sequence[MigrationView]) -> list[MigrationView]:
    return sorted(migrations, key=lambda one: _ORDER.index(_tone(one)))


def _tone(migration: MigrationView) -> str:
    if migration.strays:
        return "bad"
    tone = TONES[migration.state]
    return "warn" if tone == "ok" and (migration.refused or migration.notes) else tone


def _team(migration: MigrationView, times: MigrationTimes | None, github: str) -> Team:
    return Team(
        target=migration.target,
        href=f"{github}/{migration.target}/issues",
        state=migration.state.value,
        tone=_tone(migration),
        there=migration.copied + migration.present,
        refused=migration.refused,
        deleted=migration.deleted,
        strays=migration.strays,
        tries=1 if times is None else times.attempts + 1,
        why=migration.reason or _last_error(times),
        next_ms=None if times is None else times.next_ms,
        notes=migration.notes,
    )


def _last_error(times: MigrationTimes | None) -> str:
    """While it is tried again: what went wrong before."""
    return "" if times is None or times.ended_ms else times.error
