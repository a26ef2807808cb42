"""The warnings of `monarch plan` before anything is written: how a copy will differ from its ticket."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from monarch.core.copy.cut import Framed
from monarch.core.copy.references import References
from monarch.core.copy.render import MAX_BODY, MAX_TITLE, NO_TITLE, compose
from monarch.core.copy.style import Copying
from monarch.core.copy.wording import encodable, is_heard, size, worded
from monarch.core.listed import listed
from monarch.core.redact import quote
from monarch.core.text.marks import Mention, Reference
from monarch.core.text.prose import find
from monarch.core.ticket import Ticket

_SHOWN: Final = 5
"""How many of a kind are named; the others are counted."""

_UPLOADED = re.compile(
    r"https?://[^/]+/user-attachments/|https?://(?:private-)?user-images\.githubusercontent\.com/",
    re.IGNORECASE,
)
_EXPIRING = re.compile(r"https?://private-user-images\.githubusercontent\.com/", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)


def warnings(ticket: Ticket, copying: Copying, *, source_private: bool) -> tuple[str, ...]:
    """All warnings about the copy of one ticket, each a sentence without the ticket's number; empty for none.

    `source_private`: whether readers of the copy may be unable to see what lies in the source.
    """
    body = encodable(ticket.body[:MAX_BODY])
    found = find(body, copying.style.web_url)
    references = [mark for mark in found.marks if isinstance(mark, Reference)]
    mentions = [
        f"@{body[mark.name : mark.end]}"
        for mark in found.marks
        if isinstance(mark, Mention) and is_heard(mark, copying)
    ]
    return (
        *_of_length(ticket, copying),
        *_of_references(references, copying),
        *_of_mentions(mentions, copying),
        *_of_pictures(found.pictures, copying, source_private=source_private),
    )


def _of_length(ticket: Ticket, copying: Copying) -> Iterator[str]:
    if not ticket.title.strip():
        yield f'it has no title; its copy is called "{NO_TITLE}"'
    if len(ticket.title) > MAX_TITLE:
        yield f"its title has {len(ticket.title)} characters and is cut at {MAX_TITLE}"
    framed = _in_the_end(ticket, copying)
    if framed.is_cut:
        yield f"its text is too long for GitHub's {MAX_BODY} characters; it is cut and links to the rest"
    if framed.lost_frame:
        yield "the template leaves no room for its text, or would forge a marker; it is copied without"


def _in_the_end(ticket: Ticket, copying: Copying) -> Framed:
    """What the copy will say if each ticket keeps its number."""
    numbers = {other.id: other.number for other in copying.plan.tickets}
    done = replace(copying, numbers={**numbers, **copying.numbers})
    last = None
    for last, ending in compose(ticket, done):
        if size(worded(last.text + ending, last.changes).last(done)) <= MAX_BODY:
            break
    return last or Framed("", (0, 0), ())


def _of_references(found: Iterable[Reference], copying: Copying) -> Iterator[str]:
    references = References(copying)
    source = copying.plan.source.lower()
    dangling: list[str] = []
    later: list[str] = []
    strangers: list[str] = []
    for reference in found:
        ticket = references.ticket(reference)
        if ticket is not None and not references.is_coming(ticket):
            later += [f"#{ticket.number}"] if ticket.id not in copying.numbers else []
        if references.is_none(reference) or ticket is not None:
            continue
        repository = references.repository(reference)
        if repository.lower() == source:
            dangling.append(f"#{reference.number}{references.part(reference)}")
        else:
            strangers.append(f"{repository}#{reference.number}")
    if dangling:
        yield f"it refers to {_listed(dangling)}, of which no copy is made; a link leads to {copying.plan.source}"
    if later:
        yield f"it refers to {_listed(later)} of another portion; a link leads to {copying.plan.source} until that is copied"
    if strangers:
        yield f"it refers to {_listed(strangers)} in other repositories; a link leads there"


def _of_mentions(names: list[str], copying: Copying) -> Iterator[str]:
    if names and copying.style.mentions:
        yield f"it mentions {_listed(names)}; each copy sends mail about it"
    elif names:
        yield f"it mentions {_listed(names)}; the copies notify no one"


def _of_pictures(
    addresses: Iterable[str], copying: Copying, *, source_private: bool
) -> Iterator[str]:
    expiring: list[str] = []
    private: list[str] = []
    relative: list[str] = []
    for address in addresses:
        if _EXPIRING.match(address):
            expiring.append(address)
        elif source_private and _is_in_source(address, copying):
            private.append(address)
        elif address and not _ABSOLUTE.match(address):
            relative.append(address)
    if expiring:
        yield f"its pictures at {_listed(expiring)} can be seen for some minutes only"
    if private:
        yield f"its pictures at {_listed(private)} can be seen only by who may see {copying.plan.source}"
    if relative:
        yield f"its pictures at {_listed(relative)} have no full address and are not shown in an issue"


def _is_in_source(address: str, copying: Copying) -> bool:
    places = (
        f"{copying.style.web_url}/{copying.plan.source}/",
        f"githubusercontent.com/{copying.plan.source}/",
    )
    return bool(_UPLOADED.match(address)) or any(
        place.lower() in address.lower() for place in places
    )


def _listed(things: Iterable[str]) -> str:
    """Each thing once, in order; the first few by name."""
    once = list(dict.fromkeys(quote(thing) for thing in things))
    if len(once) > _SHOWN:
        return listed(once, _SHOWN)
    return ", ".join(once[:-1]) + " and " * (len(once) > 1) + once[-1]
