"""What a copy looks like: the ticket as it is, and the marker that names it.

The marker, `<!-- monarch: owner/repo#12 id=2034567890 -->`, is the last line of the body. `id` is GitHub's
id of the ticket, and it decides; the rest is for people. Three rules keep it trustworthy:

- It counts only where it stands on a line of its own. A marker that is quoted (`> <!-- …`) or mentioned
  in a sentence is nobody's.
- Code blocks make no difference to that. Whoever read the fences would take a copy for missing (and double
  it) as soon as somebody forgot to close a fence above the marker.
- So every line that would count is taken out of a ticket's text before its own marker is added, in code
  blocks too: a template that was filled by Monarch itself, or that shows a marker as an example, must not
  pass for a copy of something else. Nothing else of a text that fits is changed, not by a byte.
"""

import re
from dataclasses import dataclass
from typing import Final

from monarch.core.ids import TicketId
from monarch.core.quote import shorten
from monarch.core.style import Copying
from monarch.core.ticket import Ticket

MAX_TITLE: Final = 256
"""GitHub: "title is too long (maximum is 256 characters)"."""

MAX_BODY: Final = 65_536
"""GitHub: "body is too long (maximum is 65536 characters)".

Seen to count code points; we count UTF-16 units, which are never fewer, to be on the safe side.
"""

NO_TITLE: Final = "(no title)"
"""GitHub refuses an issue without a title."""

_MARKER_LINE = re.compile(
    r"(?:\A|(?<=[\r\n]))[ \t]*<!--[ \t]*monarch:[ \t]*"
    r"(?P<source>[\w.-]{1,100}/[\w.-]{1,100})#(?P<number>\d{1,18})[ \t]+id=(?P<id>\d{1,18})"
    r"[ \t]*-->[ \t]*(?:\r\n|\r|\n|\Z)",
    re.ASCII | re.IGNORECASE,
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue to be created.

    Attributes:
        labels: names, as the target spells them.
        milestone: its number in the target, `None` for none.
        type: name of its issue type, `""` for none.
    """

    title: str
    body: str
    labels: tuple[str, ...] = ()
    milestone: int | None = None
    type: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker says: the ticket `ticket` was number `number` of `source` (`owner/repo`)."""

    source: str
    number: int
    ticket: TicketId

    def __str__(self) -> str:
        return f"<!-- monarch: {self.source}#{self.number} id={self.ticket} -->"


@dataclass(frozen=True, slots=True)
class Keep:
    """The copy's text is final as it stands."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The copy is still what Monarch wrote; `body` is its final text."""

    body: str


@dataclass(frozen=True, slots=True)
class Touched:
    """A person has edited the copy since: it is theirs and stays."""


Rewriting = Keep | Rewrite | Touched


def render(
    ticket: Ticket,
    copying: Copying,
    labels: tuple[str, ...] = (),
    milestone: int | None = None,
    type_: str = "",
) -> Draft:
    """Write the copy of a ticket, as far as the numbers of the other copies are known (the first pass)."""
    marker = Marker(copying.plan.source, ticket.number, ticket.id)
    body = append_marker(ticket.body, marker, ticket.url)
    return Draft(_title(ticket.title), body, labels, milestone, type_)


def rewriting(current: str, ticket: Ticket, copying: Copying) -> Rewriting:
    """Say what becomes of a copy whose body is now `current`, once all numbers are known (the second pass)."""
    if not needs_second_pass(ticket, copying) or current == render(ticket, copying).body:
        return Keep()
    return Touched()


def needs_second_pass(ticket: Ticket, copying: Copying) -> bool:  # noqa: ARG001 - references come next
    """Say whether the ticket refers to tickets of the plan at all."""
    return False


def append_marker(body: str, marker: Marker, url: str) -> str:
    """End `body` with the marker, a blank line between, in the text's own kind of line ends.

    Old markers go first. A text that leaves no room is cut, and says where the rest is (`url`).
    An empty text becomes the marker alone.
    """
    text = without_markers(_encodable(body))
    line_end = "\r\n" if "\r\n" in text else "\n"
    ending = f"{line_end}{line_end}{marker}"
    if _size(text) + _size(ending) > MAX_BODY:
        text = _cut(text, MAX_BODY - _size(ending), line_end, url)
    return text + ending if text else str(marker)


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


def _title(title: str) -> str:
    return shorten(_encodable(title), MAX_TITLE) if title.strip() else NO_TITLE


def _encodable(text: str) -> str:
    """Half a surrogate pair cannot be sent: it becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, room: int, line_end: str, url: str) -> str:
    """Cut `text` so that it fits into `room` with a line that says so and links to the rest."""
    notice = f"{line_end}{line_end}*The text is too long for a copy. It goes on here: {url}*"
    # Room for closing a code block that the cut may leave open; a fence is seldom longer.
    kept = _head(text, room - _size(notice) - 100)
    fence = _open_fence(kept)
    closing = f"{line_end}{fence}" if fence and len(fence) <= 90 else ""  # noqa: PLR2004 - the room above
    return kept + closing + notice


def _head(text: str, units: int) -> str:
    """The first `units` UTF-16 units of `text`, less a half character at the end."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def _open_fence(text: str) -> str:
    """The fence that would close the code block at the end of `text`; `""` where none is open."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence
