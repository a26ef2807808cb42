"""The JSON documents of what people see: `monarch … --json` prints them, and the page answers with them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final

from monarch.core.after.edit import Edit
from monarch.core.budget.forecast import Forecast
from monarch.core.portions.details import in_iso
from monarch.core.report.differing import difference
from monarch.core.report.target_plan import DryRun, TargetPlan
from monarch.core.report.update import Foreseen, TargetUpdate
from monarch.ports.readings import DeadLetter, RequestDetails, WorkerLine
from monarch.telemetry import Snapshot
from monarch.telemetry.obstacles import obstacles

Document = dict[str, object]


def status_document(snapshot: Snapshot) -> Document:
    """The state of the fleet (`monarch status`); a count that cannot be read is `None`."""
    unread = {count: None for count, name in _COUNTED_IN.items() if snapshot.is_unread(name)}
    if snapshot.hides_workers:
        unread["workers"] = None
    return {**asdict(snapshot), **unread, "obstacles": obstacles(snapshot)}


_COUNTED_IN: Final = {
    "requests": "known",
    "open_requests": "open",
    "parked": "parked",
    "dead": "dead",
    "missed": "missed",
    "newer": "newer",
}
"""Counts of a snapshot, and the name of the key that each is read from."""


def request_document(details: RequestDetails, forecast: Forecast | None) -> Document:
    """One request (`monarch show`); without a forecast both of its fields are `None`."""
    return {
        "request": details.view.id,
        **asdict(details),
        "not_before": in_iso(details.view.portion),
        "milestones": details.view.portion.milestones,
        "forecast_seconds": forecast and round(forecast.seconds),
        "forecast_is_least": forecast and forecast.is_least,
        "forecast_sharing": forecast and forecast.sharing,
    }


def letter_document(letter: DeadLetter) -> Document:
    """One dead letter (`monarch dead list`, `monarch dead show`)."""
    return {**asdict(letter), "target": letter.target}


def workers_document(workers: Iterable[WorkerLine]) -> list[Document]:
    """The workers (`monarch workers`)."""
    return [{**asdict(one), "host": one.host, "pid": one.pid} for one in workers]


def plan_document(found: DryRun) -> Document:
    """What a request would do (`monarch plan`)."""
    return {
        "source": found.source,
        "problem": found.problem,
        "not_before": in_iso(found.portion),
        "milestones": found.portion.milestones,
        "tickets": found.tickets,
        "left_out": found.left_out,
        "writes": found.writes,
        "seconds": found.seconds,
        "ahead": found.ahead,
        "ahead_is_least": found.is_least,
        "paused_by": found.paused_by,
        "valkey_problem": found.without_store,
        "targets": [_target_document(target) for target in found.targets],
    }


def _target_document(target: TargetPlan) -> Document:
    one = target.rehearsal
    return {
        "asked": target.asked,
        "target": one.target,
        "code": target.code,
        "problem": one.problem,
        "writes": one.writes,
        "create": one.create,
        "present": one.present,
        "adopted": one.adopted,
        "deleted": one.deleted,
        "refused": one.refused,
        "labels": one.labels,
        "milestones": one.milestones,
        "rewrite": one.rewrite,
        "sub_issues": one.nest,
        "dependencies": one.block,
        "notes": one.notes,
        "warnings": one.warnings,
    }


def update_document(found: Sequence[TargetUpdate], github: str, *, close: bool) -> Document:
    """What an update would do (`monarch update --dry-run`). `github` is where GitHub's pages are."""
    return {"targets": [_updated(one, f"{github}/{one.place}/issues", close) for one in found]}


def _updated(target: TargetUpdate, issues: str, close: bool) -> Document:  # noqa: FBT001 - of one caller
    found = target.foresight
    return {
        "target": target.target,
        "named_now": target.named_now,
        "problem": target.problem,
        "new": [ticket.number for ticket in found.new],
        "labels": found.writes.labels,
        "milestones": found.writes.milestones,
        "rewrite": found.writes.edited,
        "nest": found.writes.nested,
        "block": found.writes.blocked,
        "copies": [_differing(one, issues) for one in found.differing],
        "opened": [
            {"ticket": ticket, "number": number, "url": f"{issues}/{number}"}
            for ticket, number in found.opened
        ],
        "closed": [
            {
                "ticket": one.ticket,
                "number": one.number,
                "url": f"{issues}/{one.number}",
                "close": close and not one.touches,
                "touches": one.touches,
            }
            for one in found.closed
        ],
    }


def _differing(one: Foreseen, issues: str) -> Document:
    return {
        "ticket": one.ticket.number,
        "number": one.issue.number,
        "url": f"{issues}/{one.issue.number}",
        "edit": one.found if isinstance(one.found, Edit) else None,
        "left": "" if isinstance(one.found, Edit) else one.found.touch.value,
        "difference": difference(one),
    }
