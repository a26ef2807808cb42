"""pulldown-cmark's events, corrected for what GitHub reads differently.

For GitHub the header of a table needs no bar if there is one column (`Title`, and `:-:|` below it), and no bar in front if
it continues a paragraph; for pulldown-cmark it does. Such a header gets a bar, and all positions are counted as if the bar
were not there.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any, Final

from monarch.core.text.pulldown import events_as_read

_DELIMITER: Final = re.compile(
    r"\n[ >\t]*+(?P<row>\|?+[ \t]*+:?+-++:?+[ \t]*+(?:\|[ \t]*+:?+-++:?+[ \t]*+)*+\|?+)[ \t]*+(?=\r?+\n|\r?+\Z)"
)
_MARGIN: Final = re.compile(r"[ >\t]*+")
_BLOCK: Final = re.compile(r"(?:[-+*]|[0-9]{1,9}+[.)]|\#{1,6}+)[ \t]|```|~~~|<")


def events(text: str) -> Iterator[tuple[Any, int, int]]:
    """Each event of a text with where it starts and ends, in bytes."""
    headers = _barless(text)
    if headers:
        # Only what did make a table gets its bar: in a heading or in code the bar would be one more character.
        bars = _bars(text, headers)
        heads = [(s, e) for event, s, e in _read(text, headers) if event == {"Start": "TableHead"}]
        headers = [at for at, bar in zip(headers, bars, strict=True) if _is_in(bar, heads)]
    bars = _bars(text, headers)
    for event, start, end in _read(text, headers):
        yield event, start - bisect_left(bars, start), end - bisect_left(bars, end)


def _barless(text: str) -> list[int]:
    """Where a bar makes a header of what only GitHub takes for one: before the line, or after a line that begins a block."""
    found = []
    for row in _DELIMITER.finditer(text) if "|" in text else ():
        start = text.rfind("\n", 0, row.start()) + 1
        start = _MARGIN.match(text, start, row.start()).end()  # type: ignore[union-attr] # matches anything
        if "|" in row["row"] and start < row.start() and text[start] not in "|\r":
            end = row.start() - (text[row.start() - 1] == "\r")
            found.append(end if _BLOCK.match(text, start) else start)
    return found


def _read(text: str, headers: list[int]) -> Iterator[tuple[Any, int, int]]:
    """The events of the text with a bar at each of these positions."""
    edges = [0, *headers, len(text)]
    barred = "|".join(text[start:end] for start, end in pairwise(edges))
    for event, where in events_as_read(barred):
        yield event, where["start"], where["end"]


def _bars(text: str, headers: list[int]) -> list[int]:
    """The positions of the bars, in bytes."""
    edges = [0, *headers]
    widths = (len(text[start:end].encode()) + 1 for start, end in pairwise(edges))
    return [end - 1 for end in accumulate(widths)]


def _is_in(place: int, ranges: list[tuple[int, int]]) -> bool:
    before = bisect_left(ranges, (place + 1, 0)) - 1
    return before >= 0 and place < ranges[before][1]
