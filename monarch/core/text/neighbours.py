r"""What stands beside a reference and would mean something else once the reference is rewritten.

- Emphasis (`**see #99**を直す`): after a letter or a digit the asterisks close it, between a bracket and a letter they do not;
  and in `#99**#7**` they would open one.
- A backslash, an ampersand or a word before: it would absorb the first character of what is written (`\GH-3`,
  `&org/template#3;`, `1https://…`).
- A sign after it (`#99@home`, `#99#7`): after a link it begins a word, and so a mention or a reference.

A zero-width space, which is invisible and part of no name for GitHub, keeps them apart.
"""

import re
from typing import Final, NamedTuple

from monarch.core.text.grammar import WORD

SPACE: Final = "\u200b"

_DELIMITERS: Final = "*_~"
_QUIET: Final = frozenset(["", *" \t\r\n,.;:()-"])
_CALM: Final = frozenset(["", *" \t\r\n\"$%'),+-./:;=>?]^{|}"])
"""After asterisks these leave their meaning alone, whatever stands on the other side."""

_OPENING: Final = frozenset("([\"'")
"""Before asterisks these do the same."""

_SIGN: Final = re.compile(
    r"(?P<number>\\?\#|&(?:\#0*+35|\#[xX]0*+23|num);)(?=[1-9])"
    r"|(?P<at>\\?@|&(?:\#0*+64|\#[xX]0*+40|commat);)(?=[A-Za-z0-9])"
)


class Neighbours(NamedTuple):
    """What a reference has beside it.

    Attributes:
        before: whether it must not begin with punctuation.
        behind: whether it must not end with punctuation.
        sign: the sign after it that must not begin anything, `""` for none.
    """

    before: bool
    behind: bool
    sign: str

    def guarded(self, form: str) -> str:
        """A form of the reference, kept apart from its neighbours; the sign after it is included."""
        lead = SPACE if self.before and not form[0].isalnum() else ""
        is_open = not form[-1].isalnum()
        if self.sign:
            return f"{lead}{form}{self.sign}{SPACE if is_open else ''}"
        return f"{lead}{form}{SPACE if self.behind and is_open else ''}"


NONE: Final = Neighbours(before=False, behind=False, sign="")


def neighbours(text: str, start: int, end: int) -> Neighbours:
    """What stands beside `start` to `end`."""
    if text[start - 1 : start] in _QUIET and text[end : end + 1] in _QUIET:
        return NONE
    before = text[start].isalnum() and _takes_punctuation(text, start)
    return Neighbours(before, _closes(text, end), _sign(text, end))


def _takes_punctuation(text: str, start: int) -> bool:
    before = text[start - 1] if start else " "
    if before == "\\":
        at = start - 1
        while at >= 0 and text[at] == before:
            at -= 1
        return (start - 1 - at) % 2 == 1
    if before not in _DELIMITERS:
        return before == "&" or before in WORD
    at = start - 1
    while at >= 0 and text[at] in _DELIMITERS:
        at -= 1
    return at >= 0 and not text[at].isspace() and text[at] not in _OPENING


def _closes(text: str, end: int) -> bool:
    at = end
    while text[at : at + 1] and text[at] in _DELIMITERS:
        at += 1
    return at > end and text[at : at + 1] not in _CALM


def _sign(text: str, end: int) -> str:
    found = _SIGN.match(text, end)
    return (found["number"] or found["at"]) if found else ""
