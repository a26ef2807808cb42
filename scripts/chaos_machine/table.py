"""The one table that a run ends with, for people and as JSON."""

import statistics
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.chaos_machine.judge import timing
from scripts.chaos_machine.judge.verdicts import COLUMNS, Judgement
from scripts.chaos_machine.record import Truth
from scripts.chaos_machine.timetable import Timetable

SHOWN = 20
"""So many breaches are told; all of them are in the folder."""


def figures(truth: Truth, judgement: Judgement, plan: Timetable, seconds: float) -> dict[str, Any]:
    """Every figure of a run, by its name."""
    kinds = Counter(fault.kind for fault in truth.faults)
    valkey = "with a replica and Sentinels" if plan.is_watched else "alone"
    resumed, exits = timing.resume_times_s(truth), [one.seconds for one in truth.exits]
    handed_over = timing.handover_times_s(truth)
    return {
        "world": plan.world,
        "seed": plan.seed,
        "seconds": round(seconds),
        "Valkey": valkey,
        "requests": len(truth.requests),
        "ended as": dict(sorted(Counter(one.state for one in truth.requests).items())),
        "tickets copied": judgement.copies,
        "dead letters": dict(sorted(Counter(one.code for one in truth.dead).items())),
        "given up in healthy targets": judgement.given_up,
        "faults": sum(kinds.values()),
        "kinds of faults": len(kinds),
        "faults by kind": dict(sorted(kinds.items())),
        **{column: judgement.count(column) for column in COLUMNS},
        "strays in the three windows": [
            f"#{stray.number} of {stray.repository}: {stray.cause}" for stray in judgement.strays
        ],
        "crashed workers' deliveries": len(resumed),
        "longest resume, s": round(max(resumed, default=0.0), 1),
        "longest resume with what is excused, s": round(
            max(
                (one.waited_s or 0.0 for one in truth.resumes if one.why != "stopped"), default=0.0
            ),
            1,
        ),
        "median resume, s": round(statistics.median(resumed), 1) if resumed else 0.0,
        "stopped workers' deliveries": len(handed_over),
        "longest handover, s": round(max(handed_over, default=0.0), 1),
        "exits after SIGTERM": len(exits),
        "longest exit, s": round(max(exits, default=0.0), 1),
        "breaches": [f"{breach.column}: {breach.what}" for breach in judgement.breaches],
    }


def show(told: dict[str, Any], folder: Path | None) -> None:
    """Print the table; `folder` is where the logs are kept, `None` where they are not."""
    table = Table("what", "figure", title=f"scripts/chaos, seed {told['seed']}")
    for name, value in told.items():
        if name != "breaches":
            table.add_row(name, _readable(value), style="red" if name in COLUMNS and value else "")
    table.add_row("logs", str(folder) if folder else "not kept")
    console = Console()
    console.print(table)
    for breach in told["breaches"][:SHOWN]:
        console.print(f"BREACH  {breach}", markup=False, highlight=False, soft_wrap=True)
    if len(told["breaches"]) > SHOWN:
        console.print(f"… and {len(told['breaches']) - SHOWN} more, see figures.json")
    if told["breaches"]:
        console.print(
            f"Look at {folder}: faults.jsonl, worker-*.log, calls.jsonl, events.jsonl",
            soft_wrap=True,
        )


def _readable(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{count:>4} {name}" for name, count in value.items()) or "0"
    if isinstance(value, list):
        return "\n".join([str(len(value)), *map(str, value)])
    return str(value)
