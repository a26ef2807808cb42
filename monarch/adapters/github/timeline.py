"""Reads what has happened to an issue: GitHub's timeline, bytes in, values of the core out."""

from pydantic import TypeAdapter

from monarch.adapters.github.shapes import Wire, WireAuthor, read_as
from monarch.adapters.github.wire import as_author
from monarch.core.after.touch import Happening


class _Label(Wire):
    name: str = ""


class _Happening(Wire):
    event: str = ""
    label: _Label | None = None
    actor: WireAuthor | None = None
    user: WireAuthor | None = None


_HAPPENINGS = TypeAdapter(list[_Happening])


def read_happenings(body: bytes) -> tuple[Happening, ...] | None:
    """Read one page of an issue's timeline. A review names its author as `user`, everything else as `actor`."""
    events = read_as(_HAPPENINGS, body)
    return None if events is None else tuple(map(_as_happening, events))


def _as_happening(event: _Happening) -> Happening:
    label = "" if event.label is None else event.label.name
    return Happening(event.event, as_author(event.actor or event.user), label)
