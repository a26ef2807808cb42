"""A dry run over all targets of a request: reads GitHub, and Valkey where it can be reached, and changes neither."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from anyio import to_thread

from monarch.adapters.valkey.views.outlook import Traffic
from monarch.app.surveys import in_order, surveying
from monarch.app.wiring import ceilings_of, rules_of, style_of
from monarch.core.budget.forecast import Load
from monarch.core.ids import TargetId
from monarch.core.report.dry_run import rehearse
from monarch.core.report.foretold import DryRun, TargetPlan
from monarch.core.report.rehearsal import Rehearsal, again
from monarch.core.request.message import BadMessage, Request, parse_message
from monarch.settings import Settings
from monarch.stages.survey import Surveyor, Template, Unready, without_replay

__all__ = ["BadMessage", "DryRun", "TargetPlan", "dry_run", "parsed"]


def parsed(payload: bytes, settings: Settings) -> Request | BadMessage:
    """The message, as the planner would read it."""
    request = parse_message(payload, rules_of(settings))
    if isinstance(request, BadMessage):
        return replace(request, reason=without_replay(request.reason))
    return request


async def dry_run(settings: Settings, request: Request, tell: Callable[[str], None]) -> DryRun:
    """Find out what `request` would do. `tell` hears of each reading, by the name of its repository."""
    async with surveying(settings, tell, needs_store=False) as (surveyor, store):
        source = request.source.full_name
        template = await surveyor.template(source, request.portion.milestones)
        if isinstance(template, Unready):
            problem = f"the source {source}: {template.reason}"
            portion = request.portion
            return DryRun(source, problem=problem, without_store=store.trouble, portion=portion)
        plan = template.plan
        targets = await _all_targets(surveyor, request, template, settings) if plan.tickets else ()
        writes = sum(target.rehearsal.writes for target in targets)
        traffic = await store.traffic() or Traffic(Load(0, (), ceilings_of(settings)))
        return DryRun(
            plan.source,
            len(plan.tickets),
            targets,
            seconds=traffic.forecast(writes).seconds if writes else 0.0,
            ahead=traffic.ahead.before(writes),
            is_least=traffic.is_least,
            paused_by=traffic.paused_by,
            without_store=store.trouble,
            left_out=plan.left_out,
            portion=request.portion,
        )


async def _all_targets(
    surveyor: Surveyor, request: Request, template: Template, settings: Settings
) -> tuple[TargetPlan, ...]:
    """In the order of the request; of two names for one repository the second finds all that the first has copied."""
    names = [target.full_name for target in request.targets]
    found = await in_order(names, lambda name: surveyor.target(name, template.plan))
    private = template.repository.private
    rehearse_it = partial(rehearse, style=style_of(settings), source_private=private)
    told: list[TargetPlan] = []
    first: dict[TargetId, Rehearsal] = {}
    for name, survey in zip(names, found, strict=True):
        if isinstance(survey, Unready):
            told.append(TargetPlan(name, Rehearsal(name, problem=survey.reason), survey.code))
            continue
        before = first.get(survey.repository.id)
        rehearsal = (
            await to_thread.run_sync(rehearse_it, template.plan, survey)
            if before is None
            else again(before)
        )
        first.setdefault(survey.repository.id, rehearsal)
        told.append(TargetPlan(name, rehearsal))
    refused = (
        TargetPlan(one.target, Rehearsal(one.target, problem=without_replay(one.reason)), one.code)
        for one in request.refused
    )
    return (*told, *refused)
