"""The look at a request's targets that was started on the page: by whom, when, and what could not be read."""

from dataclasses import dataclass
from typing import Final

from monarch.web.acts.means import Looked, Looking
from monarch.web.views.formats import counted

NAMED: Final = 5
"""How many unread targets to name with their reasons; the others are counted."""


@dataclass(frozen=True, slots=True)
class LookLine:
    """What to say of a look. `problems` are sentences; `at_ms` is when it began or ended, in milliseconds since 1970."""

    by: str
    at_ms: int
    is_under_way: bool
    problems: tuple[str, ...] = ()


def look_line(look: Looking | Looked | None) -> LookLine | None:
    """Make the line; `None` if no look was started on the page."""
    match look:
        case None:
            return None
        case Looking(by, since_ms):
            return LookLine(by, since_ms, is_under_way=True)
        case Looked(by, at_ms, problem, unread):
            problems = [f"It failed: {_ended(problem)}"] if problem else []
            problems += [f"{name} could not be read: {_ended(why)}" for name, why in unread.items()]
            more = len(problems) - NAMED
            rest = (f"{counted(more, 'more team')} could not be read.",) if more > 0 else ()
            return LookLine(by, at_ms, is_under_way=False, problems=(*problems[:NAMED], *rest))


def _ended(sentence: str) -> str:
    return sentence.rstrip(".") + "."
