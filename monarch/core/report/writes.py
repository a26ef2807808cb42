"""The writes that a dry run remembers instead of sending them, each kind in its order."""

from dataclasses import dataclass, field

from monarch.core.after.edit import Edit
from monarch.core.copy.dependencies import Blocking
from monarch.core.copy.sub_issues import Nesting
from monarch.core.ticket import Issue


@dataclass(slots=True)
class Writes:
    """What one crossing would write to its target.

    Attributes:
        created: titles of the copies, by the numbers that they would get.
        labels, milestones: what would be made, by name.
        edited: numbers of the copies whose references would be put right.
        revised: copies as they are, and what an update would replace of each.
        nested, blocked: sub-issues and dependencies, by number.
    """

    created: dict[int, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    milestones: list[str] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    revised: list[tuple[Issue, Edit]] = field(default_factory=list)
    nested: list[Nesting] = field(default_factory=list)
    blocked: list[Blocking] = field(default_factory=list)
