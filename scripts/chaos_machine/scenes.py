"""The scenes: what a fault of the edges brings along, so that there is something for it to happen to. Pure.

A fault that hits whatever is in hand seldom meets what it is about: a repository must be replaced while its tickets are
copied, a ticket closed between two pages of one listing. So each such fault has repositories of its own, which nothing
else touches, a template where it needs one, and the message that asks for them; the hand sends it at the right moment.
"""

from dataclasses import dataclass
from typing import Final

PAGE: Final = 100
"""Issues on a page of a listing."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template repository.

    Attributes:
        tickets: how many open issues it has.
        pulls: pull requests before them; they fill the first page of a listing and are no tickets.
        hides: the number of an issue that no listing shows; 0: none.
        is_heavy: whether each text is long and full of references to the others.
        is_made_late: whether a hand makes it at its time.
        milestones: to which its tickets belong in turn.
    """

    name: str
    tickets: int
    pulls: int = 0
    hides: int = 0
    is_heavy: bool = False
    is_made_late: bool = False
    milestones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """The repositories of one fault.

    Attributes:
        source: the template's name.
        targets: what its message names.
        others: repositories that no message names.
        late: repositories that a hand makes at its time.
        channel: what its message names; `""`: none.
        wish: the number of its message in the timetable; `None`: the hand makes its own.
        later: the numbers of the messages that follow.
    """

    source: str
    targets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    channel: str = ""
    wish: int | None = None
    later: tuple[int, ...] = ()

    @property
    def team(self) -> str:
        """The one target of a scene that has one."""
        return self.targets[0]


MIDDLE: Final = "school/middle"
"""The template of most scenes: twelve tickets, so that there is a middle."""

SPRINTS: Final = ("Sprint 1", "Sprint 2")
AFTER: Final = 8
"""Tickets of a template whose copies people act on."""

HEAVY_TICKETS: Final = 60
HEAVY_BYTES: Final = 60_000
WRONG_CHANNEL: Final = "C0WRONG"
WRONG_CHANNEL_TARGETS: Final = 20
BURST: Final = 600


def template_of(kind: str, name: str) -> Template | None:
    """The template that a kind of fault needs for itself; `None` where `MIDDLE` will do."""
    match kind:
        case (
            "source.closed_between_pages"
            | "source.deleted_between_pages"
            | "source.opened_between_pages"
            | "source.edited_between_pages"
        ):
            # Twelve tickets on both sides of the end of a page; whatever goes from the first page moves one over it.
            return Template(name, 12, pulls=PAGE - 5)
        case "source.hides_one":
            return Template(name, 6, hides=2)
        case "source.made_just_now":
            return Template(name, 6, is_made_late=True)
        case "people.delete_all_copies":
            return Template(name, 35)
        case "heavy.texts":
            return Template(name, HEAVY_TICKETS, is_heavy=True)
        case "heavy.wrong_channel":
            return Template(name, 1)
        case "heavy.burst":
            return Template(name, 0)
        case "after.portions":
            return Template(name, AFTER, milestones=SPRINTS)
        case _ if kind.startswith("after."):
            return Template(name, AFTER)
        case _:
            return None


def text_of(template: Template, number: int) -> str:
    """The text of a ticket."""
    if template.is_heavy:
        references = ", ".join(f"#{1 + n % template.tickets}" for n in range(200))
        return (f"See {references}.\n" * (HEAVY_BYTES // (len(references) + 6)))[:HEAVY_BYTES]
    return f"Do part {number} of {template.name}.\n" * (1 + number * 7 % 60)


def title_of(template: Template, number: int) -> str:
    """The title of a ticket: no other ticket of any template has it."""
    return f"Ticket {number} of {template.name} ✓"
