r"""What stands beside a reference and would come to mean something else when the reference is written anew.

- Emphasis (`**see #99**を直す`): behind a letter or a digit the asterisks close it, between a bracket and a letter they do not;
  and in `#99**#7**` they would open one.
- A backslash, an ampersand or a word before: it would take the first sign of what is written (`\GH-3`, `&org/template#3;`,
  `1https://…`).
- A sign behind (`#99@home`, `#99#7`): behind a link it begins a word, and so a mention or a reference.

A space of no width, which nobody sees and GitHub takes for a part of no name, keeps them apart.
"""

import re
from typing import Final, NamedTuple
from unicodedata import category

from monarch.core.grammar import WORD

SPACE: Final = "\u200b"

_DELIMITERS: Final = "*_~"
_TAKING: Final = "*_~\\&"
_QUIET: Final = frozenset(["", *" \t\r\n,.;:()-"])
_OPENING: Final = frozenset("#[<@&\\(`!")
_SIGN: Final = re.compile(
    r"(?P<number>\\?\#|&(?:\#0*+35|\#[xX]0*+23|num);)(?=[1-9])"
    r"|(?P<at>\\?@|&(?:\#0*+64|\#[xX]0*+40|commat);)(?=[A-Za-z0-9])"
)


class Neighbours(NamedTuple):
    """What a reference has beside it.

    Attributes:
        before: whether it must not begin with punctuation.
        behind: whether it must not end with punctuation.
        sign: the sign behind it that must not begin anything, `""` for none.
    """

    before: bool
    behind: bool
    sign: str

    def guarded(self, form: str) -> str:
        """A form of the reference with what keeps it and its neighbours apart; the sign behind is a part of it."""
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


def _is_letter(text: str, at: int) -> bool:
    """Whether this is neither white space nor punctuation, nor the end."""
    if not 0 <= at < len(text) or text[at].isspace():
        return False
    char = text[at]
    return char.isalnum() if char.isascii() else not category(char).startswith("P")


def _takes_punctuation(text: str, start: int) -> bool:
    before = text[start - 1] if start else "\n"
    if before in WORD and before != "_":
        return True
    if before not in _TAKING:
        return False
    at = start - 1
    while at >= 0 and text[at] == before:
        at -= 1
    if before == "\\":
        return (start - 1 - at) % 2 == 1
    return before == "&" or _is_letter(text, at)


def _closes(text: str, end: int) -> bool:
    behind = text[end : end + 1] or "\n"
    if behind not in _DELIMITERS:
        return False
    at = end
    while text[at : at + 1] == behind:
        at += 1
    return _is_letter(text, at) or text[at : at + 1] in _OPENING


def _sign(text: str, end: int) -> str:
    found = _SIGN.match(text, end)
    return (found["number"] or found["at"]) if found else ""
