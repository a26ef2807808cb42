"""What the text of a copy has to be: the ticket's own, references in the target's numbers, and the marker below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monarch.sandbox.control.views import IssueView, RepositoryView

_MARKER: Final = re.compile(r"<!-- monarch: \S+#\d+ id=(\d+)(?: target=\d+)?(?: sig=\w+)? -->\Z")
_CODE: Final = re.compile(r"(```.*?```|`[^`]*`)", re.DOTALL)
_REFERENCE: Final = re.compile(r"(?<![\w#])#(\d+)\b")


def ticket_of(copy: IssueView) -> int | None:
    """Return the id of the ticket that a copy's marker names; ``None`` if it has none."""
    found = _MARKER.search(copy.body or "")
    return int(found[1]) if found else None


def marker_of(ticket: IssueView, target: RepositoryView, source: str) -> str:
    """Return the marker of a ticket's copy in that target, unsigned."""
    return f"<!-- monarch: {source}#{ticket.number} id={ticket.id} target={target.id} -->"


def body_of_copy(
    ticket: IssueView, target: RepositoryView, source: str, numbers: Mapping[int, int] | None = None
) -> str:
    """Return what the body of a ticket's copy has to be.

    Args:
        ticket: of the template.
        target: where the copy stands.
        source: the name of the template.
        numbers: the copies' numbers by those of their tickets; ``None``: references stay as they are.
    """
    text = ticket.body or ""
    line_end = "\r\n" if "\r\n" in text else "\n"
    gap = line_end * 2 if text else ""
    return f"{renumbered(text, numbers or {})}{gap}{marker_of(ticket, target, source)}"


def renumbered(body: str, numbers: Mapping[int, int]) -> str:
    """Return a ticket's text with the numbers that its references have in a target."""

    def number_there(found: re.Match[str]) -> str:
        return f"#{numbers.get(int(found[1]), found[1])}"

    parts = _CODE.split(body)  # every second one is code
    parts[::2] = [_REFERENCE.sub(number_there, text) for text in parts[::2]]
    return "".join(parts)
