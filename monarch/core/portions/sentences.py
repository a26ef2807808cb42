"""What a portion is called in a sentence."""

from monarch.core.listed import listed
from monarch.core.portions.dates import date_ms, date_words
from monarch.core.portions.message import Portion
from monarch.core.redact import describe

_SHOWN = 5


def milestones_words(portion: Portion) -> str:
    """`milestone "Sprint 2"`; `""` if all tickets are asked for."""
    titles = portion.milestones
    if not titles:
        return ""
    noun = "milestone" if len(titles) == 1 else "milestones"
    return f"{noun} {listed([describe(title) for title in titles], _SHOWN)}"


def portion_facts(portion: Portion, came_ms: int | None = None) -> dict[str, str]:
    """The lines that describe a portion; none for all tickets at once.

    `came_ms` is when the message came, in milliseconds since 1970, `None` if it did not come yet.
    """
    facts: dict[str, str] = {}
    date = portion.not_before
    if date is not None:
        passed = came_ms is not None and date_ms(date) <= came_ms
        facts["not before"] = date_words(date) + (" (had passed when it came)" if passed else "")
    if portion.milestones:
        facts["only"] = milestones_words(portion)
    return facts
