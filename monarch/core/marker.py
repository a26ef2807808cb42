"""The marker: the last line of a copy, which names its ticket.

`<!-- monarch: owner/repo#12 id=2034567890 -->`. `id` is GitHub's id of the ticket, and it decides; the rest is for
people. Three rules keep it trustworthy:

- It counts only where it stands on a line of its own. A marker that is quoted (`> <!-- …`) or mentioned in a sentence is
  nobody's.
- Code blocks make no difference to that. Whoever read the fences would take a copy for missing (and double it) as soon as
  somebody forgot to close a fence above the marker.
- So every line that would count is taken out of a ticket's text before its own marker is added, in code blocks too: a
  template that was filled by Monarch itself, or that shows a marker as an example, must not pass for a copy of something
  else.
"""

import re
from dataclasses import dataclass

from monarch.core.ids import TicketId

_MARKER_LINE = re.compile(
    r"(?:\A|(?<=[\r\n]))[ \t]*<!--[ \t]*monarch:[ \t]*"
    r"(?P<source>[\w.-]{1,100}/[\w.-]{1,100})#(?P<number>\d{1,18})[ \t]+id=(?P<id>\d{1,18})"
    r"[ \t]*-->[ \t]*(?:\r\n|\r|\n|\Z)",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker says: the ticket `ticket` was number `number` of `source` (`owner/repo`)."""

    source: str
    number: int
    ticket: TicketId

    def __str__(self) -> str:
        return f"<!-- monarch: {self.source}#{self.number} id={self.ticket} -->"


def read_markers(body: str) -> tuple[Marker, ...]:
    """All markers that stand on a line of their own, in their order."""
    return tuple(
        Marker(found["source"], int(found["number"]), TicketId(int(found["id"])))
        for found in _MARKER_LINE.finditer(body)
    )


def read_marker(body: str) -> Marker | None:
    """The marker that says what this is a copy of: the last one; `None` where there is none."""
    markers = read_markers(body)
    return markers[-1] if markers else None


def without_markers(body: str) -> str:
    """Take every marker out; where one ended the text, the line ends before it go with it."""
    found = list(_MARKER_LINE.finditer(body))
    if not found:
        return body
    text = _MARKER_LINE.sub("", body)
    ended = not body[found[-1].end() :].strip("\r\n")
    return text.rstrip("\r\n") if ended else text
