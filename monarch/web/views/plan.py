"""What a request would do, before it is sent: numbers, what is in the way, and how long it takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.report.rehearsal import Copy
from monarch.core.report.target_plan import DryRun, TargetPlan
from monarch.web.views.formats import counted


@dataclass(frozen=True, slots=True)
class TargetPage:
    """One target. `facts` are names and sentences."""

    asked: str
    href: str
    problem: str
    creates: int
    there: int
    writes: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A plan. `warnings` are about tickets, each once."""

    source: str
    problem: str
    head: str
    when: str
    without_store: str
    left_out: tuple[str, ...]
    targets: tuple[TargetPage, ...]
    warnings: tuple[str, ...]


def plan_page(found: DryRun, now_ms: int, github: str) -> PlanPage:
    """Make the page of a plan that was made at `now_ms` (milliseconds since 1970)."""
    forecast = Forecast(found.seconds, now_ms, found.is_least)
    return PlanPage(
        source=found.source,
        problem=found.problem or ("" if found.tickets else "the source has no open issues"),
        head=f"{counted(found.tickets, 'ticket')}, {counted(found.writes, 'write')}",
        when=_when(found, forecast),
        without_store=found.without_store,
        left_out=found.left_out,
        targets=tuple(_target(one, github) for one in found.targets),
        warnings=tuple(_warnings(found)),
    )


def _when(found: DryRun, forecast: Forecast) -> str:
    if found.is_barred:
        return "nothing would be done, since something is in the way of each target"
    if not found.writes:
        return "nothing is to be done"
    done = in_words(forecast) or "done in less than a minute"
    least = "at least " if found.is_least else ""
    ahead = (
        f", after {least}{counted(found.ahead, 'write')} of other requests" if found.ahead else ""
    )
    by = "by then" if found.wait_s else "now"
    paused = f", if {found.paused_by} lets the fleet go on {by}" if found.paused_by else ""
    return f"{done}{ahead}{paused}"


def _target(one: TargetPlan, github: str) -> TargetPage:
    found = one.rehearsal
    return TargetPage(
        asked=one.asked,
        href=f"{github}/{found.target}/issues",
        problem=found.problem,
        creates=len(found.create),
        there=len(found.present),
        writes=found.writes,
        facts=tuple((name, text) for name, text in _facts(one) if text),
    )


def _facts(one: TargetPlan) -> Iterator[tuple[str, str]]:
    found = one.rehearsal
    yield "creates", _pairs(found.create)
    yield "is there", _pairs([copy for copy in found.present if copy not in found.adopted])
    yield "adopts", _pairs(found.adopted)
    yield "stays deleted", ", ".join(f"#{number}" for number in found.deleted)
    yield "new labels", ", ".join(found.labels)
    yield "new milestones", ", ".join(found.milestones)
    yield "references put right in", ", ".join(f"#{number}" for number in found.rewrite)
    for note in found.notes:
        yield "note", note


def _pairs(copies: Sequence[Copy]) -> str:
    return ", ".join(f"#{copy.ticket} as #{copy.number}" for copy in copies)


def _warnings(found: DryRun) -> list[str]:
    each = (
        f"#{warned.ticket}: {warned.text}"
        for target in found.targets
        for warned in target.rehearsal.warnings
    )
    return list(dict.fromkeys(each))
