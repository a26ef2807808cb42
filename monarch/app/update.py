"""An update: which requests it is about, what it would do, and the wish for it."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from anyio import to_thread

from monarch.adapters.valkey.inbox import Submission, Update
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.app.operator import Operator, message
from monarch.app.surveys import LOOKED_AT, OTHERS, PLANNED, SurveyTools, in_order, surveying
from monarch.app.wiring import style_of
from monarch.core.after.acts import Act
from monarch.core.after.sentences import NEVER_COPIED
from monarch.core.ids import RequestId, TargetId
from monarch.core.plan import Plan
from monarch.core.portions.message import Portion
from monarch.core.report.passage import Passage, obstacle, source_obstacle
from monarch.core.report.update import TargetUpdate, foresight_of
from monarch.core.request.message import Request
from monarch.core.request.refs import parse_ref
from monarch.core.request.template import Template
from monarch.core.verdict import Verdict
from monarch.ports.spoiled import why_unknown
from monarch.settings import Settings
from monarch.stages.rehearsal.rehearsal import RehearsalWish


@dataclass(frozen=True, slots=True)
class UpdateWish:
    """One request to be: the same source, channel and milestones as those that it updates.

    `source` is the newest name on record, `source_id` as in `RequestEntry`.
    `reached` are GitHub's ids of the targets, by name: each is updated whatever it is called now.
    `unreached`: targets of the request that was named, which it has not worked on, so that there is nothing to update.
    """

    source: str
    targets: tuple[str, ...]
    channel: str | None
    milestones: tuple[str, ...]
    bases: tuple[RequestId, ...]
    reached: Mapping[str, int]
    unreached: tuple[str, ...] = ()
    source_id: TargetId | None = None


@dataclass(frozen=True, slots=True)
class UpdateRefused:
    """Nothing can be updated; `reason` says why."""

    reason: str


async def wishes(
    reader: RequestReader, request: RequestId | None, source: str, only: Sequence[str]
) -> tuple[UpdateWish, ...] | UpdateRefused:
    """What is asked for: an update of one request, or of the newest request of each target of a source.

    Raises:
        StoreError: Valkey cannot be asked.
    """
    details, template = None, Template(source)
    if request is not None:
        details = await reader.request(request)
        if details is None:
            return UpdateRefused(why_unknown(request))
        template = details.template
        if details.view.state not in PLANNED:
            state = details.view.state.value
            return UpdateRefused(
                f"request {request} is {state}: there is nothing of it to update; see `monarch show {request}`"
            )
    lines = [line for line in await reader.requests(LOOKED_AT) if line.state in PLANNED]
    if details is None:
        # The newest request says which repository the name stands for.
        named = (line.template for line in lines if line.template.is_same(template))
        template = next(named, template)
    same = [line for line in lines if line.template.is_same(template)]
    known = [line.id for line in same]
    if not known:
        name = template.name or "that source"
        return UpdateRefused(
            f"no request for {name} is known that was planned: see `monarch requests`;"
            " after a rename they may stand under the former name"
        )
    bases, taken = tuple(known[:OTHERS]), set[str]()
    source_id = None if template.id is None else TargetId(template.id)
    found: list[UpdateWish] = []
    for one in known if request is None else [request]:
        wished = await _wish(reader, one, bases, only, taken)
        found += [replace(wish, source=same[0].source, source_id=source_id) for wish in wished]
    if not found and details is not None and details.lost:
        return UpdateRefused(
            f"no target of request {request} can be read: see `monarch show {request}`"
        )
    unknown = [target for target in only if target.lower() not in taken]
    if unknown or not found:
        return UpdateRefused(_nothing_worked_on(request, source, unknown or only))
    if details is not None and not only:
        unreached = tuple(one.target for one in details.times if one.target_id is None)
        return (replace(found[0], unreached=unreached),)
    return tuple(found)


def _nothing_worked_on(request: RequestId | None, source: str, only: Sequence[str]) -> str:
    """Which targets, and of what: another request, or one from another source, may well have filled them."""
    what = ", ".join(only) or "any target"
    if request is None:
        return f"no request for {source} has worked on {what}: see `monarch requests`"
    return f"request {request} has not worked on {what}: see `monarch show {request}`"


async def _wish(
    reader: RequestReader,
    request: RequestId,
    bases: tuple[RequestId, ...],
    only: Sequence[str],
    taken: set[str],
) -> list[UpdateWish]:
    """The targets of one request that no newer one has; none where it has none of them."""
    details = await reader.request(request)
    if details is None:
        return []
    meant = {target.lower() for target in only}  # GitHub's names have no case
    reached = {
        one.target: one.target_id
        for one in details.times
        if one.target_id is not None
        and one.target.lower() not in taken
        and (not only or one.target.lower() in meant)
    }
    taken |= {target.lower() for target in reached}
    view = details.view
    if not reached:
        return []
    portion = view.portion.milestones
    return [UpdateWish(view.source, tuple(reached), view.channel, portion, bases, reached)]


async def submitted(
    person: Operator, wish: UpdateWish, by: str, key: str = "", *, close: bool = False
) -> Submission:
    """Ask for the update, durably; with `close` also for closing the copies of tickets that were closed since.

    The same `key` again is the same request; without one it is always a new one.

    Raises:
        StoreError: see `Submitter.submission`. An update that is submitted twice edits nothing twice.
    """
    payload = message(wish.source, wish.targets, wish.channel, milestones=wish.milestones)
    act = Act.UPDATE_AND_CLOSE if close else Act.UPDATE
    return await person.submit(
        payload, key or uuid.uuid4().hex, Update(by, wish.bases, act, wish.source_id, wish.reached)
    )


async def foreseen(
    settings: Settings,
    request: RequestId | None,
    source: str,
    only: Sequence[str],
    tell: Callable[[str], None],
    most: int | None = None,
) -> tuple[TargetUpdate, ...] | UpdateRefused:
    """What the update would do, target by target, and what it would close with `close`. Nothing is written.

    More than `most` targets are refused before GitHub is asked.

    Raises:
        StoreError: Valkey cannot be asked.
    """
    async with surveying(settings, tell, needs_store=True) as reading:
        asked = await wishes(reading.store.reader, request, source, only)
        if isinstance(asked, UpdateRefused):
            return asked
        count = sum(len(wish.targets) for wish in asked)
        if most is not None and count > most:
            return UpdateRefused(
                f"{count} targets are too many at once: {most} at most, or name one"
            )
        found: list[TargetUpdate] = []
        for wish in asked:
            updates = await _foreseen(reading, wish, settings)
            if isinstance(updates, UpdateRefused):
                return updates
            found += updates
            found += [TargetUpdate(target, problem=NEVER_COPIED) for target in wish.unreached]
        return tuple(found)


async def _foreseen(
    reading: SurveyTools, wish: UpdateWish, settings: Settings
) -> list[TargetUpdate] | UpdateRefused:
    plan = await reading.rehearser.plan(_request(wish), Act.UPDATE, wish.source_id)
    if not isinstance(plan, Plan):
        return UpdateRefused(source_obstacle(plan, wish.source))
    plans = [await reading.store.plans.read(base) for base in wish.bases]
    earlier = [one for one in plans if one is not None]
    wanted = {
        name: RehearsalWish(plan, Act.UPDATE_AND_CLOSE, TargetId(known), wish.bases)
        for name, known in wish.reached.items()
    }
    passed = await in_order(
        wish.targets, lambda name: reading.rehearser.rehearse(name, wanted[name])
    )
    return [
        await to_thread.run_sync(_target, name, one, earlier, settings)
        for name, one in zip(wish.targets, passed, strict=True)
    ]


def _request(wish: UpdateWish) -> Request:
    return Request(parse_ref(wish.source), (), portion=Portion(milestones=wish.milestones))


def _target(
    name: str, passed: Passage | Verdict, earlier: Sequence[Plan], settings: Settings
) -> TargetUpdate:
    way = obstacle(passed, settings.target_patience_seconds)
    if way is not None or not isinstance(passed, Passage):
        return TargetUpdate(name, problem="" if way is None else way.reason)
    now = passed.survey.repository.full_name
    return TargetUpdate(name, foresight_of(passed, earlier, style_of(settings)), named_now=now)
