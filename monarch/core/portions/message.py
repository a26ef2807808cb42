"""The two keys of a message that ask for a portion, each with its reader."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monarch.core.mistake import Mistake
from monarch.core.outcome import Code
from monarch.core.redact import describe

NOT_BEFORE: Final = "not_before"
MILESTONES: Final = "milestones"

MAX_MILESTONES: Final = 100
_EXAMPLE: Final = "2026-11-30T08:00:00+01:00"
_TITLE: Final = '"Sprint 2"'


@dataclass(frozen=True, slots=True)
class Portion:
    """Which part of the template a message asks for, and from when on.

    Attributes:
        not_before: with its zone, as the message has it; `None`: at once.
        milestones: titles, each once regardless of case; empty: all tickets.
    """

    not_before: datetime | None = None
    milestones: tuple[str, ...] = ()


WHOLE: Final = Portion()
"""All tickets, at once."""


def read_date(came: object) -> datetime | None:
    """The date before which no ticket is copied, `None` if the message has none. Raises `Mistake`."""
    if came is None:
        return None
    date = _date(came.strip()) if isinstance(came, str) else None
    if date is None:
        raise Mistake(
            Code.BAD_DATE,
            f"expected {NOT_BEFORE} to be a date in ISO 8601 with its zone, such as {_EXAMPLE}, got {describe(came)}",
        )
    if date.tzinfo is None:
        raise Mistake(
            Code.BAD_DATE,
            f"{NOT_BEFORE} is {describe(came)} and names no zone; add one, such as {_EXAMPLE} (Z is UTC)",
        )
    return date


def _date(text: str) -> datetime | None:
    try:
        # RFC 3339 takes `t` and `z`, too.
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def read_titles(came: object) -> tuple[str, ...]:
    """The milestones whose tickets are copied, none if the message has none. Raises `Mistake`."""
    if came is None:
        return ()
    if not isinstance(came, list):
        problem = f"expected {MILESTONES} to be a list of titles, such as [{_TITLE}], got {describe(came)}"
    elif not came:
        problem = f"{MILESTONES} is empty; name at least one milestone, or leave the key out to copy all tickets"
    elif len(came) > MAX_MILESTONES:
        problem = f"{MILESTONES} has {len(came)} titles and may have {MAX_MILESTONES}; ask for the others in another request"
    elif wrong := [one for one in came if not isinstance(one, str) or not one.strip()]:
        problem = f"expected each title of {MILESTONES} to be a text, such as {_TITLE}, got {describe(wrong[0])}"
    else:
        return _each_once(came)
    raise Mistake(Code.BAD_MILESTONES, problem)


def _each_once(titles: list[str]) -> tuple[str, ...]:
    once: dict[str, str] = {}
    for title in titles:
        once.setdefault(title.strip().lower(), title.strip())
    return tuple(once.values())
