"""The cells of GitHub's tables: no code span and no link reaches from one into the next."""

import re
from collections.abc import Iterator
from itertools import islice

_DELIMITERS = re.compile(
    r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+(?=[\r\n]|\Z)"
)
_BAR = re.compile(r"\\.|\|")

Range = tuple[int, int]


def header(text: str, above: Range, line: Range) -> tuple[Range, ...]:
    """The cells of the row `above`, if `line` makes it the header of a table; else none.

    `line` must be a row of dashes with as many cells.
    """
    if "|" not in text[slice(*above)] or not _DELIMITERS.match(text, *line):
        return ()
    cells = tuple(_split(text, above))
    return cells if len(cells) == len(tuple(_split(text, line))) else ()


def row(text: str, line: Range, columns: int) -> tuple[Range, ...]:
    """The cells of a row; those beyond the header's are not shown and do not count."""
    return tuple(islice(_split(text, line), columns))


def _split(text: str, line: Range) -> Iterator[Range]:
    """The cells of a line; a bar at either end bounds it and parts nothing."""
    start, end = line
    content = text[start:end]
    end = start + len(content.rstrip())
    start += len(content) - len(content.lstrip())
    if text[start : start + 1] == "|":
        start += 1
    for bar in _BAR.finditer(text, start, end):
        if bar[0] == "|":
            yield start, bar.start()
            start = bar.end()
    if text[start:end].strip():
        yield start, end
