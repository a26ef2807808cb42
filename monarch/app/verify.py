"""Verifying a request: compare its plan, from Valkey, with what its targets show right now.

Nothing is written to GitHub. The findings are kept in Valkey for the page; where Valkey takes no writes they are still
reported, and the page goes on showing what was found before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anyio import to_thread

from monarch.app.surveys import Store, in_order, surveying
from monarch.app.wiring import rules_of, style_of
from monarch.core.copy.style import Style
from monarch.core.ids import RequestId, TargetId, TicketId, migration_id
from monarch.core.plan import Plan
from monarch.core.report.passage import obstacle
from monarch.core.report.summary import MigrationView, State
from monarch.core.report.verification import COUNTED, Mark, Verification, verify
from monarch.core.request.refs import BadRef, parse_ref
from monarch.core.target.survey import Survey
from monarch.ports import StoreError
from monarch.ports.readings import LOST
from monarch.settings import Settings
from monarch.stages.rehearsal.rehearsal import RehearsalWish, Rehearser


@dataclass(frozen=True, slots=True)
class TargetReport:
    """One target. `state` is that of its migration; `problem` says why it could not be read, else `""`.

    `now` is what the repository is called that the request has reached, `""` if that is not known.
    """

    target: str
    state: State
    verification: Verification | None
    problem: str = ""
    now: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it was read, and nothing is missing or doubled there."""
        found = self.verification
        return found is not None and not any(finding.is_bad for finding in found.findings)

    def count(self, mark: Mark) -> int:
        """How many tickets have this mark; *present* counts all that have a copy, whatever other marks it has."""
        found = self.verification
        if found is None:
            return 0
        if mark is Mark.PRESENT:
            return sum(finding.number is not None for finding in found.findings)
        return len(found.marked(mark))


@dataclass(frozen=True, slots=True)
class Verified:
    """A request, target by target, in its order. `unkept` says why the page cannot show what was found, else `""`."""

    request: RequestId
    state: State
    plan: Plan
    targets: tuple[TargetReport, ...]
    unkept: str = ""

    @property
    def is_well(self) -> bool:
        """Whether a person has nothing to do."""
        return all(target.is_well for target in self.targets)

    @property
    def to_heal(self) -> dict[str, tuple[TicketId, ...]]:
        """What to heal, for each target: copies to be made again, and recalled ones to be opened again."""
        missing, recalled = self.missing, self.recalled
        names = (target.target for target in self.targets)
        both = {name: (*missing.get(name, ()), *recalled.get(name, ())) for name in names}
        return {name: tickets for name, tickets in both.items() if tickets}

    @property
    def recalled(self) -> dict[str, tuple[TicketId, ...]]:
        """The tickets whose copies a recall has closed, for each target that has any."""
        found = ((one.target, one.verification) for one in self.targets if one.verification)
        return {target: one.recalled for target, one in found if one.recalled}

    @property
    def missing(self) -> dict[str, tuple[TicketId, ...]]:
        """The tickets without a copy that GitHub has not refused, for each target that has any."""
        found = ((one.target, one.verification) for one in self.targets if one.verification)
        return {target: one.missing for target, one in found if one.missing}


@dataclass(frozen=True, slots=True)
class Unverifiable:
    """The request cannot be verified; `reason` says why."""

    reason: str


async def verified(
    settings: Settings, request: RequestId, tell: Callable[[str], None]
) -> Verified | Unverifiable:
    """Compare every target of a request with its plan. `tell` receives the name of each repository that is read.

    Raises:
        StoreError: Valkey cannot be asked; without it there is no plan.
    """
    async with surveying(settings, tell, needs_store=True) as reading:
        store = reading.store
        planned = await store.planned(request)
        if isinstance(planned, str):
            return Unverifiable(planned)
        details, plan = planned
        others = await store.others(details)
        views, style = {one.target: one for one in details.view.migrations}, style_of(settings)
        hosts = rules_of(settings).hosts
        known = {one.target: one.target_id for one in details.times}
        reports = await in_order(
            tuple(views),
            lambda target: _report(
                reading.rehearser, plan, others, views[target], known.get(target), style, hosts
            ),
        )
        unkept = await _keep(store, request, reports)
        state = details.view.state
        lost = (TargetReport(target, state, None, LOST) for target in details.lost)
        return Verified(request, state, plan, (*reports, *lost), unkept)


async def _keep(store: Store, request: RequestId, reports: Sequence[TargetReport]) -> str:
    """Keep what was found; why some of it could not be kept, else `""`."""
    unkept = ""
    for one in reports:
        if one.verification is not None:
            try:
                await store.verifications.keep(migration_id(request, one.target), one.verification)
            except StoreError as error:
                unkept = str(error)
    return unkept


async def _report(
    rehearser: Rehearser,
    plan: Plan,
    others: Sequence[Plan],
    view: MigrationView,
    known: int | None,
    style: Style,
    hosts: frozenset[str],
) -> TargetReport:
    try:
        name = parse_ref(view.target, hosts).full_name
    except BadRef as problem:
        return TargetReport(view.target, view.state, None, str(problem))
    wanted = RehearsalWish(plan, known=None if known is None else TargetId(known))
    survey = await rehearser.look(name, wanted)
    if not isinstance(survey, Survey):
        way = obstacle(survey)
        return TargetReport(view.target, view.state, None, "" if way is None else way.reason)
    found = await to_thread.run_sync(verify, plan, survey, style, others)
    return TargetReport(view.target, view.state, found, now=survey.repository.full_name)


def verified_document(found: Verified) -> dict[str, object]:
    """The same for programs: what `monarch verify --json` prints."""
    summary = {mark.value: sum(one.count(mark) for one in found.targets) for mark in COUNTED}
    extra = sum(len(t.verification.extra) for t in found.targets if t.verification is not None)
    return {
        "request": found.request,
        "state": found.state,
        "source": found.plan.source,
        "well": found.is_well,
        "summary": {**summary, "extra": extra},
        "targets": [_target_document(target) for target in found.targets],
    }


def _target_document(target: TargetReport) -> dict[str, object]:
    found = target.verification
    return {
        "target": target.target,
        "named_now": target.now,
        "state": target.state,
        "problem": target.problem,
        "tickets": [] if found is None else found.findings,
        "extra": [] if found is None else found.extra,
    }
