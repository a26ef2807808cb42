"""Lays a table out, from its cells and the width of the terminal: pure.

No cell is ever folded or cut: there is no code here that could do either. A cell that does not fit beside the others
leaves the line whole. Reasons go first, to below the table, where equal ones appear once; then the widest column
leaves, again and again, until the rest fits: the first column, which names the row, to a line above, any other to a
line below. Only prose (a last column of sentences) wraps, between words; a word is broken only if it is longer than a
line and not made to be copied.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Final, NamedTuple

from rich.cells import cell_len, chop_cells

GAP: Final = "  "
PROSE_WIDTH: Final = 30
"""The fewest columns into which sentences are squeezed."""

_COMMAND: Final = re.compile("`[^`]*`")
_QUOTED: Final = re.compile('"[^"]*"')
_BLANKS: Final = re.compile("  +")
_SHORT: Final = re.compile(r"(?<!\S)(\S) (?=\S\S)")
_JOINT: Final = "\ue000"
"""A space at which no line breaks; text from outside has none, since control characters are spelled out."""
_WORD: Final = re.compile(r"(\s*)(\S+)")
_COPIED: Final = re.compile(r"[^\"'].*/|.*`")
"""A word that people copy: a command, an address, the name of a repository. Quoted text is none of them."""


class ColumnKind(Enum):
    """What a column holds, and so what becomes of it if the line is full."""

    WORD = "word"
    NUMBER = "number"
    REASON = "reason"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column. A `NUMBER` is aligned to the right; `PROSE` is last, except for a `REASON`."""

    name: str
    kind: ColumnKind = ColumnKind.WORD


class Piece(NamedTuple):
    """Text of one style (rich's word for it, `""` for none)."""

    text: str
    style: str = ""


Line = Sequence[Piece]
Cells = Sequence[Piece]


def word(name: str) -> TableColumn:
    """A column of names, ids, codes or states."""
    return TableColumn(name)


def number(name: str) -> TableColumn:
    """A column of counts, ages or other quantities."""
    return TableColumn(name, ColumnKind.NUMBER)


def reason(name: str) -> TableColumn:
    """A column of sentences that say why; many rows may share one."""
    return TableColumn(name, ColumnKind.REASON)


def prose(name: str) -> TableColumn:
    """A column of sentences, each about its own row."""
    return TableColumn(name, ColumnKind.PROSE)


def plain(columns: Sequence[TableColumn], rows: Sequence[Cells]) -> Iterator[str]:
    """Aligned columns for a pipe: one line a row, however long."""
    widths = _widths(columns, rows)
    for line in (_head(columns), *rows):
        padded = map(_padded, line, columns, widths)
        yield GAP.join(piece.text for piece in padded).rstrip()


def lay_out(columns: Sequence[TableColumn], rows: Sequence[Cells], width: int) -> Iterator[Line]:
    """The lines of a table on a terminal of `width` columns."""
    plan = _planned(columns, _widths(columns, rows), width)
    yield from _row(plan, columns, _head(columns), names=False)
    for row in rows:
        yield from _row(plan, columns, row, names=True)
    for column in plan.reasons:
        yield from _reasons(rows, column, width)


