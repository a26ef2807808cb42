"""`plan`: shows what `submit` would do."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from monarch.cli.calling import FAILED, WRONG, fail, failures_reported, settings
from monarch.cli.portions import RequestArguments, demand_date, in_arguments
from monarch.cli.terminal.printing import age, clean, moment, say, show_facts, show_json, show_table
from monarch.cli.terminal.readings import readings
from monarch.cli.terminal.tables import number, reason, word
from monarch.core.portions.sentences import milestones_words, portion_facts
from monarch.web.documents import plan_document

if TYPE_CHECKING:
    from monarch.core.report.rehearsal import Copy, Rehearsal, Warned
    from monarch.core.report.target_plan import DryRun, TargetPlan


def show_plan(asked: RequestArguments, *, as_json: bool) -> None:
    """Show what would be done; fails if some of it would not end well."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.plan import dry_run, parsed  # noqa: PLC0415 - lazily
    from monarch.core.request.message import BadMessage  # noqa: PLC0415 - lazily

    known = settings(needs_github=True)
    request = parsed(asked.message(), known)
    if isinstance(request, BadMessage):
        fail(clean(in_arguments(request.sentence)), WRONG)
    demand_date(request.portion)
    with failures_reported(), readings(quiet=as_json) as tell:
        found = anyio.run(dry_run, known, request, tell)
    if as_json:
        show_json(plan_document(found))
    else:
        _print(found)
    if found.problem or any(target.rehearsal.problem for target in found.targets):
        raise typer.Exit(FAILED)


# ------------------------------------------------------------------------------------------ for people


def _print(found: "DryRun") -> None:
    show_facts(_facts(found))
    if found.targets:
        print()
        _show_targets(found)
    for target in found.targets:
        _print_target(target)
    _print_warnings(found)


def _facts(found: "DryRun") -> dict[str, object]:
    facts: dict[str, object] = {"source": found.source}
    if found.problem:
        return {**facts, "nothing would be done": found.problem}
    facts |= {**portion_facts(found.portion), "tickets": found.tickets}
    if found.left_out:
        facts |= {"not copied": "; ".join(found.left_out)}
    if not found.tickets:
        return {**facts, "nothing would be done": _no_tickets(found)}
    if found.is_barred:
        return {**facts, "nothing would be done": "something is in the way of each target"}
    return {**facts, "writes": _writes(found), "done": _done(found)}


def _no_tickets(found: "DryRun") -> str:
    where = milestones_words(found.portion)
    return f"the source has no open issues{where and f' in {where}'}"


def _writes(found: "DryRun") -> str:
    total = found.writes
    if not total:
        barred = any(target.rehearsal.problem for target in found.targets)
        return f"0: nothing is to be done{' where nothing is in the way' if barred else ''}"
    counts = {
        name: sum(len(kind(target.rehearsal)) for target in found.targets)
        for name, kind in _KINDS.items()
    }
    parts = (f"{n} {_one(name) if n == 1 else name}" for name, n in counts.items() if n)
    return f"{total} ({', '.join(parts)})"


def _one(name: str) -> str:
    return name.removesuffix("ies") + "y" if name.endswith("ies") else name.removesuffix("s")


_KINDS: "Mapping[str, Callable[[Rehearsal], Sequence[object]]]" = {
    "issues": lambda one: one.create,
    "labels": lambda one: one.labels,
    "milestones": lambda one: one.milestones,
    "edits": lambda one: one.rewrite,
    "sub-issues": lambda one: one.nest,
    "dependencies": lambda one: one.block,
}


def _done(found: "DryRun") -> str:
    done = _soon(found.seconds)
    if found.without_store:
        why = found.without_store.rstrip(".")
        return f"{done}, if the budget is unused; Valkey was not asked ({why})"
    if found.ahead:
        least = "at least " if found.is_least else ""
        done += f", after {least}{found.ahead} writes of other requests"
    by = "by then" if found.wait_s else "now"
    return f"{done}, if {found.paused_by} lets the fleet go on {by}" if found.paused_by else done


