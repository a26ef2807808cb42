"""What an update would change, copy by copy, with its difference. Texts may come from anyone: the template escapes each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from monarch.core.copy.notes import renamed
from monarch.core.report.differing import (
    closed_words,
    difference,
    what_becomes,
    written_beside,
)
from monarch.core.report.update import Foreseen, TargetUpdate
from monarch.web.views.formats import counted

LINES_SHOWN: Final = 60
"""How many lines of one difference to show; the rest is counted."""

LINE_SHOWN: Final = 400
"""How many characters of one line to show."""

ALL_LINES: Final = 3_000
"""How many lines all differences of a page have; for the copies after that the page says only what becomes of them."""

KINDS: Final = {"+": "added", "-": "gone", "@": "place"}


@dataclass(frozen=True, slots=True)
class LinePage:
    """One line of a difference: its kind (`added`, `gone`, `place`, or `""`), its sign and its text."""

    kind: str
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class CopyPage:
    """What becomes of one copy. `more` lines of its difference are not shown."""

    words: str
    href: str
    ticket: int
    lines: tuple[LinePage, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class TargetUpdatePage:
    """One target. `facts` are names and sentences."""

    target: str
    href: str
    problem: str
    head: str
    is_changed: bool
    copies: tuple[CopyPage, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def update_page(found: Sequence[TargetUpdate], github: str) -> tuple[TargetUpdatePage, ...]:
    """Make the page. It compares whole texts: not on the event loop. `github` is where GitHub's pages are."""
    room = [ALL_LINES]
    return tuple(_target(one, f"{github}/{one.place}/issues", room) for one in found)


def _target(one: TargetUpdate, href: str, room: list[int]) -> TargetUpdatePage:
    found = one.foresight
    if one.problem:
        return TargetUpdatePage(one.target, href, one.problem, "", is_changed=False)
    counts = {
        "new": len(found.new),
        "edited": found.edits,
        "opened again": len(found.opened),
        "left": found.left(close=False),
    }
    counted_edits = " · ".join(f"{count} {word}" for word, count in counts.items() if count)
    return TargetUpdatePage(
        one.target,
        href,
        "",
        counted_edits or "nothing to do",
        is_changed=bool(found.new or found.edits or found.opened),
        copies=tuple(_copy(copy, href, room) for copy in found.differing),
        facts=tuple((name, text) for name, text in _facts(one) if text),
    )


def _copy(one: Foreseen, href: str, room: list[int]) -> CopyPage:
    lines = difference(one) if room[0] > 0 else ()
    shown = tuple(_line(line) for line in islice(lines, LINES_SHOWN))
    room[0] -= len(shown)
    number = one.issue.number
    return CopyPage(
        what_becomes(one),
        f"{href}/{number}",
        one.ticket.number,
        shown,
        len(lines) - len(shown),
    )


def _line(text: str) -> LinePage:
    sign, rest = text[:1], text[1:]
    if sign == "@":
        return LinePage("place", "", text[:LINE_SHOWN])
    cut = f"{rest[:LINE_SHOWN]} …" if len(rest) > LINE_SHOWN else rest
    return LinePage(KINDS.get(sign, ""), sign.strip(), cut)


def _facts(one: TargetUpdate) -> Iterator[tuple[str, str]]:
    found = one.foresight
    yield "name", renamed(one.target, one.named_now)
    for ticket in found.new:
        yield "copies", f"#{ticket.number} {ticket.title}"
    for ticket_number, number in found.opened:
        yield "opens again", f"#{number}, as the template has opened #{ticket_number} again"
    for name, texts in written_beside(found.writes).items():
        yield name, ", ".join(texts)
    for copy in found.closed:
        words = closed_words(copy, close=False)
        yield "closed in the template", f"#{copy.ticket}: {words}"


def head_of(found: Sequence[TargetUpdate]) -> str:
    """The extent of the update, such as `3 copies would be edited, 1 new, in 2 teams`."""
    edits = sum(one.foresight.edits for one in found)
    new = sum(len(one.foresight.new) for one in found)
    edited = f"{counted(edits, 'copy', 'copies')} would be edited, {new} new"
    return f"{edited}, in {counted(len(found), 'team')}"
