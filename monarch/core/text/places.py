"""Positions in a text, converted from those of a reader that counts differently."""

from bisect import bisect_right
from collections.abc import Iterator


class TextPlaces:
    """Characters for bytes of UTF-8; quick where the bytes ascend."""

    def __init__(self, text: str) -> None:
        self._bytes = b"" if text.isascii() else text.encode()
        self._byte = self._char = 0

    def of(self, byte: int) -> int:
        """How many characters precede this byte, which begins one."""
        if not self._bytes:
            return byte
        if byte < self._byte:
            self._char -= len(self._bytes[byte : self._byte].decode())
        else:
            self._char += len(self._bytes[self._byte : byte].decode())
        self._byte = byte
        return self._char


class Lines:
    """Lines joined, each with its position in a text, which may have the marks of a quote between them."""

    def __init__(self, lines: list[tuple[str, int]]) -> None:
        self.text = "".join(line for line, _ in lines)
        self._at: list[int] = []
        self._source: list[int] = []
        at = 0
        for line, source in lines:
            self._at.append(at)
            self._source.append(source)
            at += len(line)

    def source(self, at: int) -> int:
        """Where in the text this position is."""
        line = bisect_right(self._at, at) - 1
        return self._source[line] + at - self._at[line]

    def lines(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The parts of `start` to `end`, line by line: start, end, and where in the text it starts."""
        line = bisect_right(self._at, start) - 1
        while start < end:
            stop = min(end, self._at[line + 1] if line + 1 < len(self._at) else end)
            yield start, stop, self._source[line] + start - self._at[line]
            start, line = stop, line + 1