# ------------------------------------------------------------------------------------ where columns go


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which columns (by their number) go where, and how wide those in the line are."""

    above: bool
    inline: Sequence[int]
    below: Sequence[int]
    reasons: Sequence[int]
    widths: Sequence[int]
    width: int

    @property
    def indent(self) -> str:
        return GAP if self.above else ""


def _planned(columns: Sequence[TableColumn], widths: Sequence[int], width: int) -> _Plan:
    inline = list(range(len(columns)))
    reasons: list[int] = []
    above, below = False, []
    if _taken(inline, widths) > width:
        reasons = [n for n in inline if columns[n].kind is ColumnKind.REASON]
        inline = [n for n in inline if n not in reasons]
    least = [
        min(w, PROSE_WIDTH) if c.kind is ColumnKind.PROSE else w
        for c, w in zip(columns, widths, strict=True)
    ]
    while len(inline) > 1 and _taken(inline, least) + len(GAP) * above > width:
        widest = max(inline, key=lambda n: least[n])
        inline.remove(widest)
        if widest == 0:
            above = True
        else:
            below.append(widest)
    free = width - len(GAP) * above - _taken(inline, least)
    fitted = [
        min(full, small + max(free, 0)) if columns[n].kind is ColumnKind.PROSE else full
        for n, (full, small) in enumerate(zip(widths, least, strict=True))
    ]
    return _Plan(above, inline, sorted(below), reasons, fitted, width)


def _taken(inline: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[n] for n in inline) + len(GAP) * max(0, len(inline) - 1)


def _widths(columns: Sequence[TableColumn], rows: Sequence[Cells]) -> list[int]:
    names = [cell_len(column.name) for column in columns]
    return [max([w, *(cell_len(row[n].text) for row in rows)]) for n, w in enumerate(names)]


# ------------------------------------------------------------------------------------------- the lines


def _head(columns: Sequence[TableColumn]) -> Cells:
    return [Piece(column.name.upper(), "bold") for column in columns]


def _row(
    plan: _Plan, columns: Sequence[TableColumn], cells: Cells, *, names: bool
) -> Iterator[Line]:
    if plan.above:
        yield [cells[0]]
    yield from _lines_in_a_row(plan, columns, cells)
    if names:
        for n in plan.below:
            label = f"{plan.indent}{GAP}{columns[n].name}: "
            lines = (
                wrapped(cells[n].text, plan.width, label)
                if columns[n].kind is ColumnKind.PROSE
                else [label + cells[n].text]
            )
            yield from ([Piece(line, cells[n].style)] for line in lines)


def _lines_in_a_row(plan: _Plan, columns: Sequence[TableColumn], cells: Cells) -> Iterator[Line]:
    """The row's line; its prose continues below itself, wrapped between words."""
    cut = {
        n: _prose(cells[n], plan.widths[n]) if columns[n].kind is ColumnKind.PROSE else [cells[n]]
        for n in plan.inline
    }
    for parts in zip_longest(*cut.values(), fillvalue=Piece("")):
        line = [Piece(plan.indent)]
        for n, part in zip(cut, parts, strict=True):
            line += [_padded(part, columns[n], plan.widths[n]), Piece(GAP)]
        yield line[:-1]


def _prose(cell: Piece, width: int) -> list[Piece]:
    return [Piece(line, cell.style) for line in _between_words(cell.text, width) or [""]]


def _padded(cell: Piece, column: TableColumn, width: int) -> Piece:
    blank = " " * (width - cell_len(cell.text))
    text = blank + cell.text if column.kind is ColumnKind.NUMBER else cell.text + blank
    return Piece(text, cell.style)


def _reasons(rows: Sequence[Cells], column: int, width: int) -> Iterator[Line]:
    names: dict[str, list[str]] = {}
    for row in rows:
        if row[column].text not in {"", "-"}:
            names.setdefault(row[column].text, []).append(row[0].text)
    if names:
        yield []
    for text, those in names.items():
        yield from ([Piece(line)] for line in wrapped(f"{', '.join(those)}: {text}", width))


def wrapped(text: str, width: int, first: str = "", *, goes_on: str = GAP * 2) -> list[str]:
    """`text` after `first`, wrapped only between words; further lines begin with `goes_on`."""
    room = max(width, len(goes_on) + PROSE_WIDTH)
    return _between_words(text, room, first, goes_on) or [first]


def _between_words(text: str, width: int, first: str = "", goes_on: str = "") -> list[str]:
    """Wrap, with a command in backquotes as one word, for copying. One character stays with the next word: it may be a sign.

    Of blanks in a row in a quotation none is lost at the end of a line: they may be what is wrong with it.
    """
    whole = _COMMAND.sub(lambda found: found[0].replace(" ", _JOINT), text)
    whole = _QUOTED.sub(lambda found: _BLANKS.sub(_joined, found[0]), whole)
    joined = _SHORT.sub(rf"\g<1>{_JOINT}", whole)
    lines: list[str] = []
    begin, line = first, ""
    for blank, word in _WORD.findall(joined):
        if line and cell_len(begin + line + blank + word) > width:
            lines.append(begin + line)
            begin, line = goes_on, ""
        *full, rest = [word] if line else _pieces(word, width - max(len(begin), len(goes_on)))
        for piece in full:
            lines.append(begin + piece)
            begin = goes_on
        line += (blank if line else "") + rest
    return [each.replace(_JOINT, " ") for each in (*lines, *([begin + line] if line else []))]


def _joined(blanks: re.Match[str]) -> str:
    return _JOINT * len(blanks[0])


def _pieces(word: str, room: int) -> list[str]:
    """A word in pieces of at most `room` columns; what people copy stays whole."""
    if cell_len(word) <= room or _COPIED.match(word):
        return [word]
    return chop_cells(word, max(room, 1))
