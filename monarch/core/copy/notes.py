"""Notes: sentences for people about what a copy lacks without having failed.

Each is about one target, which is named beside it; the same cause gives the same sentence, so that it appears once.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from monarch.core.listed import listed, numbered
from monarch.core.outcome import Permanent
from monarch.core.redact import quote

_SHOWN: Final = 5
"""How many names or numbers a note lists before it sums up the others as a count."""

LABELS, MILESTONES, TYPES, ASSIGNEES = "labels", "milestones", "issue types", "assignees"
SUB_ISSUES, DEPENDENCIES = "sub-issues", "dependencies"

_KINDS: Final = {
    "label": LABELS,
    "labels": LABELS,
    "milestone": MILESTONES,
    "type": TYPES,
    "assignee": ASSIGNEES,
}


def renamed(asked: str, now: str) -> str:
    """A target is followed by its id, whatever it is called; `""` if `now` is its name in the request, or `""` itself.

    A plan says it too, before there is a request.
    """
    if not now or asked.lower() == now.lower():
        return ""
    return f"the repository that was reached is called {now} now: one that is called {asked} may be another"


def no_push(kinds: Iterable[str]) -> str:
    """The account may read and open issues there, and nothing else."""
    return f"{_and(tuple(kinds))}: not copied, since our account may not push to it (write access)"


def dropped(what: str) -> str:
    """GitHub created the copy and left something out. `what` begins with its kind, as in `label "bug"`."""
    kind = _KINDS.get(word := what.partition(" ")[0], word)
    why = "which wants our account to have write access"
    if kind == ASSIGNEES:
        why += ", and takes one assignee in a private repository on a free plan"
    return f"{kind}: dropped by GitHub, {why}"


def refused(kind: str, names: Iterable[str], refusal: Permanent) -> str:
    """GitHub refused to create something, such as a label."""
    return f"{kind} {listed([quote(name, 60) for name in names], _SHOWN)}: not copied. {refusal.sentence}"


def given_up(kind: str, names: Iterable[str], reason: str) -> str:
    """What the target has of a kind could not be read, after several tries."""
    return f"{kind} {listed([quote(name, 60) for name in names], _SHOWN)}: not copied. {quote(reason, 200)}"


def refused_fields(fields: Iterable[str], refusal: Permanent) -> str:
    """GitHub refused a ticket because of fields that it can be copied without; whether it is copied then is not known yet."""
    kinds = {_KINDS.get(field, field): None for field in fields}
    return f"{_and(tuple(kinds))}: left out of tickets that GitHub refuses with them. {refusal.sentence}"


def not_listed(kind: str, name: str) -> str:
    """GitHub says that it is there, and does not list it."""
    return (
        f"{kind} {quote(name, 60)}: not copied. GitHub says that it is there, and does not list it"
    )


def lacking(kind: str, names: Iterable[str]) -> str:
    """The target lacks these, and Monarch cannot add them: types belong to its organisation, assignees to its members."""
    why = "they cannot be assigned there" if kind == ASSIGNEES else "it has none of that name"
    return f"{kind} {listed([quote(name, 60) for name in names], _SHOWN)}: not copied, since {why}"


def personal(names: Iterable[str]) -> str:
    """The target belongs to a person, and only organisations have issue types."""
    return f"{TYPES} {listed([quote(name, 60) for name in names], _SHOWN)}: not copied, since it belongs to a person and only organisations have them"


def recalled(numbers: Sequence[int]) -> str:
    """Copies that a recall has closed are there, and a later message does not open them.

    The note stays when something has opened them since, so it says how they stood.
    """
    return (
        f"copies {numbered(numbers, _SHOWN)}: a recall had closed them before this message, which left them so; `monarch recall`"
        " with --undo, for the request that it was about, opens those that are still closed"
    )


def retired(numbers: Sequence[int]) -> str:
    """Copies that an update has closed with their tickets are there; the tickets are open again, and a message opens none.

    It says how they stood, as `recalled` does.
    """
    return (
        f"copies {numbered(numbers, _SHOWN)}: an update had closed them with their tickets, which are open again, and this"
        " message left them so; `monarch update`, for the request that it was about, opens those that are still closed and"
        " that people have not touched"
    )


def touched(numbers: Sequence[int]) -> str:
    """Copies whose references should be put right no longer say what was copied.

    The text does not show which of the causes it is: references to a copy that was deleted read like an edit.
    """
    return (
        f"references in {numbered(numbers, _SHOWN)}: left as they are, because a person edited the text there or the"
        " ticket, or a copy that they refer to was deleted or made again"
    )


def closed_since(numbers: Sequence[int]) -> str:
    """Tickets that the template has closed since, whose copies are open: they stay so until a person asks."""
    return f"tickets {numbered(numbers, _SHOWN)}: closed in the template since; their copies stay open (`monarch update --close` closes those that people have not touched)"


def closed_too(numbers: Sequence[int]) -> str:
    """Tickets that the template has closed since, whose copies are closed now."""
    return f"tickets {numbered(numbers, _SHOWN)}: closed in the template since, and their copies with them"


def opened_too(numbers: Sequence[int]) -> str:
    """Tickets that the template has opened again, whose copies an update had closed and are open now."""
    return f"tickets {numbered(numbers, _SHOWN)}: opened again in the template, and their copies with them"


def kept(numbers: Sequence[int]) -> str:
    """Adopted issues refer to other tickets, or should be sub-issues."""
    return f"references and parents of {numbered(numbers, _SHOWN)}: left as they are, since these issues were there before and carry no marker"


def not_rewritten(numbers: Sequence[int], refusal: Permanent) -> str:
    """GitHub would not let copies be edited."""
    return f"references in {numbered(numbers, _SHOWN)}: not put right. {refusal.sentence}"


def no_nesting(numbers: Sequence[int]) -> str:
    """The server has no addresses for sub-issues, as Enterprise Servers up to 3.20 have not."""
    return f"{SUB_ISSUES} {numbered(numbers, _SHOWN)}: not put under their parents, since this server has no API for it"


def not_nested(numbers: Sequence[int], refusal: Permanent) -> str:
    """GitHub refused copies as sub-issues."""
    return (
        f"{SUB_ISSUES} {numbered(numbers, _SHOWN)}: not put under their parents. {refusal.sentence}"
    )


def no_blocking(numbers: Sequence[int]) -> str:
    """The server has no addresses for dependencies, as Enterprise Servers up to 3.18 have not."""
    return f"{DEPENDENCIES} of {numbered(numbers, _SHOWN)}: not copied, since this server has no API for it"


def not_blocked(numbers: Sequence[int], refusal: Permanent) -> str:
    """GitHub refused copies as blocked by others."""
    return f"{DEPENDENCIES} of {numbered(numbers, _SHOWN)}: not copied. {refusal.sentence}"


def other_due(title: str, ours: str, theirs: str) -> str:
    """The target has a milestone of that title, due on another day; the team's stays as it is."""
    days = [day[:10] or "no day" for day in (ours, theirs)]
    return f"milestone {quote(title, 60)}: the target's own is used, due on {days[1]}; the template's is due on {days[0]}"


def _and(names: Sequence[str]) -> str:
    *before, last = names or [""]
    return f"{', '.join(before)} and {last}" if before else last
