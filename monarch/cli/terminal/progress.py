"""Shows a followed request: a bar on a terminal, a line for each change anywhere else, or nothing.

All of it goes to standard error: the result is the request's id alone.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from monarch.cli.terminal.printing import clean, fitted
from monarch.cli.terminal.troubles import obstacle_line
from monarch.core.after.sentences import act_words, under_way_words
from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.moments import date_of
from monarch.core.report.summary import ENDS, MigrationView, RequestView, State
from monarch.telemetry.obstacles import Cause

if TYPE_CHECKING:
    import rich.progress

    from monarch.ports.readings import RequestDetails
    from monarch.telemetry.obstacles import Obstacle


@dataclass(frozen=True, slots=True)
class RequestSight:
    """A request as it stands now, when it will be done, and what stops all work."""

    details: "RequestDetails"
    forecast: Forecast | None = None
    obstacles: "tuple[Obstacle, ...]" = ()


class Progress(Protocol):
    """Shows the state of a request, each time it is read."""

    def update(self, sight: RequestSight) -> None:
        """Show what has changed, and when it will be done."""

    def say(self, words: str) -> None:
        """Print something besides it."""


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """The kind of progress that fits the output."""
    if quiet:
        yield _Silence()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bar(bars)
    else:
        yield _Lines()


class _Silence:
    def update(self, sight: RequestSight) -> None:
        """Show nothing."""

    def say(self, words: str) -> None:
        """Say nothing."""


class _Lines:
    """Prints each change once."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def update(self, sight: RequestSight) -> None:
        """Print a line for the request and for each target that has changed."""
        view = sight.details.view
        self._say("request", request_line(view, sight.forecast))
        for name, line in target_lines(sight.details):
            self._say(name, line)
        stops = (obstacle_line(one, ago=False) for one in sight.obstacles)
        self._say("waits", " ".join(stops))

    def say(self, words: str) -> None:
        """Print a line."""
        print(words, file=sys.stderr, flush=True)

    def _say(self, name: str, line: str) -> None:
        if self._said.get(name, "") != line:
            self._said[name] = line
            self.say(f"{clean(name)}: {line or 'for nothing any more'}")


class _Bar:
    """One bar for all copies; above it a line for each target that has ended or waits, and for what stops all work."""

    def __init__(self, bars: "rich.progress.Progress") -> None:
        self._bars = bars
        self._task = bars.add_task("queued", total=None)
        self._said: set[str] = set()
        self._stops: dict[str, Cause] = {}

    def update(self, sight: RequestSight) -> None:
        """Move the bar."""
        view = sight.details.view
        there, total = counted(view)
        words = waits(sight.details) or in_words(sight.forecast)
        description = f"{view.state.value}, {words}" if words else view.state.value
        self._bars.update(self._task, description=description, completed=there, total=total)
        if not view.has_ended:  # the obstacles of what has ended are not read
            stops = {f"! {obstacle_line(one, ago=False)}": one.cause for one in sight.obstacles}
            self._tell_stops(stops)
        if view.reason:
            self._say_once(f"{view.state.value}: {clean(view.reason)}")
        shown = {m.target for m in view.migrations if m.state in _REPORTED}
        for name, line in target_lines(sight.details):
            if name in shown:
                self._say_once(f"{clean(name)}: {line}")

    def say(self, words: str) -> None:
        """Print a line above the bar."""
        lines = fitted(words, out=sys.stderr)
        self._bars.console.print(lines, markup=False, highlight=False, soft_wrap=True)

    def _tell_stops(self, stops: "dict[str, Cause]") -> None:
        """Report what has begun to stop the work, and what no longer does."""
        for cause in dict.fromkeys(self._stops.values()):
            if cause not in stops.values():
                self.say(OVER[cause])
        for line in stops:
            if line not in self._stops:
                self.say(line)
        self._stops = stops

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self.say(line)


OVER: Final = {
    Cause.PAUSED: "the fleet goes on",
    Cause.NO_WORKER: "a worker runs now",
    Cause.NO_ROLE: "a worker has that role now",
    Cause.NO_SUBSCRIBER: "workers listen now",
    Cause.CREDENTIAL_REFUSED: "GitHub no longer refuses the credential",
    Cause.STORE_REFUSES: "Valkey takes in new work again",
    Cause.BROKEN_KEY: "the broken key is mended",
    Cause.VALKEY_AWAY: "Valkey answers again",
    Cause.VALKEY_REFUSES: "Valkey lets us in again",
}
"""What takes back a report of what stops all work."""

