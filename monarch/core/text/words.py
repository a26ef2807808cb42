"""The words of a text as people see them, with the way back to how each character is spelled.

GitHub looks for references and mentions after Markdown has been read and backslashes and entities are gone; what is found
there is rewritten in the source. A line end separates two words that touch only in the source (`a**b**`).
"""

from bisect import bisect_left, bisect_right


class PlainWords:
    """Words in ascending order of their source.

    A *part* is a run of words spelled as seen, or one character that is spelled in another way (`&#35;`).
    """

    def __init__(self) -> None:
        self._shown: list[str] = []
        self._length = 0
        self._at: list[int] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._limits: list[int] = []
        self._kinds: list[tuple[bool, bool]] = []
        self._literal: list[bool] = []
        self._is_open = False

    def add(
        self,
        shown: str,
        start: int,
        end: int,
        limit: int,
        *,
        raw: bool = False,
        bracketed: bool = False,
    ) -> None:
        """Add words that are spelled at `start` to `end` of the source, in a block that ends at `limit`.

        `raw`: they are in raw HTML. `bracketed`: they follow a `[` that is not closed yet.
        """
        kind = raw, bracketed
        literal = len(shown) == end - start
        if (
            self._is_open
            and literal
            and self._literal[-1]
            and (self._ends[-1], self._kinds[-1]) == (start, kind)
        ):
            self._ends[-1] = end
        else:
            self._at.append(self._length)
            self._starts.append(start)
            self._ends.append(end)
            self._limits.append(limit)
            self._kinds.append(kind)
            self._literal.append(literal)
            self._is_open = True
        self._shown.append(shown)
        self._length += len(shown)

    def part(self) -> None:
        """End a run: the next words do not touch the last ones."""
        if self._is_open:
            self._shown.append("\n")
            self._length += 1
            self._is_open = False

    def shown(self) -> str:
        """All words joined."""
        return "".join(self._shown)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where in the source the words at `start` to `end` are spelled."""
        first = bisect_right(self._at, start) - 1
        begin = self._starts[first]
        if self._literal[first]:
            begin += start - self._at[first]
            if begin + end - start <= self._ends[first]:
                return begin, begin + end - start
        last = bisect_right(self._at, end - 1, first) - 1
        if self._literal[last]:
            return begin, self._starts[last] + end - self._at[last]
        return begin, self._ends[last]

    def behind(self, source: int) -> int:
        """Where the words continue after this position of the source."""
        part = bisect_left(self._starts, source)
        if part and source < self._ends[part - 1] and self._literal[part - 1]:
            return self._at[part - 1] + source - self._starts[part - 1]
        return self._at[part] if part < len(self._at) else self._length

    def limit(self, at: int) -> int:
        """Where in the source the block with these words ends."""
        return self._limits[bisect_right(self._at, at) - 1]

    def kind(self, at: int) -> tuple[bool, bool]:
        """Whether these words are raw, and whether bracketed."""
        return self._kinds[bisect_right(self._at, at) - 1]
