"""One request: trying at once what it would try later."""

from collections.abc import Mapping

from monarch.core.card.view import held_by_limit
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports.hands import NotDone
from monarch.ports.readings import RequestDetails
from monarch.web.acts.means import Means, named, why_closed
from monarch.web.acts.meant import ActResult, Line, Meant, Member


async def to_try(means: Means, asked: Mapping[str, str]) -> Meant:
    """What of the request waits for a later time."""
    request, details = await named(means, asked)
    return Meant(
        "try",
        f"Try at once what request {request} would try later",
        "Try it now",
        f"monarch try {request}",
        f"/requests/{request}",
        () if details is None else _waiting(details),
        (
            "It helps when the cause is mended: what still cannot be done waits anew.",
            "GitHub's limits hold as ever.",
        ),
        _why_not(request, details),
    )


async def try_now(means: Means, meant: Meant, by: str) -> ActResult:
    """Send it back into its stream."""
    request = meant.request
    tried = await means.hands.hurry(request, by)
    title, lines = "It is tried at once", tuple(Line(one.words) for one in meant.members)
    if isinstance(tried, NotDone):
        title, lines = "Nothing was changed", (Line(tried.reason, is_bad=True),)
    elif not tried:
        title, lines = "Nothing waits any more", (Line("It was begun meanwhile."),)
    return meant.done(title, lines)


def _waiting(details: RequestDetails) -> tuple[Member, ...]:
    view = details.view
    if view.has_ended:
        return _notice(details)
    if details.next_ms is not None:
        return (Member("request", f"request {view.id}: not planned yet"),)
    waiting = {one.target for one in details.times if one.next_ms is not None}
    return (*(Member(target, target) for target in sorted(waiting)), *_notice(details))


def _notice(details: RequestDetails) -> tuple[Member, ...]:
    """What Slack did not get: it is tried again after the end, too, but not before the end of Slack's limit."""
    failing = details.failing_notice
    if failing is None or failing.is_limit:
        return ()
    return (Member("slack", f"the message to {details.view.channel}"),)


def _why_not(request: RequestId, details: RequestDetails | None) -> str:
    why = why_closed(request, details)
    if details is None or details.view.state is State.UNKNOWN:
        return why
    if _waiting(details):
        return ""
    failing = details.failing_notice
    if failing is not None and failing.is_limit:
        return f"{held_by_limit(failing.next_ms)}."
    return why or "Nothing of it waits for a later time."
