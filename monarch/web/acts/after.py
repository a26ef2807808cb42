"""After the copy: closing the untouched copies of a request, and reopening those that a recall has closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monarch.core.after.acts import Act
from monarch.core.ids import RequestId
from monarch.core.report.summary import ENDS
from monarch.ports.readings import RequestDetails
from monarch.web.acts.means import Means, unknown
from monarch.web.acts.meant import ActResult, Line, Meant, Member


@dataclass(frozen=True, slots=True)
class _Wording:
    name: str
    title: str
    button: str
    options: str
    notes: tuple[str, ...]
    done: str


_LEFT: Final = "Copies that people have touched are left, and listed at the request afterwards."

_WORDINGS: Final = {
    Act.RECALL: _Wording(
        "recall",
        "Close the untouched copies of request",
        "Close them",
        "",
        (
            "Each copy is read, and closed as not planned if only Monarch has written to it.",
            _LEFT,
            "Undoing it opens exactly the copies again that it has closed.",
        ),
        "Untouched copies are being closed",
    ),
    Act.UNDO: _Wording(
        "undo",
        "Open the recalled copies again of request",
        "Open them again",
        " --undo",
        ("Exactly the copies that a recall has closed are opened again.", _LEFT),
        "Recalled copies are being opened again",
    ),
}


async def to_recall(means: Means, asked: Mapping[str, str]) -> Meant:
    """The targets whose copies would be closed."""
    return await _meant(means, asked, Act.RECALL)


async def recall(means: Means, meant: Meant, by: str) -> ActResult:
    """Begin to close them."""
    return await _begin(means, meant, by, Act.RECALL)


async def to_undo(means: Means, asked: Mapping[str, str]) -> Meant:
    """The targets whose copies would be opened again."""
    return await _meant(means, asked, Act.UNDO)


async def undo(means: Means, meant: Meant, by: str) -> ActResult:
    """Begin to reopen them."""
    return await _begin(means, meant, by, Act.UNDO)


async def _meant(means: Means, asked: Mapping[str, str], act: Act) -> Meant:
    request, words = RequestId(asked.get("request", "")), _WORDINGS[act]
    details = await means.request(request)
    return Meant(
        words.name,
        f"{words.title} {request}",
        words.button,
        f"monarch recall {request}{words.options}",
        f"/requests/{request}",
        () if details is None else tuple(Member(one, one) for one in _taken(details)),
        words.notes,
        _why_not(request, details),
        is_destructive=act is Act.RECALL,
    )


async def _begin(means: Means, meant: Meant, by: str, act: Act) -> ActResult:
    request = meant.request
    answers = await means.hands.begin(request, act, meant.keys, by)
    lines = tuple(
        Line(
            ": ".join(filter(None, (one.target, one.refused or one.remark))), "", bool(one.refused)
        )
        for one in answers
    )
    begun = any(one.migration for one in answers)
    title = _WORDINGS[act].done if begun else "Nothing was begun"
    return meant.done(title, lines)


def _taken(details: RequestDetails) -> tuple[str, ...]:
    """The targets in which there may be copies: those that `monarch recall` chooses if none is named."""
    known = {one.target for one in details.times if one.target_id is not None}
    names = tuple(one.target for one in details.view.migrations)
    return tuple(name for name in names if name in known) or names


def _why_not(request: RequestId, details: RequestDetails | None) -> str:
    if details is None:
        return unknown(request)
    if details.view.state not in ENDS and details.view.cancelled_by:
        by = details.view.cancelled_by
        return f"Request {request} is being cancelled by {by}: wait until a worker has ended it."
    if details.view.state not in ENDS:
        return f"Request {request} is {details.view.state.value}: wait until it has ended, or cancel it first."
    return f"Request {request} has no targets." if details.never_begun else ""
