"""A dry run of an act on a request: what it would do with each copy of each target. Nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass

from monarch.app.surveys import in_order, surveying
from monarch.app.verify import Unverifiable, why_without_plan
from monarch.app.wiring import web_url_of
from monarch.core.after.acts import Act
from monarch.core.after.course import Course
from monarch.core.after.touch import Left
from monarch.core.ids import RequestId, TargetId
from monarch.core.plan import Plan
from monarch.core.request.refs import BadRef, parse_ref
from monarch.settings import Settings
from monarch.stages.after.rehearsal import Turn
from monarch.stages.survey import Surveyor, Unready

__all__ = ["ActRehearsal", "TargetRehearsal", "Unverifiable", "rehearsed", "web_url_of"]


@dataclass(frozen=True, slots=True)
class TargetRehearsal:
    """One target: the numbers of the copies that would be changed, how many stand so already, and which are left.

    `problem` says why it cannot be told, else `""`.
    """

    target: str
    changes: tuple[int, ...] = ()
    done: int = 0
    left: tuple[Left, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ActRehearsal:
    """A request, target by target, in its order."""

    request: RequestId
    source: str
    targets: tuple[TargetRehearsal, ...]


async def rehearsed(
    settings: Settings,
    request: RequestId,
    act: Act,
    only: tuple[str, ...],
    tell: Callable[[str], None],
) -> ActRehearsal | Unverifiable:
    """Say what an act would do in these targets of a request; in all of them where none is named.

    Raises:
        StoreError: Valkey cannot be asked; without it there is no plan.
    """
    async with surveying(settings, tell, needs_store=True) as (surveyor, store):
        details = await store.reader.request(request)
        if details is None:
            return Unverifiable(
                f"no request {request} is known: it has expired, or see `monarch requests`"
            )
        plan = await store.plans.read(request)
        if plan is None:
            return Unverifiable(why_without_plan(request, details.view.state))
        known = {one.target: one.target_id for one in details.times}
        names = [one.target for one in details.view.migrations if not only or one.target in only]
        found = await in_order(
            names, lambda name: _rehearsal(surveyor, plan, act, name, known.get(name))
        )
        unknown = (
            TargetRehearsal(name, problem=f"request {request} has no target {name}")
            for name in only
            if name not in names
        )
        return ActRehearsal(request, plan.source, (*found, *unknown))


async def _rehearsal(
    surveyor: Surveyor, plan: Plan, act: Act, target: str, known: int | None
) -> TargetRehearsal:
    if known is None:
        return TargetRehearsal(target, problem="nothing was ever copied there by this request")
    try:
        name = parse_ref(target).full_name
    except BadRef as problem:
        return TargetRehearsal(target, problem=str(problem))
    survey = await surveyor.copies(name, plan, TargetId(known))
    turns = survey if isinstance(survey, Unready) else await surveyor.rehearse(survey, plan, act)
    if isinstance(turns, Unready):
        return TargetRehearsal(target, problem=turns.reason)
    return _told(target, turns)


def _told(target: str, turns: tuple[Turn, ...]) -> TargetRehearsal:
    return TargetRehearsal(
        target,
        tuple(turn.number for turn in turns if turn.found.is_to_be_changed),
        sum(turn.found.course is Course.DONE for turn in turns),
        tuple(
            Left(turn.ticket.number, turn.number, turn.found.touches)
            for turn in turns
            if turn.found.is_left
        ),
    )
