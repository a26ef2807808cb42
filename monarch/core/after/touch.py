"""The kinds of touch, and a copy that is left because of one. What counts as a touch is decided in `core.after.touches`."""

from dataclasses import dataclass
from enum import StrEnum

from monarch.core.ticket import Author


class Touch(StrEnum):
    """One kind of touch, in the words for people."""

    NOT_OURS = "not written by Monarch"
    EDITED = "edited"
    COMMENTED = "commented"
    REACTED = "reacted to"
    ASSIGNED = "assigned"
    LABELLED = "labelled"
    MILESTONED = "moved to another milestone"
    LINKED = "linked"
    CLOSED = "closed or reopened"
    RECALLED = "closed by a recall"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of an issue's timeline. `kind` is GitHub's word; `actor` is `None` for a deleted account.

    `label` is the name of the label that the event is about, `""` if it is about none.
    """

    kind: str
    actor: Author | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A copy that is left as it is: ticket and copy by their numbers, and what people did to it, at least one thing."""

    ticket: int
    number: int
    touches: tuple[Touch, ...]

    @property
    def why(self) -> str:
        """For people: `commented, labelled`."""
        return ", ".join(touch.value for touch in self.touches)
