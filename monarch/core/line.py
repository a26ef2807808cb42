"""One line of a Markdown text, whose white space counts in columns."""

import re
from typing import Final

SPACE: Final = re.compile(r"[ \t]*+")


class Line:
    """One line, read from the left; a tab reaches to the next column whose number four divides.

    Attributes:
        text: the whole text.
        at: where in it the reading has come to.
        end: where the line ends; `stop`: where the next one begins.
    """

    __slots__ = ("_ahead", "_column", "at", "end", "stop", "text")

    def __init__(self, text: str, at: int, end: int, stop: int) -> None:
        self.text, self.at, self.end, self.stop = text, at, end, stop
        self._column = 0
        self._ahead = 0  # columns of a tab that was skipped in part

    @property
    def first(self) -> str:
        """The first character that is no white space; `""` on a blank line."""
        at = SPACE.match(self.text, self.at, self.end).end()  # type: ignore[union-attr] # matches anything
        return self.text[at] if at < self.end else ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing but white space is ahead."""
        return not self.first

    def indent(self) -> int:
        """Columns of white space ahead."""
        column, at = self._column + self._ahead, self.at
        while at < self.end and (char := self.text[at]) in " \t":
            column += 1 if char == " " else 4 - column % 4
            at += 1
        return column - self._column

    def skip_space(self, columns: int) -> None:
        """Go on by so many columns of white space, or what there is of it."""
        while columns > 0:
            if self._ahead:
                step = min(columns, self._ahead)
                self._ahead -= step
            elif self.at < self.end and self.text[self.at] == " ":
                self.at, step = self.at + 1, 1
            elif self.at < self.end and self.text[self.at] == "\t":
                self.at, width = self.at + 1, 4 - self._column % 4
                step = min(columns, width)
                self._ahead = width - step
            else:
                return
            self._column += step
            columns -= step

    def skip(self, characters: int) -> None:
        """Go on by characters that are no white space."""
        self.at += characters
        self._column += characters

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What `pattern` finds right here."""
        return pattern.match(self.text, self.at)
