"""Results for people, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.budget_machine.cases import (
    LEAST_CREATED,
    MOST_REJECTED,
    MOST_WRONG,
    RIVALS,
    Result,
    Score,
)
from scripts.budget_machine.moods import MoodResult

EXPLAINED = f"""\
Each cell: created ÷ ideal | rejected ÷ sent | longest time of knocking at a door that had asked to wait.
The ideal sees the hidden limit, less what the stranger takes, and writes whenever it allows, a second apart.
Bounds: created ≥ {LEAST_CREATED:.0%}, rejected ≤ {MOST_REJECTED:.0%}, never two refusals within the time asked for, forecasts
of more than a minute wrong by ≤ {MOST_WRONG:.0%} at the median, and better than each rival in both figures together (created
less rejected). Rivals: the predecessor reads nothing of what GitHub asks for (the better of 403 and 429 counts); a write
every 1 s and every 3 s, each worker by itself, with GitHub's documented reaction (Retry-After, else 60 s, doubling)."""


def document(results: Sequence[Result], moods: Sequence[MoodResult], seed: int) -> dict[str, Any]:
    """One JSON document."""
    return {
        "seed": seed,
        "forecasts_wrong_by": overall_error(results),
        "cases": [
            {
                **asdict(one.case),
                "ideal": one.ideal,
                "ours": asdict(one.ours),
                "forecasts_wrong_by": one.wrong,
                "learned": one.ceilings,
                "rivals": {name: asdict(score) for name, score in one.rivals.items()},
                "problems": one.problems,
            }
            for one in results
        ],
        "moods": [
            {
                "case": one.case.name,
                "created": one.created,
                "refused": one.refused,
                "problems": one.problems,
            }
            for one in moods
        ],
    }


def overall_error(results: Sequence[Result]) -> float | None:
    """The median over all forecasts of all cases."""
    errors = [error for one in results for error in one.errors]
    return median(errors) if errors else None


def show(results: Sequence[Result], moods: Sequence[MoodResult], seed: int) -> None:
    """A row for each case."""
    console = Console(width=260)
    if results:
        _show_hidden(console, results, seed)
    if moods:
        _show_moods(console, moods)
    missed = [(one.case.name, problem) for one in results for problem in one.problems]
    missed += [(one.case.name, problem) for one in moods for problem in one.problems]
    for name, problem in missed:
        console.print(f"MISSED {name}: {problem}", style="red", highlight=False)


def _show_moods(console: Console, moods: Sequence[MoodResult]) -> None:
    table = Table(title="Refusals that have nothing to do with counts, no ceiling set")
    for name in ("case", "created ÷ ideal", "refused"):
        table.add_column(name, no_wrap=True)
    for one in moods:
        style = "red" if one.problems else ""
        table.add_row(one.case.name, f"{one.created:.1%}", str(one.refused), style=style)
    console.print(table)


def _show_hidden(console: Console, results: Sequence[Result], seed: int) -> None:
    table = Table(title=f"Six hours on a virtual clock (seed {seed})")
    for name in ("hidden limit a minute/an hour", "ideal", "Monarch", "forecasts", "learned"):
        table.add_column(name, no_wrap=True)
    for name in RIVALS:
        table.add_column(name, no_wrap=True)
    for one in results:
        table.add_row(*_row(one), style="red" if one.problems else "")
    console.print(table)
    console.print(EXPLAINED, highlight=False)
    worst, least = max(results, key=_rejected), min(results, key=_created)
    console.print(
        f"Worst: created {least.ours.created:.1%} ({least.case.name});"
        f" rejected {worst.ours.rejected:.2%} ({worst.case.name});"
        f" all forecasts wrong by {overall_error(results) or 0:.1%} at the median.",
        highlight=False,
    )


def _created(result: Result) -> float:
    return result.ours.created


def _rejected(result: Result) -> float:
    return result.ours.rejected


def _row(one: Result) -> list[str]:
    minute, hour = one.ceilings
    wrong = "none" if one.wrong is None else f"± {one.wrong:.1%}"
    return [
        one.case.name,
        str(one.ideal),
        _cell(one.ours),
        wrong,
        f"{minute or 'as set'}/{hour or 'as set'}",
        *(_cell(score) for score in one.rivals.values()),
    ]


def _cell(score: Score) -> str:
    return f"{score.created:6.1%} | {score.rejected:5.1%} | {_span(score.hammered_s)}"


def _span(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004 - a minute and a half is read best in seconds
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
