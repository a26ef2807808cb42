"""What a copy looks like: the ticket's text in its frame, with the target's numbers, and the marker that names it.

A ticket may refer to a ticket that has no copy yet. So there are two passes: `render` writes a copy with what is known when
it is created; once all copies exist, `rewriting` says what the text of each becomes, provided that it is still what Monarch
wrote. Nothing is remembered between the two: both are made from the ticket, the plan, and the copy as it stands.

All of this is pure and shares nothing that changes, so a thread can work on a text. The work is proportional to the text:
some 15 ms for 65,536 characters of prose, ten times that for nothing but references.

Only references, mentions, old markers and what GitHub would refuse change. The rest stays byte for byte.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee
from typing import Final

from monarch.core.copy.cut import Framed, fitted, line_end_of
from monarch.core.copy.details import Details
from monarch.core.copy.marker import Marker, read_marker, without_markers
from monarch.core.copy.style import Copying
from monarch.core.copy.wording import Wording, encodable, size, worded
from monarch.core.redact import shorten
from monarch.core.ticket import Ticket

MAX_TITLE: Final = 256
"""GitHub: "title is too long (maximum is 256 characters)"."""

MAX_BODY: Final = 65_536
"""GitHub: "body is too long (maximum is 65536 characters)".

Seen to count code points; we count UTF-16 units, which are never fewer, to be on the safe side.
"""

NO_TITLE: Final = "(no title)"
"""GitHub refuses an issue without a title."""

_HINT = re.compile(r"#[0-9]|gh-[0-9]|/(?:issues|pull)/[0-9]|&(?:\#|[a-z])|\\[#/-]", re.IGNORECASE)
"""Matches in every text that refers to a ticket, and in hardly any other."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue to be created.

    Attributes:
        labels: names, as the target spells them.
        milestone: its number in the target, `None` for none.
        type: name of its issue type, `""` for none.
        assignees: logins.
    """

    title: str
    body: str
    labels: tuple[str, ...] = ()
    milestone: int | None = None
    type: str = ""
    assignees: tuple[str, ...] = ()


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


def render(ticket: Ticket, copying: Copying, details: Details | None = None) -> Draft:
    """Write the copy of a ticket, as far as the numbers of the other copies are known (the first pass)."""
    body = _fitting(wording.first(copying) for wording in _wordings(ticket, copying))
    had = details or Details()
    return Draft(title_of(ticket), body, had.labels, had.milestone, had.type, had.assignees)


def rewriting(current: str, ticket: Ticket, copying: Copying) -> Rewriting:
    """Say what becomes of a copy whose text is now `current`, once all numbers are known (the second pass).

    A ticket of the plan without a number has no copy (GitHub refused it, or a person deleted it) and will have none. A text
    that is rewritten gets the current marker; nothing is rewritten for the marker's sake alone.
    """
    if not _may_refer(ticket):
        return Keep()
    standing = _standing(current, ticket, copying)
    # Cutting is work, and hardly ever needed; with `tee` each version is made once, and only if it is looked at.
    versions, pending, sources = tee(_wordings(ticket, copying, standing), 3)
    final = _fitting(wording.last(copying) for wording in versions)
    if current == final or not any(wording.is_pending for wording in pending):
        return Keep()
    if not any(wording.is_source_of(current, copying) for wording in sources):
        return Touched()
    if standing in {None, marker_of(ticket, copying)}:
        return Rewrite(final)
    return Rewrite(_fitting(wording.last(copying) for wording in _wordings(ticket, copying)))


def finished(ticket: Ticket, copying: Copying) -> str:
    """The text of a copy in the end, when all numbers are known."""
    return _fitting(wording.last(copying) for wording in _wordings(ticket, copying))


def is_ours(current: str, ticket: Ticket, copying: Copying) -> bool:
    """Say whether a copy's text is what Monarch wrote, whatever numbers it had for the other copies then."""
    wordings = _wordings(ticket, copying, _standing(current, ticket, copying))
    return any(wording.fits(current) for wording in wordings)


def _may_refer(ticket: Ticket) -> bool:
    return _HINT.search(ticket.body) is not None


def compose(
    ticket: Ticket, copying: Copying, marker: Marker | None = None
) -> Iterator[tuple[Framed, str]]:
    """The ticket's text in its frame, with what changes in it, and the end of the copy: the whole text first, if it may fit.

    The numbers that are known when the copy is written decide whether it does; the last version always fits.

    The end is a blank line, in the text's own kind of line ends, and the marker (`marker`, or the current one); before
    them the end of a code block that the text leaves open.
    """
    named = marker or marker_of(ticket, copying)
    body = without_markers(encodable(ticket.body))
    blank = line_end_of(body) * 2
    for framed in fitted(ticket, body, copying, MAX_BODY - size(f"{blank}{named}")):
        yield framed, f"{framed.closing}{blank}{named}" if framed.text else str(named)


def marker_of(ticket: Ticket, copying: Copying) -> Marker:
    """The marker of a ticket's copy in this target, signed if there is a key."""
    target, seal = copying.target_id, copying.style.seal
    signature = "" if seal is None else seal.sign(ticket.id, target)
    return Marker(copying.plan.source, ticket.number, ticket.id, target, signature)


def _standing(current: str, ticket: Ticket, copying: Copying) -> Marker | None:
    """The marker that a copy of this ticket carries now, in any form that Monarch has written; else `None`.

    An older version named no target, and the key may have been another one, or none. The length of the marker decides where
    a text that is too long is cut, so the copy is compared with what Monarch writes beside that very marker.
    """
    found = read_marker(current)
    named = copying.plan.source, ticket.number, ticket.id
    if found is None or (found.source, found.number, found.ticket) != named:
        return None
    return found if found.target in {None, copying.target_id} else None


def _wordings(ticket: Ticket, copying: Copying, marker: Marker | None = None) -> Iterator[Wording]:
    """What the copy may say, the best first; the last one always fits."""
    for framed, ending in compose(ticket, copying, marker):
        yield worded(framed.text + ending, framed.changes)


def _fitting(texts: Iterable[str]) -> str:
    """The first text that fits, else the last."""
    text = ""
    for text in texts:
        if size(text) <= MAX_BODY:
            break
    return text


def title_of(ticket: Ticket) -> str:
    """The title of a ticket's copy."""
    title = ticket.title
    return shorten(encodable(title), MAX_TITLE) if title.strip() else NO_TITLE
