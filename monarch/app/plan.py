"""A dry run over all targets of a request: reads GitHub, and Valkey where it can be reached, and changes neither."""

import time
from collections.abc import Callable

from anyio import to_thread

from monarch.adapters.valkey.views.outlook import Newcomer, Traffic
from monarch.app.surveys import SurveyTools, in_order, surveying
from monarch.app.wiring import ceilings_of, rules_of, style_of
from monarch.core.budget.forecast import Load
from monarch.core.ids import TargetId
from monarch.core.plan import Plan
from monarch.core.portions.dates import wait_of
from monarch.core.report.dry_run import rehearsal_of, warned
from monarch.core.report.passage import Passage, obstacle, source_obstacle
from monarch.core.report.rehearsal import Rehearsal, again
from monarch.core.report.target_plan import DryRun, TargetPlan
from monarch.core.request.message import BadMessage, Request, parse_message
from monarch.core.verdict import Verdict
from monarch.settings import Settings
from monarch.stages.rehearsal.rehearsal import RehearsalWish


def parsed(payload: bytes, settings: Settings) -> Request | BadMessage:
    """The message, as the planner would read it."""
    return parse_message(payload, rules_of(settings))


async def dry_run(settings: Settings, request: Request, tell: Callable[[str], None]) -> DryRun:
    """Find out what `request` would do. `tell` receives the name of each repository that is read."""
    async with surveying(settings, tell, needs_store=False) as reading:
        store, source = reading.store, request.source.full_name
        plan = await reading.rehearser.plan(request)
        if not isinstance(plan, Plan):
            problem = source_obstacle(plan, source)
            return DryRun(
                source, problem=problem, without_store=store.trouble, portion=request.portion
            )
        targets = await _all_targets(reading, request, plan, settings) if plan.tickets else ()
        writes = sum(target.rehearsal.writes for target in targets)
        newcomer = Newcomer(plan.source, request.channel, request.portion)
        traffic = await store.traffic(newcomer) or Traffic(Load(0, (), ceilings_of(settings)))
        wait_s = wait_of(request.portion.not_before, round(time.time() * 1000))
        traffic = traffic.later(wait_s)
        return DryRun(
            plan.source,
            len(plan.tickets),
            targets,
            seconds=traffic.forecast(writes).seconds if writes else 0.0,
            ahead=traffic.ahead.before(writes),
            is_least=traffic.is_least,
            wait_s=wait_s,
            paused_by=traffic.paused_by,
            without_store=store.trouble,
            left_out=plan.left_out,
            portion=request.portion,
        )


async def _all_targets(
    reading: SurveyTools, request: Request, plan: Plan, settings: Settings
) -> tuple[TargetPlan, ...]:
    """In the order of the request; if two names lead to one repository, the second finds all that the first has copied."""
    names = [target.full_name for target in request.targets]
    wanted = RehearsalWish(plan)
    read = await in_order(names, lambda name: reading.rehearser.rehearse(name, wanted))
    plans: list[TargetPlan] = []
    first: dict[TargetId, Rehearsal] = {}
    for name, passed in zip(names, read, strict=True):
        before = first.get(passed.survey.repository.id) if isinstance(passed, Passage) else None
        if before is None:
            target = await to_thread.run_sync(_target, name, passed, settings)
        else:
            target = TargetPlan(name, again(before))
        if isinstance(passed, Passage):
            first.setdefault(passed.survey.repository.id, target.rehearsal)
        plans.append(target)
    refused = (
        TargetPlan(one.target, Rehearsal(one.target, problem=one.sentence), one.code)
        for one in request.refused
    )
    return (*plans, *refused)


def _target(name: str, passed: Passage | Verdict, settings: Settings) -> TargetPlan:
    """What the plan says of one target. It works on whole texts."""
    way = obstacle(passed, settings.target_patience_seconds)
    code = None if way is None else way.code
    if not isinstance(passed, Passage):
        return TargetPlan(name, Rehearsal(name, problem="" if way is None else way.reason), code)
    return TargetPlan(name, warned(rehearsal_of(passed, way), passed, style_of(settings)), code)