def _soon(seconds: float) -> str:
    at = moment(round((time.time() + seconds) * 1000))
    return f"in {age(seconds)}, at {at}" if seconds else "at once"


def _show_targets(found: "DryRun") -> None:
    """A line for each target; few templates have dependencies, so these get a column only if there are some."""
    rare = "dependencies"
    shown = [
        name
        for name, kind in _KINDS.items()
        if name != rare or any(kind(target.rehearsal) for target in found.targets)
    ]
    columns = (word("target"), *map(number, (*shown, "there", "writes")), reason("in the way"))
    rows = [_row(target, shown) for target in found.targets]
    show_table(columns, rows, empty="no targets")


def _row(target: "TargetPlan", shown: Sequence[str]) -> tuple[object, ...]:
    one = target.rehearsal
    counts = (len(_KINDS[name](one)) for name in shown)
    return target.asked, *counts, len(one.present), one.writes, one.problem


def _print_target(target: "TargetPlan") -> None:
    lines = list(_lines(target.rehearsal))
    if lines:
        print(f"\n{clean(_title(target))}")
    for name, value in lines:
        say(f"  {name:<14}  {clean(value)}", goes_on=" " * 18)


def _title(target: "TargetPlan") -> str:
    name = target.rehearsal.target
    return target.asked if target.asked.lower() == name.lower() else f"{target.asked}, now {name}"


def _lines(one: "Rehearsal") -> Iterator[tuple[str, str]]:
    """Everything to know about a target besides its numbers."""
    if one.create:
        yield "creates", _pairs(one.create)
    there = [copy for copy in one.present if copy not in one.adopted]
    if there:
        yield "there", _pairs(there)
    if one.adopted:
        yield "adopts", f"{_pairs(one.adopted)}: they say the same, and carry no marker"
    if one.deleted:
        yield (
            "stays deleted",
            f"{ranges(one.deleted)}: `monarch verify REQUEST --heal` makes it again",
        )
    if one.labels:
        yield "new labels", ", ".join(one.labels)
    if one.milestones:
        yield "new milestones", ", ".join(one.milestones)
    if one.rewrite:
        yield "references", f"are put right in {ranges(one.rewrite)}"
    if one.nest:
        yield "sub-issues", ", ".join(f"#{n.child} under #{n.parent}" for n in one.nest)
    if one.block:
        yield "dependencies", ", ".join(f"#{n.blocked} on #{n.blocker}" for n in one.block)
    for note in one.notes:
        yield "note", note


def _pairs(copies: "Sequence[Copy]") -> str:
    return f"{ranges(copy.ticket for copy in copies)} as {ranges(copy.number for copy in copies)}"


def _print_warnings(found: "DryRun") -> None:
    """Each once, with its targets unless those are all: most warnings are about the ticket alone."""
    where: dict[Warned, list[str]] = {}
    for target in found.targets:
        for warned in target.rehearsal.warnings:
            where.setdefault(warned, []).append(target.asked)
    creating = sum(bool(target.rehearsal.create) for target in found.targets)
    tickets: dict[str, list[int]] = {}
    for warned, targets in sorted(where.items(), key=lambda one: one[0].ticket):
        only = "" if len(targets) == creating else f" ({', '.join(targets)})"
        tickets.setdefault(warned.text + only, []).append(warned.ticket)
    if tickets:
        print("\nwarnings")
    for text, numbers in tickets.items():
        noun = "ticket" if len(numbers) == 1 else "tickets"
        say(f"  {noun} {ranges(numbers)}: {clean(text)}")


def ranges(numbers: Iterable[int]) -> str:
    """`#1-#12, #14`: numbers in their order, consecutive ones together."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(f"#{run[0]}" if len(run) == 1 else f"#{run[0]}-#{run[-1]}" for run in runs)
