"""What an address is asked to choose by: which mistakes there are in its query. Pure.

A program that misspells a choice would take everything for what it has chosen, so it is refused. People see everything, and
a word about it.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from monarch.core.entry_ids import is_entry_id
from monarch.core.outcome import Code
from monarch.core.redact import quote
from monarch.core.report.summary import OF_REQUESTS

LONGEST: Final = 200
"""The longest value of a choice, in characters: no repository's name is longer."""

AN_ID: Final = "two numbers with a dash between, such as 1732406400000-0"
"""What the id of a request or cohort is."""

_DIGITS: Final = 5


def page_number(text: str) -> int | None:
    """The number of a page, from 1; `None` if it is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return (int(text) or None) if is_number else None


def mistakes(known: Sequence[str], asked: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What is wrong with a query, a sentence without a full stop for each mistake.

    Args:
        known: the choices that the address has.
        asked: names and values, in their order; an empty value is no choice.
    """
    found: list[str] = []
    given = [(name, value.strip()) for name, value in asked if value.strip()]
    for name in dict.fromkeys(name for name, _ in given):
        values = [value for other, value in given if other == name]
        if name not in known:
            found.append(f"there is no choice by {quote(name, 40)} here{_instead(known)}")
        elif len(values) > 1:
            found.append(f"{name} should be given once, not {len(values)} times")
        elif expected := _expected(name, values[0]):
            found.append(f"{name} should be {expected}, not {quote(values[0], 80)}")
    return tuple(found)


def command_for(command: str, given: Mapping[str, str]) -> str:
    """The command with these choices as its options; `""` if it would refuse one of them, as the address does."""
    chosen = {name: value for name, value in given.items() if value}
    if any(_expected(name, value) for name, value in chosen.items()):
        return ""
    return " ".join(
        [command, *(f"--{name} {shlex.quote(value)}" for name, value in chosen.items())]
    )


def _instead(known: Sequence[str]) -> str:
    return f": it has {', '.join(known)}" if known else ""


def _expected(name: str, value: str) -> str:
    """What the value should be; `""` if it is that, or if this module does not know."""
    if name not in _VALUES:
        return ""
    is_right, expected = _VALUES[name]
    return "" if is_right(value) else expected


_Kind = tuple[Callable[[str], bool], str]
"""Whether a value is one, and what to expect."""


def _one_of(values: Iterable[str]) -> _Kind:
    known = tuple(values)
    return known.__contains__, f"one of {', '.join(known)}"


_A_NAME: Final[_Kind] = (lambda text: len(text) <= LONGEST, f"at most {LONGEST} characters")

_VALUES: Final[Mapping[str, _Kind]] = {
    "state": _one_of(state.value for state in OF_REQUESTS),
    "code": _one_of(code.value for code in Code),
    "page": (
        lambda text: page_number(text) is not None,
        f"the number of a page, from 1 to {10**_DIGITS - 1:,}",
    ),
    "request": (is_entry_id, AN_ID),
    "target": _A_NAME,
    "kind": _A_NAME,
}
"""The values of each choice. Any word may name a target or an event: names come and go."""
