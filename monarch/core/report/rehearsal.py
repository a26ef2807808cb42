"""What a dry run finds out about one target."""

from dataclasses import dataclass

from monarch.core.copy.dependencies import Blocking
from monarch.core.copy.sub_issues import Nesting


@dataclass(frozen=True, slots=True)
class Copy:
    """A ticket (its number in the source) and its copy (its number in the target)."""

    ticket: int
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Warned:
    """How the copy of a ticket (its number in the source) will differ from the ticket."""

    ticket: int
    text: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a migration would do to one target.

    Attributes:
        target: its canonical name.
        create: the copies that would be created, in order, with the numbers that they would get.
        present: the copies that are there.
        adopted: those of them that only say the same (`core.target.adoption`): they would be on record from then on.
        deleted: tickets whose copies a person has deleted; they stay deleted.
        refused: tickets that GitHub refused to another request; they are tried again.
        labels, milestones: what would be created first, by name.
        rewrite: numbers of the copies whose references would be put right in a second pass.
        nest: sub-issues that would be put under their parents.
        block: copies that would be blocked by others.
        warnings: of the copies that would be created; they fail nothing.
        notes: what would be noted, or people should know before; they fail nothing.
        problem: why it would not end well, `""` if it would.
    """

    target: str
    create: tuple[Copy, ...] = ()
    present: tuple[Copy, ...] = ()
    adopted: tuple[Copy, ...] = ()
    deleted: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    milestones: tuple[str, ...] = ()
    rewrite: tuple[int, ...] = ()
    nest: tuple[Nesting, ...] = ()
    block: tuple[Blocking, ...] = ()
    warnings: tuple[Warned, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def writes(self) -> int:
        """How many writes to GitHub it takes."""
        first = (self.create, self.labels, self.milestones)
        return sum(map(len, (*first, self.rewrite, self.nest, self.block)))


def again(before: Rehearsal) -> Rehearsal:
    """The same repository, asked for again under another name: it finds all that was copied the first time."""
    there = sorted((*before.present, *before.create), key=lambda copy: copy.ticket)
    notes = (f"{before.target} is among the targets already, under another name",)
    return Rehearsal(
        before.target,
        present=tuple(there),
        deleted=before.deleted,
        notes=notes,
        problem=before.problem,
    )
