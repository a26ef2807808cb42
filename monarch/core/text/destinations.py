"""Where the address of a link is spelled."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

_ANGLE_OR_PLAIN: Final = r"(?:<(?P<angle>[^<>\r\n]*+)>|(?P<plain>[^\s<]\S*+))"
_INLINE: Final = re.compile(rf"\]\(\s*+{_ANGLE_OR_PLAIN}")
_DEFINITION: Final = re.compile(rf"\[(?:[^\[\]\\]|\\.)*+\]:[\s>]*+{_ANGLE_OR_PLAIN}", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Destination:
    """The address of a link, decoded; `length` is that of its spelling, 0 if it is spelled the same."""

    start: int
    address: str
    length: int = 0


def linked(text: str, inner: int, end: int, address: str) -> Destination | None:
    """The destination of `[text](address "title")`, which ends at `end`; its text ends at `inner`."""
    bracket = text.find("](", inner, end)
    found = _INLINE.match(text, bracket, end) if bracket >= 0 else None
    if found is None:
        return None
    start, stop = found.span("plain" if found["angle"] is None else "angle")
    if found["angle"] is None:
        stop = min(stop, end - 1)
    return Destination(start, address, stop - start)


def defined(text: str, start: int, end: int) -> Destination | None:
    """The destination of the definition `[label]: address "title"` from `start` to `end`."""
    found = _DEFINITION.match(text, start, end)
    if found is None:
        return None
    group = "plain" if found["angle"] is None else "angle"
    address = unescape(_ESCAPE.sub(r"\1", found[group]))
    return Destination(found.start(group), address, len(found[group]))
