"""The two keys of a message that ask for a portion, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monarch.core.outcome import Code
from monarch.core.redact import describe

NOT_BEFORE: Final = "not_before"
MILESTONES: Final = "milestones"

MAX_MILESTONES: Final = 100
_EXAMPLE: Final = "2026-11-30T08:00:00+01:00"
_TITLES: Final = '["Sprint 2"]'


@dataclass(frozen=True, slots=True)
class Portion:
    """What part of the template a message asks for, and from when on.

    Attributes:
        not_before: with its zone, as the message has it; `None`: at once.
        milestones: titles, each once without regard to case; empty: all tickets.
    """

    not_before: datetime | None = None
    milestones: tuple[str, ...] = ()


WHOLE: Final = Portion()
"""All tickets, at once."""


def portion_complaint(message: Mapping[str, object]) -> tuple[Code, str] | None:
    """What is wrong with the keys of a portion, the first of it; `None` where nothing is."""
    return _complaint_of_date(message.get(NOT_BEFORE)) or _complaint_of_titles(
        message.get(MILESTONES)
    )


def read_portion(message: Mapping[str, object]) -> Portion:
    """The portion that a message asks for; whatever `portion_complaint` objects to counts as absent."""
    came, titles = message.get(NOT_BEFORE), message.get(MILESTONES)
    date = parse_date(came) if isinstance(came, str) else None
    if not isinstance(titles, list) or _complaint_of_titles(titles) is not None:
        return Portion(date)
    return Portion(date, _each_once(titles))


def parse_date(text: str) -> datetime | None:
    """A date with its zone; `None` where the text is no such date."""
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return None if date.tzinfo is None else date


def _complaint_of_date(came: object) -> tuple[Code, str] | None:
    if came is None:
        return None
    if isinstance(came, str):
        if parse_date(came) is not None:
            return None
        if _lacks_only_a_zone(came):
            return (
                Code.BAD_DATE,
                f"{NOT_BEFORE} is {describe(came)} and names no zone; add one, such as {_EXAMPLE} (Z is UTC)",
            )
    return (
        Code.BAD_DATE,
        f"expected {NOT_BEFORE} to be a date in ISO 8601 with its zone, such as {_EXAMPLE}, got {describe(came)}",
    )


def _lacks_only_a_zone(text: str) -> bool:
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _complaint_of_titles(came: object) -> tuple[Code, str] | None:
    if came is None:
        return None
    if not isinstance(came, list):
        reason = (
            f"expected {MILESTONES} to be a list of titles, such as {_TITLES}, got {describe(came)}"
        )
    elif not came:
        reason = f"{MILESTONES} is empty; name at least one milestone, or leave the key out to copy all tickets"
    elif len(came) > MAX_MILESTONES:
        reason = (
            f"{MILESTONES} has {len(came)} titles and may have {MAX_MILESTONES}; split the message"
        )
    else:
        wrong = [one for one in came if not isinstance(one, str) or not one.strip()]
        if not wrong:
            return None
        reason = f"expected each of {MILESTONES} to be a title, such as {_TITLES}, got {describe(wrong[0])}"
    return Code.BAD_MILESTONES, reason


def _each_once(titles: list[str]) -> tuple[str, ...]:
    once: dict[str, str] = {}
    for title in titles:
        once.setdefault(title.strip().lower(), title.strip())
    return tuple(once.values())
