"""An update: which requests it is about, what it would do, and the wish for it."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from monarch.adapters.valkey.inbox import Submission, Update
from monarch.adapters.valkey.views.requests import Reader
from monarch.app.operator import Operator, message
from monarch.app.surveys import in_order, surveying
from monarch.app.wiring import style_of, web_url_of
from monarch.core.copy.render import finished, title_of
from monarch.core.copy.style import Copying
from monarch.core.ids import RequestId
from monarch.core.plan import Plan
from monarch.core.report.summary import State
from monarch.settings import Settings
from monarch.stages.after.foresight import Foreseen, Foresight, foresee
from monarch.stages.survey import Surveyor, Unready

__all__ = [
    "Foreseen",
    "Refused",
    "TargetUpdate",
    "Wish",
    "foreseen",
    "submitted",
    "web_url_of",
    "wishes",
]

LOOKED_AT = 200
"""So many requests are looked through, the newest."""

BASES = 10
"""So many earlier plans say what was written before, the newest."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One request to be: the same source, channel and milestones as those that it updates."""

    source: str
    targets: tuple[str, ...]
    channel: str | None
    milestones: tuple[str, ...]
    bases: tuple[RequestId, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing can be updated; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class TargetUpdate:
    """What an update would do to one target; `problem` says why it cannot be told, else `""`.

    `texts` are, by the number of each differing copy, the title and the text that it would have.
    """

    target: str
    foresight: Foresight = field(default_factory=Foresight)
    texts: dict[int, tuple[str, str]] = field(default_factory=dict)
    problem: str = ""


async def wishes(
    reader: Reader, request: RequestId | None, source: str, only: Sequence[str]
) -> tuple[Wish, ...] | Refused:
    """What is asked for: an update of one request, or of the newest request of each target of a source.

    Raises:
        StoreError: Valkey cannot be asked.
    """
    if request is not None:
        details = await reader.request(request)
        if details is None:
            return Refused(
                f"no request {request} is known: it has expired, or see `monarch requests`"
            )
        source = details.view.source
    lines = await reader.requests(LOOKED_AT)
    planned = {State.RUNNING, State.DONE, State.FAILED, State.CANCELLED}
    known = [
        line.id for line in lines if line.source.lower() == source.lower() and line.state in planned
    ]
    if not known:
        return Refused(f"no request for {source or 'that source'} is known that was planned")
    bases, found, taken = tuple(known[:BASES]), [], set[str]()
    for one in known if request is None else [request]:
        found += await _wish(reader, one, bases, only, taken)
    if not found:
        return Refused("none of these targets was ever worked on")
    return tuple(found)


async def _wish(
    reader: Reader,
    request: RequestId,
    bases: tuple[RequestId, ...],
    only: Sequence[str],
    taken: set[str],
) -> list[Wish]:
    """The targets of one request that no newer one has; none where it has none of them."""
    details = await reader.request(request)
    if details is None:
        return []
    targets = tuple(
        one.target
        for one in details.times
        if one.target_id is not None
        and one.target.lower() not in taken
        and (not only or one.target in only)
    )
    taken |= {target.lower() for target in targets}
    view = details.view
    if not targets:
        return []
    return [Wish(view.source, targets, view.channel, view.portion.milestones, bases)]


async def submitted(person: Operator, wish: Wish, by: str) -> Submission:
    """Ask for it, durably.

    Raises:
        StoreError: see `Submitter.submission`. An update that is asked for twice edits nothing twice.
    """
    payload = message(wish.source, wish.targets, wish.channel, milestones=wish.milestones)
    return await person.submit(payload, uuid.uuid4().hex, Update(by, wish.bases))


async def foreseen(
    settings: Settings,
    request: RequestId | None,
    source: str,
    only: Sequence[str],
    tell: Callable[[str], None],
) -> tuple[TargetUpdate, ...] | Refused:
    """What the update would do, target by target. Nothing is written.

    Raises:
        StoreError: Valkey cannot be asked.
    """
    async with surveying(settings, tell, needs_store=True) as (surveyor, store):
        asked = await wishes(store.reader, request, source, only)
        if isinstance(asked, Refused):
            return asked
        told: list[TargetUpdate] = []
        for wish in asked:
            template = await surveyor.template(wish.source, wish.milestones)
            if isinstance(template, Unready):
                return Refused(f"the source {wish.source}: {template.reason}")
            plan = template.plan
            plans = [await store.plans.read(base) for base in wish.bases]
            earlier = [one for one in plans if one is not None]
            told += await in_order(
                wish.targets,
                lambda name, p=plan, e=earlier: _target(surveyor, settings, name, p, e),  # type: ignore[misc] # bound now
            )
        return tuple(told)


async def _target(
    surveyor: Surveyor, settings: Settings, name: str, plan: Plan, earlier: Sequence[Plan]
) -> TargetUpdate:
    survey = await surveyor.target(name, plan)
    if isinstance(survey, Unready):
        return TargetUpdate(name, problem=survey.reason)
    style = style_of(settings)
    foresight = foresee(plan, survey, style, earlier)
    repository, numbers = survey.repository, dict(survey.seen.copies)
    copying = Copying(
        plan, repository.full_name, repository.id, style, numbers, survey.seen.highest
    )
    texts = {
        one.issue.number: (title_of(one.ticket), finished(one.ticket, copying))
        for one in foresight.differing
    }
    return TargetUpdate(name, foresight, texts)