_REPORTED: Final = frozenset({State.DONE, State.DEAD, State.CANCELLED, State.PARKED})
"""The states that get a line; the bar shows a running target."""


def _bars() -> "rich.progress.Progress":
    from rich.console import Console  # noqa: PLC0415 - lazily
    from rich.progress import (  # noqa: PLC0415 - lazily
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    # The words are last, so that nothing else moves as they come and go.
    counts = (BarColumn(bar_width=16), MofNCompleteColumn(), TimeElapsedColumn())
    words = TextColumn("{task.description}", markup=False)
    return Progress(*counts, words, console=Console(stderr=True))


def counted(view: RequestView) -> tuple[int, int | None]:
    """How many copies exist, and how many there will be; `None` if that is not known yet.

    An ended target will get no more copies, so what it lacks is not counted.
    """
    there = sum(m.copied + m.present for m in view.migrations)
    to_come = sum(
        max(0, view.tickets - m.copied - m.present - m.refused - m.deleted)
        for m in view.migrations
        if m.state not in ENDS
    )
    return there, there + to_come or None


def waits(details: "RequestDetails") -> str:
    """`waits until 12:01:01 UTC` if everything that is left waits; `""` if something goes on."""
    open_ones = {m.target: m.state for m in details.view.migrations if m.state not in ENDS}
    if any(state is not State.PARKED for state in open_ones.values()):
        return ""
    due = [t.next_ms for t in details.times if t.target in open_ones and t.next_ms is not None]
    if details.next_ms is not None:
        due.append(details.next_ms)
    return f"waits until {clock(min(due))}" if due else ""


def target_lines(details: "RequestDetails") -> Iterator[tuple[str, str]]:
    """Each target's name, and its state; none of a request that was never begun, whose own line says it all."""
    if details.never_begun:
        return
    times = {one.target: one for one in details.times}
    for migration in details.view.migrations:
        known = times.get(migration.target)
        line = migration_line(migration, details.view.tickets)
        if known is not None and known.next_ms is not None:
            line += f" (waits until {clock(known.next_ms)})"
        elif (
            known is not None
            and known.error not in {"", migration.reason}
            and migration.state not in ENDS
        ):
            line += f" (tried again after: {clean(known.error)})"
        yield migration.target, line


def clock(at_ms: int) -> str:
    """The time of day, with its date if that is not today."""
    then, now = date_of(at_ms), date_of(time.time() * 1000)
    return then.strftime("%H:%M:%S UTC" if then.date() == now.date() else "%Y-%m-%d %H:%M:%S UTC")


def request_line(view: RequestView, forecast: Forecast | None = None) -> str:
    """The state of the request and when it will be done, in a few words."""
    state, reason = view.state.value, f": {clean(view.reason)}" if view.reason else ""
    if view.cancelled_by:
        state = f"{state}, cancelled by {clean(view.cancelled_by)}"
    elif view.paused_by and not view.has_ended:
        state = f"{state}, paused by {clean(view.paused_by)}"
    if view.state is State.SKIPPED:
        return f"{state}: the source has no open tickets"
    if not view.migrations:
        return state + reason
    done = sum(m.state is State.DONE for m in view.migrations)
    words = in_words(forecast)
    when = f", {words}" if words else ""
    return f"{state}, {done} of {len(view.migrations)} targets done{when}{reason}"


def migration_line(migration: MigrationView, tickets: int) -> str:
    """The state of a target, in a few words."""
    there = migration.copied + migration.present
    line = f"{migration.state.value}, {_act_line(migration) or f'{there} of {tickets} tickets'}"
    if migration.present:
        line += f" ({migration.present} already there)"
    if migration.deleted:
        line += f", {migration.deleted} deleted or moved away by a person"
    if migration.strays:
        line += f", second copies to close: {' '.join(f'#{n}' for n in migration.strays)}"
    return f"{line}: {clean(migration.reason)}" if migration.reason else line


def _act_line(migration: MigrationView) -> str:
    """The act that is under way, or the last one that has ended; `""`: it is, and was, nothing but the copying."""
    return act_words(migration) if migration.acted else under_way_words(migration)
