"""How a request is followed: a bar on a terminal, a line for each change anywhere else, or nothing.

All of it on standard error: the request's id alone is the result.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from monarch.cli.printing import clean
from monarch.core.forecast import Forecast, in_words
from monarch.core.summary import MigrationView, RequestView, State

if TYPE_CHECKING:
    import rich.progress


class Progress(Protocol):
    """Is told how a request stands, again and again."""

    def update(self, view: RequestView, forecast: Forecast | None = None) -> None:
        """Show what has changed, and when it will be done."""


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """What fits to where it is shown."""
    if quiet:
        yield _Silence()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bar(bars)
    else:
        yield _Lines()


class _Silence:
    def update(self, view: RequestView, forecast: Forecast | None = None) -> None:
        """Show nothing."""


class _Lines:
    """Says each change once."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def update(self, view: RequestView, forecast: Forecast | None = None) -> None:
        """Print a line for the request and for each target that is not as it was."""
        self._say("request", request_line(view, forecast))
        for migration in view.migrations:
            self._say(migration.target, migration_line(migration, view.tickets))

    def _say(self, name: str, line: str) -> None:
        if self._said.get(name) != line:
            self._said[name] = line
            print(f"{clean(name)}: {line}", file=sys.stderr, flush=True)


class _Bar:
    """One bar for all copies; above it a line for each target that has ended."""

    def __init__(self, bars: "rich.progress.Progress") -> None:
        self._bars = bars
        self._task = bars.add_task("queued", total=None)
        self._ended: set[str] = set()

    def update(self, view: RequestView, forecast: Forecast | None = None) -> None:
        """Move the bar."""
        there = sum(m.copied + m.present for m in view.migrations)
        total = view.tickets * len(view.migrations) or None
        words = in_words(forecast)
        description = f"{view.state.value}, {words}" if words else view.state.value
        self._bars.update(self._task, description=description, completed=there, total=total)
        for migration in view.migrations:
            if migration.state in {State.DONE, State.DEAD, State.CANCELLED}:
                self._say_ended(migration, view.tickets)

    def _say_ended(self, migration: MigrationView, tickets: int) -> None:
        if migration.target not in self._ended:
            self._ended.add(migration.target)
            line = f"{clean(migration.target)}: {migration_line(migration, tickets)}"
            self._bars.console.print(line, markup=False, highlight=False)


def _bars() -> "rich.progress.Progress":
    from rich.console import Console  # noqa: PLC0415 - lazily
    from rich.progress import (  # noqa: PLC0415 - lazily
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))


def request_line(view: RequestView, forecast: Forecast | None = None) -> str:
    """How the request stands and when it will be done, in a few words."""
    state, reason = view.state.value, f": {clean(view.reason)}" if view.reason else ""
    if view.cancelled_by:
        state = f"{state}, cancelled by {clean(view.cancelled_by)}"
    elif view.paused_by and not view.has_ended:
        state = f"{state}, paused by {clean(view.paused_by)}"
    if not view.migrations:
        return state + reason
    done = sum(m.state is State.DONE for m in view.migrations)
    words = in_words(forecast)
    when = f", {words}" if words else ""
    return f"{state}, {done} of {len(view.migrations)} targets done{when}{reason}"


def migration_line(migration: MigrationView, tickets: int) -> str:
    """How a target stands, in a few words."""
    there = migration.copied + migration.present
    line = f"{migration.state.value}, {there} of {tickets} tickets"
    if migration.present:
        line += f" ({migration.present} already there)"
    if migration.deleted:
        line += f", {migration.deleted} deleted by somebody"
    if migration.strays:
        line += f", second copies to close: {' '.join(f'#{n}' for n in migration.strays)}"
    return f"{line}: {clean(migration.reason)}" if migration.reason else line
