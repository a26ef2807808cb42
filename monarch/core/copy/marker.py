"""The marker: the last line of a copy, which names its ticket and the target that the copy was written into.

`<!-- monarch: owner/repo#12 id=2034567890 target=800000003 -->`, with ` sig=<32 hex digits>` after the target if the
installation has a key (`core.copy.seal`). `id` is GitHub's id of the ticket, `target` that of the target; these two decide, the
rest is for people. Copies of older versions name no target. `core.target.evidence` decides whether a marker counts.

Three rules say what a marker is:

- It counts only on a line of its own. A marker that is quoted (`> <!-- …`) or mentioned in a sentence does not count.
- Code blocks make no difference. A reader that honoured fences would take a copy for missing (and double it) as soon as
  a person forgot to close a fence above the marker.
- So every line that would count is taken out of a ticket's text before its own marker is added, in code blocks too: a
  template that Monarch itself has filled, or that shows a marker as an example, must not pass for a copy of something
  else.

Attributes that this version does not know are ignored, so that a newer version may add some.
"""

import re
from dataclasses import dataclass
from typing import Final

from monarch.core.ids import TargetId, TicketId

_MARKER_LINE = re.compile(
    r"(?:\A|(?<=[\r\n]))[ \t]*<!--[ \t]*monarch:[ \t]*"
    r"(?P<source>[\w.-]{1,100}/[\w.-]{1,100})#(?P<number>\d{1,18})[ \t]+id=(?P<id>\d{1,18})"
    r"(?P<more>(?:[ \t]+[a-z]{1,20}=[a-z0-9]{1,128}){0,8})"
    r"[ \t]*-->[ \t]*(?:\r\n|\r|\n|\Z)",
    re.ASCII | re.IGNORECASE,
)
_TARGET = re.compile(r"\d{1,18}", re.ASCII)

NOWHERE: Final = TargetId(0)
"""The target of a marker whose target cannot be read: no repository has this id."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker says: the ticket `ticket` was number `number` of `source` (`owner/repo`).

    Attributes:
        target: GitHub's id of the repository that the copy was written into; `None` in copies of older versions.
        signature: 32 hex digits, `""` if there is none.
    """

    source: str
    number: int
    ticket: TicketId
    target: TargetId | None = None
    signature: str = ""

    def __str__(self) -> str:
        target = "" if self.target is None else f" target={self.target}"
        signature = f" sig={self.signature}" if self.signature else ""
        return f"<!-- monarch: {self.source}#{self.number} id={self.ticket}{target}{signature} -->"


def read_markers(body: str) -> tuple[Marker, ...]:
    """All markers on lines of their own, in their order."""
    return tuple(_marker(found) for found in _MARKER_LINE.finditer(body))


def read_marker(body: str) -> Marker | None:
    """The marker that says what this is a copy of: the last one; `None` if there is none."""
    markers = read_markers(body)
    return markers[-1] if markers else None


def without_markers(body: str) -> str:
    """Take every marker out; if one ended the text, the line ends before it go with it."""
    found = list(_MARKER_LINE.finditer(body))
    if not found:
        return body
    text = _MARKER_LINE.sub("", body)
    ended = not body[found[-1].end() :].strip("\r\n")
    return text.rstrip("\r\n") if ended else text


def _marker(found: re.Match[str]) -> Marker:
    """If an attribute comes twice, the last one counts."""
    more = dict(each.lower().split("=", 1) for each in found["more"].split())
    return Marker(
        found["source"],
        int(found["number"]),
        TicketId(int(found["id"])),
        _target(more["target"]) if "target" in more else None,
        more.get("sig", ""),
    )


def _target(text: str) -> TargetId:
    return TargetId(int(text)) if _TARGET.fullmatch(text) else NOWHERE
