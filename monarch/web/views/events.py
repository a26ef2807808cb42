"""What happened, not as sentences, which would be too many: a moment, a name, and the fields that say of what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from monarch.ports.readings import Event

_TONES: Final = {
    "dead": "bad",
    "failed": "bad",
    "found": "bad",
    "refused": "bad",
    "closed": "warn",
    "noted": "warn",
    "paused": "warn",
    "cancelling": "warn",
    "cancelled": "warn",
    "dropped": "warn",
    "done": "ok",
    "resumed": "ok",
    "accepted": "ok",
}
_SHOWN_APART: Final = frozenset({"request", "migration", "target", "by", "number", "ticket_number"})

_NUMBERED: Final = (("ticket", "ticket_number"), ("copy", "number"))
"""What people know by its number: the ticket, which otherwise has GitHub's id, and its copy."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event. `by` is the person who did it, `""` if Monarch did; `more` are its other fields."""

    id: str
    at_ms: int
    name: str
    tone: str
    request: str
    target: str
    by: str
    more: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Newest first, and the filters that chose them."""

    happenings: tuple[EventLine, ...]
    filters: tuple[tuple[str, str], ...]


def happenings(events: Iterable[Event]) -> tuple[EventLine, ...]:
    """Make a list of events, in the order in which they are given."""
    return tuple(map(_happening, events))


def events_page(events: Sequence[Event], filters: Sequence[tuple[str, str]]) -> EventsPage:
    """Make the page of `events`, which come oldest first."""
    return EventsPage(happenings(reversed(events)), tuple(filters))


def _happening(event: Event) -> EventLine:
    fields = event.fields
    of, _, to = fields.get("migration", "").partition(":")
    more = {name: value for name, value in fields.items() if name not in _SHOWN_APART and value}
    for name, field in _NUMBERED:
        if fields.get(field):
            more[name] = f"#{fields[field]}"
    return EventLine(
        event.id,
        event.at_ms,
        event.name,
        _TONES.get(event.name.rpartition(".")[2], "quiet"),
        fields.get("request") or of,
        fields.get("target") or to,
        fields.get("by", ""),
        tuple(more.items()),
    )
