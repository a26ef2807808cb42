"""What the ids mean that people give to `dead replay` and `drop`: a letter, or all letters of an entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monarch.ports.readings import Choice, DeadLetter, Named


@dataclass(frozen=True, slots=True)
class Wish:
    """The letters that a person means: those with these ids, or of these entries, among those of a choice."""

    ids: Sequence[str]
    chosen: "Choice"


def wished(
    wish: Wish, found: "Mapping[str, Named]"
) -> "tuple[Sequence[DeadLetter], Sequence[str]]":
    """Each letter that the ids mean, once, and the ids that mean none."""
    letters: dict[str, DeadLetter] = {}
    missing = []
    for name in dict.fromkeys(wish.ids):
        meant = _meant_by(found[name]) if name in found else ()
        # Oldest first, as everywhere where letters are sent back.
        letters |= {letter.id: letter for letter in reversed(meant)}
        if not meant:
            missing.append(name)
    return tuple(letters.values()), missing


def _meant_by(known: "Named") -> "Sequence[DeadLetter]":
    return known.of_entry if known.own is None else (known.own,)
