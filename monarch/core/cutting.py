"""How a ticket's text is fitted into what GitHub takes: framed, and cut where it must be, honestly.

What is cut is the ticket's own text, never the frame; where it ends, a line says so and links to the rest. A code block,
a comment or the like that is cut in two is closed before that line, which must be a link and no line of code.

Where the cut falls must not depend on which form a reference has at the time, or the second pass would not know again
what the first has written: each reference counts as long as it can become.
"""

from dataclasses import dataclass, replace
from string import Template
from typing import Final

from monarch.core.blocks import blocks
from monarch.core.marker import read_markers, without_markers
from monarch.core.references import References
from monarch.core.style import Copying
from monarch.core.template import UNFRAMED, fill, words
from monarch.core.ticket import Ticket
from monarch.core.wording import Change, Range, changes, encodable, size

_CLOSING_ROOM: Final = 100
"""UTF-16 units kept for closing a block; a fence is seldom longer."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A text in its frame, and what changes in it on its way into the target.

    Attributes:
        own: where the ticket's own words stand.
        is_cut: they are not all of them.
        lost_frame: the frame had to be left out.
    """

    text: str
    own: Range
    changes: tuple[Change, ...]
    is_cut: bool = False
    lost_frame: bool = False

    @property
    def units(self) -> int:
        """How long it can become, in UTF-16 units."""
        replaced = sum(size(self.text[change.start : change.end]) for change in self.changes)
        return size(self.text) - replaced + sum(change.units for change in self.changes)

    def head(self, units: int) -> str:
        """As much of the ticket's own words as fits into so many UTF-16 units, whatever becomes of them."""
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


def fitted(ticket: Ticket, body: str, copying: Copying, room: int) -> Framed:
    """Frame a ticket's text (`body`, without markers) and fit it into `room` UTF-16 units, whatever becomes of it.

    A frame that leaves no room for the text, or that would make a marker, is left out.
    """
    template = copying.style.template
    if template is not None:
        made = _Fitting(ticket, copying, template, room).fit(body)
        if made and not read_markers(made.text):
            return made
    made = _Fitting(ticket, copying, UNFRAMED, room).fit(body) or Framed("", (0, 0), ())
    return replace(made, lost_frame=template is not None)


@dataclass(frozen=True, slots=True)
class _Fitting:
    ticket: Ticket
    copying: Copying
    template: Template
    room: int

    def fit(self, body: str) -> Framed | None:
        """The text in its frame, cut where it must be; `None` where the frame leaves no room for that."""
        # GitHub takes no more, so nobody needs to look at more.
        seen = without_markers(_head(body, self.room))
        whole = self._framed(seen)
        if seen == body and whole.units <= self.room:
            return whole
        line_end = "\r\n" if "\r\n" in body else "\n"
        link = References(self.copying).link(self.ticket)
        notice = f"{line_end}{line_end}*The text is too long for a copy. It goes on here: {link}*"
        left = self.room - self._framed("", notice).units - _CLOSING_ROOM
        while left >= 0:
            kept = without_markers(whole.head(left))
            opened = blocks(whole.text[: whole.own[0]] + kept).closing
            closing = f"{line_end}{opened}" if opened else ""
            made = self._framed(kept, closing + notice)
            if made.units <= self.room:
                return replace(made, is_cut=True)
            # What was cut away ended a code span, say, and what stood in it counts now.
            left -= max(made.units - self.room, left // 16, 1)
        return None

    def _framed(self, body: str, notice: str = "") -> Framed:
        """The words `body` in their frame; a `notice` below them is none of the ticket's own."""
        named = words(self.ticket, self.copying)
        filled = {**named, "title": encodable(named["title"]), "body": body + notice}
        text, (begin, stop) = fill(self.template, filled)
        own = begin, stop - len(notice)
        return Framed(text, own, changes(text, own, self.copying))


def _head(text: str, units: int) -> str:
    """The first `units` UTF-16 units of `text`, less a half character at the end."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")
