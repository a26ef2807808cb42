"""What the judge says: a breach, an excused second copy, and all of them together. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken promise: which column it counts in, and what to look at."""

    column: str
    what: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A second copy that the promises leave room for, with its cause."""

    repository: int
    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a run; it held when there is no breach."""

    breaches: tuple[Breach, ...]
    strays: tuple[Stray, ...]
    copies: int
    given_up: int

    def count(self, column: str) -> int:
        """How many breaches a column has."""
        return sum(breach.column == column for breach in self.breaches)


AFTER: Final = (
    "wrongly recalled",
    "not recalled",
    "made again",
    "wrongly reopened",
    "not reopened",
    "wrongly updated",
    "not up to date",
    "adopted twice",
    "too early",
    "filled twice",
    "not filled",
)
"""The columns of what comes after the copy."""

COLUMNS: Final = (
    "lost",
    "doubled",
    "out of order",
    "false done",
    "misplaced",
    "altered",
    "given up",
    "untold",
    "late end",
    "blocked",
    "bloated",
    "noise",
    "dead without reason",
    "silent end",
    "late resume",
    "slow exit",
    "hammering",
    "worker gone",
    *AFTER,
)
"""Every column of breaches, as the table shows them."""
