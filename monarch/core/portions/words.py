"""What a portion is called in a sentence."""

from monarch.core.portions.keys import Portion
from monarch.core.redact import describe

_SHOWN = 5


def milestones_words(portion: Portion) -> str:
    """`milestone "Sprint 2"`; `""` where all tickets are asked for."""
    titles = portion.milestones
    if not titles:
        return ""
    noun = "milestone" if len(titles) == 1 else "milestones"
    more = f" and {len(titles) - _SHOWN} more" if len(titles) > _SHOWN else ""
    return f"{noun} {', '.join(map(describe, titles[:_SHOWN]))}{more}"
