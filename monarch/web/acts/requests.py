"""One request: cancelling it, putting it first, looking at what its targets hold, and making missing copies again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from monarch.core.ids import RequestId, TicketId
from monarch.core.report.summary import ENDS, State
from monarch.core.report.verification import Finding, Mark
from monarch.ports import NotDone
from monarch.ports.readings import RequestDetails
from monarch.web.acts.means import Looked, Looking, Means, named, unknown, why_closed
from monarch.web.acts.meant import ActResult, Line, Meant, Member

_UNPLANNED: Final = frozenset({State.QUEUED, State.PARKED})


async def to_cancel(means: Means, asked: Mapping[str, str]) -> Meant:
    """The targets that have not ended, or the request itself if it is not planned yet."""
    request, details = await named(means, asked)
    members = () if details is None else _open_parts(details)
    return Meant(
        "cancel",
        f"Cancel request {request}",
        "Cancel the request",
        f"monarch cancel {request}",
        f"/requests/{request}",
        members,
        (
            "What is done stays, a write that is under way is finished, and nothing more is written.",
            "Each of these ends as a dead letter; sending it back undoes it.",
        ),
        _why_not_cancelled(request, details),
    )


async def cancel(means: Means, meant: Meant, by: str) -> ActResult:
    """Cancel it."""
    request = meant.request
    answer = await means.hands.cancel(request, by)
    if isinstance(answer, NotDone):
        return meant.done("Nothing was cancelled", (Line(answer.reason, is_bad=True),))
    return meant.done(
        f"Request {request} is cancelled", tuple(Line(one.words) for one in meant.members)
    )


async def to_first(means: Means, asked: Mapping[str, str]) -> Meant:
    """The request, if it is under way."""
    request, details = await named(means, asked)
    state = "not known" if details is None else details.view.state.value
    return Meant(
        "first",
        f"Put request {request} first",
        "Put it first",
        f"monarch first {request}",
        f"/requests/{request}",
        (Member("open", f"request {request}: {state}"),),
        (
            "Its writes go before those of all that were not put first, until it has ended.",
            "Those wait for as long as that takes; of several that were put first each has its turn.",
        ),
        _why_not_first(request, details),
    )


async def first(means: Means, meant: Meant, by: str) -> ActResult:
    """Put it first."""
    request = meant.request
    answer = await means.hands.first(request, by)
    if isinstance(answer, NotDone):
        return meant.done("Nothing was changed", (Line(answer.reason, is_bad=True),))
    if not answer.changed:
        return meant.done("It was put first already", (Line(f"by {answer.by}"),))
    words = "Its writes go before those of other requests until it has ended."
    return meant.done(f"Request {request} goes first", (Line(words),))


async def to_verify(means: Means, asked: Mapping[str, str]) -> Meant:
    """The targets of the request."""
    request, details = await named(means, asked)
    views = () if details is None or _why_unread(details) else details.view.migrations
    return Meant(
        "verify",
        f"Look at what the targets of request {request} hold",
        "Look now",
        f"monarch verify {request}",
        f"/requests/{request}",
        tuple(Member(one.target, one.target) for one in views),
        ("GitHub is read and nothing is changed.",),
        _why_not_verified(means, request, details),
    )


async def verify(means: Means, meant: Meant, by: str) -> ActResult:
    """Begin the look."""
    request = meant.request
    under_way = await means.begin_look(request, by)
    if under_way is not None:
        return meant.done("A look is under way already", (Line(f"begun by {under_way.by}"),))
    lines = (Line("What they hold is shown at the request as soon as it was read."),)
    begun = meant.done("The targets are being looked at", lines)
    return replace(begun, then=partial(means.look, request, by))


async def to_heal(means: Means, asked: Mapping[str, str]) -> Meant:
    """The tickets that the last look at each target has not found, or found closed by a recall."""
    request, details = await named(means, asked)
    looked = None if details is None else await means.looked(request)
    known = {} if details is None else {one.target: one for one in details.view.migrations}
    holdings = await means.holdings(request, tuple(known)) if known else ()
    lacking = [one for one in holdings if one.to_heal]
    given_up = {
        one.target: _DROPPED if known[one.target].is_dropped else _GIVEN_UP
        for one in lacking
        if known[one.target].state is not State.DONE
    }
    members = tuple(
        _wanted(one.target, found)
        for one in lacking
        if one.target not in given_up
        for found in one.to_heal
    )
    was_read = any(one.look for one in holdings)
    return Meant(
        "heal",
        f"Make again what is missing of request {request}",
        "Make them again",
        f"monarch verify {request} --heal",
        f"/requests/{request}",
        members,
        (
            "Each target is looked at again before anything is written; what is there by then is left alone.",
            "Copies that people have deleted on purpose are made again, too, and recalled ones are opened again.",
            *(f"{target} is left out: {why}" for target, why in given_up.items()),
            *_unread(looked),
        ),
        _why_not_healed(request, details, looked, was_read=was_read)
        or _why_none(members, given_up, looked),
        instead="" if was_read or not _may_look(details) else f"/acts/verify?request={request}",
    )


async def heal(means: Means, meant: Meant, by: str) -> ActResult:
    """Begin to heal them."""
    request = meant.request
    missing: dict[str, list[TicketId]] = {}
    for key in meant.keys:
        target, _, ticket = key.rpartition("#")
        missing.setdefault(target, []).append(TicketId(int(ticket)))
    answers = await means.hands.heal(request, missing, by)
    lines = tuple(
        Line(
            f"{one.target}: {one.refused or f'{len(missing[one.target])} to be made again'}",
            "",
            bool(one.refused),
        )
        for one in answers
    )
    healing = sum(bool(one.migration) for one in answers)
    return meant.done("Copies are made again" if healing else "Nothing is made again", lines)


def _open_parts(details: RequestDetails) -> tuple[Member, ...]:
    view = details.view
    if not view.migrations or view.state in _UNPLANNED:
        return (
            Member(view.state.value, f"request {view.id}: {view.state.value}, not planned yet"),
        )
    still_open = [one for one in view.migrations if one.state not in ENDS]
    return tuple(Member(one.target, f"{one.target}: {one.state.value}") for one in still_open)


def _why_not_cancelled(request: RequestId, details: RequestDetails | None) -> str:
    why = why_closed(request, details)
    if why or details is None:
        return why
    if details.view.cancelled_by:
        return f"Request {request} was cancelled already, by {details.view.cancelled_by}."
    return ""


def _why_not_first(request: RequestId, details: RequestDetails | None) -> str:
    why = why_closed(request, details)
    if why or details is None:
        return why
    if details.view.first_by:
        return f"Request {request} was put first already, by {details.view.first_by}."
    return ""


def _why_not_verified(means: Means, request: RequestId, details: RequestDetails | None) -> str:
    if details is None:
        return unknown(request)
    if not means.reads_github:
        return "This program has no credential of GitHub (GH_PAT), so it cannot look."
    return _why_unread(details)


def _may_look(details: RequestDetails | None) -> bool:
    """Whether a look comes first, and what it finds can be made again then."""
    return details is not None and details.view.state in ENDS and not _why_unread(details)


def _why_unread(details: RequestDetails) -> str:
    """Why none of its targets can be looked at; `""` where some can."""
    has_any = details.view.migrations and not details.never_begun
    return "" if has_any else f"Request {details.view.id} has no targets to look at."


def _why_not_healed(
    request: RequestId,
    details: RequestDetails | None,
    looked: Looking | Looked | None,
    *,
    was_read: bool,
) -> str:
    if details is None:
        return unknown(request)
    if isinstance(looked, Looking):
        return f"A look is under way, begun by {looked.by}."
    if looked is not None and looked.problem:
        return f"The last look failed: {looked.problem.rstrip('.')}. Look again."
    if why := _why_unread(details):
        return why
    if details.view.state not in ENDS:
        return (
            f"Request {request} is {details.view.state.value}: what is missing may be copied yet."
        )
    if not was_read and (unread := " ".join(_unread(looked))):
        return f"At the last look {unread} Look again."
    if not was_read:
        return "Its targets were not looked at yet: look first."
    return ""


_GIVEN_UP: Final = "it was given up, so send it back instead (`monarch dead replay`)."
_DROPPED: Final = "it was given up, and its dead letter was dropped: send the message again."


def _why_none(
    members: Sequence[Member], given_up: Mapping[str, str], looked: Looking | Looked | None
) -> str:
    """Why there is nothing to make again; `""` where there is something."""
    if members:
        return ""
    if unread := " ".join(_unread(looked)):
        return f"Nothing is known to be missing, but at the last look {unread} Look again."
    reasons = " ".join(f"{target}: {why}" for target, why in given_up.items())
    return (
        reasons
        or "Nothing was missing at the last look; look again if something was deleted since."
    )


def _unread(looked: Looking | Looked | None) -> Iterator[str]:
    if isinstance(looked, Looked):
        for target, reason in looked.unread.items():
            yield f"{target} could not be read: {reason.rstrip('.')}."


def _wanted(target: str, found: Finding) -> Member:
    opened = " (opened again)" if Mark.RECALLED in found.marks else ""
    return Member(f"{target}#{found.id}", f"{target}: #{found.ticket} {found.title}{opened}")
