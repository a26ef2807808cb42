"""Copies that an act left, as lines of a migration's field `left` that a person can read: `#4 of 12: commented, labelled`."""

import re
from typing import Final

from monarch.core.after.touch import Left, Touch

_LINE: Final = re.compile(
    r"#(?P<number>[1-9]\d{0,17}) of (?P<ticket>[1-9]\d{0,17}): (?P<why>.*)", re.ASCII
)


def encode_left(left: Left) -> str:
    """One line."""
    return f"#{left.number} of {left.ticket}: {left.why}"


def decode_left(text: str) -> tuple[Left, ...]:
    """The lines of the field; an unreadable one is skipped, a touch that only newer code knows counts as *changed*."""
    found = (_LINE.fullmatch(line) for line in text.split("\n"))
    return tuple(
        Left(int(line["ticket"]), int(line["number"]), _touches(line["why"]))
        for line in found
        if line
    )


def _touches(words: str) -> tuple[Touch, ...]:
    known = {touch.value: touch for touch in Touch}
    return tuple(dict.fromkeys(known.get(word, Touch.CHANGED) for word in words.split(", ")))
