"""A dry run of an act on a request: what it would do with each copy of each target. Nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from monarch.app.surveys import in_order, surveying
from monarch.app.verify import Unverifiable
from monarch.core.after.acts import Act
from monarch.core.after.sentences import NEVER_COPIED, NO_TARGET
from monarch.core.after.touch import Left
from monarch.core.ids import RequestId, TargetId
from monarch.core.report.passage import Passage, obstacle
from monarch.core.request.refs import respelled
from monarch.core.verdict import Acted, Done
from monarch.settings import Settings
from monarch.stages.rehearsal.rehearsal import RehearsalWish, Rehearser


@dataclass(frozen=True, slots=True)
class TargetRehearsal:
    """One target: the numbers of the copies that would be changed, how many are so already, and which are left.

    `problem` says why that is unknown, else `""`. `now` is what the repository is called, `""` if that is not known.
    """

    target: str
    changes: tuple[int, ...] = ()
    done: int = 0
    left: tuple[Left, ...] = ()
    problem: str = ""
    now: str = ""


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
    async with surveying(settings, tell, needs_store=True) as reading:
        store, patience_s = reading.store, settings.target_patience_seconds
        planned = await store.planned(request)
        if isinstance(planned, str):
            return Unverifiable(planned)
        details, plan = planned
        bases = await store.bases(details)
        known = {one.target: one.target_id for one in details.times}
        its = [one.target for one in details.view.migrations]
        only = respelled(only, its)
        names = [target for target in its if not only or target in only]
        found = await in_order(
            names,
            lambda name: _rehearsal(
                reading.rehearser,
                RehearsalWish(plan, act, bases=bases),
                name,
                known.get(name),
                patience_s,
            ),
        )
        unknown = (
            TargetRehearsal(name, problem=NO_TARGET.format(request, name))
            for name in only
            if name not in names
        )
        return ActRehearsal(request, plan.source, (*found, *unknown))


async def _rehearsal(
    rehearser: Rehearser, wanted: RehearsalWish, target: str, known: int | None, patience_s: float
) -> TargetRehearsal:
    if known is None:
        return TargetRehearsal(target, problem=NEVER_COPIED)
    passed = await rehearser.rehearse(target, replace(wanted, known=TargetId(known)))
    way = obstacle(passed, patience_s)
    verdict = passed.verdict if isinstance(passed, Passage) else passed
    match verdict:
        case Done(Acted(left=left, already=already)) if isinstance(passed, Passage):
            changes = tuple(passed.changed.values())
            now = passed.survey.repository.full_name
            return TargetRehearsal(target, changes, already, left, now=now)
        case _:
            return TargetRehearsal(target, problem="" if way is None else way.reason)
