"""How a ticket's text is fitted into what GitHub takes: framed, and cut openly where it must be.

Only the ticket's own text is cut, never the frame; where it ends, a line says so and links to the rest. A code block,
a comment or the like that is cut in two is closed before that line, which must be a link and not a line of code.

Where the cut falls must not depend on the form that a reference has at the time, or the second pass would not recognise
what the first has written: each reference counts with the greatest length that it can have.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from string import Template
from typing import Final

from monarch.core.copy.frame import UNFRAMED, fill, words
from monarch.core.copy.marker import read_markers, without_markers
from monarch.core.copy.references import References
from monarch.core.copy.style import Copying
from monarch.core.copy.wording import Range, TextChange, changes, encodable, size
from monarch.core.text.endings import open_block, open_fence
from monarch.core.ticket import Ticket

_MOST: Final = 2
"""A text longer than this many times its room never becomes short enough, since no text on GitHub is longer."""

_CLOSING_ROOM: Final = 100
"""UTF-16 units kept for closing a block; a fence is seldom longer."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A text in its frame, and what changes in it on its way into the target.

    Attributes:
        own: where the ticket's own words stand.
        closing: what ends the code block that the text leaves open, `""` for none.
        is_cut: some of the ticket's words were cut.
        lost_frame: the frame had to be left out.
    """

    text: str
    own: Range
    changes: tuple[TextChange, ...]
    closing: str = ""
    is_cut: bool = False
    lost_frame: bool = False

    @property
    def units(self) -> int:
        """How long it can become, in UTF-16 units."""
        return self._unchanged + sum(change.units for change in self.changes)

    @property
    def least(self) -> int:
        """How short it can be in the end, in UTF-16 units."""
        return self._unchanged + sum(change.least for change in self.changes)

    @property
    def _unchanged(self) -> int:
        replaced = "".join(self.text[change.start : change.end] for change in self.changes)
        return size(self.text + self.closing) - size(replaced)

    def head(self, units: int) -> str:
        """As much of the ticket's own words as fits into `units` UTF-16 units, whatever form their references get."""
        begin, stop = self.own
        at = begin
        for change in self.changes:
            if not begin <= change.start < stop:
                continue
            plain = size(self.text[at : change.start])
            if plain > units:
                break
            units -= plain + change.units
            if units < 0:
                return self.text[begin : change.start]
            at = change.end
        return self.text[begin:at] + _head(self.text[at:stop], units)


def fitted(ticket: Ticket, body: str, copying: Copying, room: int) -> Iterator[Framed]:
    """Frame a ticket's text (`body`, without markers) and fit it into `room` UTF-16 units.

    A frame that leaves no room for the text, or that would make a marker, is left out.

    Yields:
        The whole text, unless it is too long whatever numbers its references get; then, unless the whole text fits
        whatever they get, the text cut so far that it always does.
    """
    template = copying.style.template
    for frame in (template, UNFRAMED):
        fitting = _Fitting(ticket, copying, frame, room) if frame else None
        for framed in fitting.fit(body) if fitting else ():
            yield replace(framed, lost_frame=frame is not template) if template else framed
            if framed.units <= room:
                return
    yield Framed("", (0, 0), (), lost_frame=template is not None)


@dataclass(frozen=True, slots=True)
class _Fitting:
    ticket: Ticket
    copying: Copying
    template: Template
    room: int

    def fit(self, body: str) -> Iterator[Framed]:
        """The text in its frame, whole and cut; nothing if the frame leaves no room for it."""
        whole = _closed(self._framed(body)) if size(body) <= _MOST * self.room else None
        if whole and read_markers(whole.text):
            return
        if whole and whole.least <= self.room:
            yield whole
        cut = self._cut(body, whole)
        if cut and not read_markers(cut.text):
            yield cut

    def _cut(self, body: str, whole: Framed | None) -> Framed | None:
        # More than this is never shown.
        seen = without_markers(_head(body, self.room))
        made = whole if whole and seen == body else self._framed(seen)
        line_end = line_end_of(body)
        link = References(self.copying).link(self.ticket)
        notice = f"{line_end}{line_end}*The text is too long for a copy. It goes on here: {link}*"
        left = self.room - self._framed("", notice).units - _CLOSING_ROOM
        while left >= 0:
            kept = without_markers(made.head(left))
            opened = open_block(made.text[: made.own[0]] + kept)
            closing = f"{line_end}{opened}" if opened else ""
            made = _closed(self._framed(kept, closing + notice))
            if made.units <= self.room:
                return replace(made, is_cut=True)
            # The part cut away ended a code span, say, so that what stood in it counts now: cut again, a little shorter.
            left -= left // 64 + 1
        return None

    def _framed(self, body: str, notice: str = "") -> Framed:
        """The words `body` in their frame; a `notice` below them does not belong to the ticket's own."""
        named = words(self.ticket, self.copying)
        filled = {**named, "title": encodable(named["title"]), "body": body + notice}
        text, (begin, stop) = fill(self.template, filled)
        own = begin, stop - len(notice)
        return Framed(text, own, changes(text, own, self.copying))


def line_end_of(text: str) -> str:
    """The kind of line ends that a text has."""
    return "\r\n" if "\r\n" in text else "\n"


def _closed(framed: Framed) -> Framed:
    """The same with its last code block closed, or the marker below it would be a line of code."""
    fence = open_fence(framed.text)
    line_end = "" if framed.text.endswith("\n") else line_end_of(framed.text)
    return replace(framed, closing=f"{line_end}{fence}") if fence else framed


def _head(text: str, units: int) -> str:
    """The first `units` UTF-16 units of `text`, less a half character at the end."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")
