"""What counts in a text: references, mentions and pictures, and where they stand."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple


class Spelling(Enum):
    """How a reference is written, and so how it can be rewritten."""

    NUMBER = auto()
    """`#12` or `GH-12`: it means the repository that it stands in."""
    NAME = auto()
    """`owner/repo#12`, `owner#12`, or the bare address of an issue, which people see as such."""
    ADDRESS = auto()
    """An address that must remain one, such as the destination of a link."""


class Reference(NamedTuple):
    r"""A reference to an issue or a pull request, at `start` to `end` of its text, as it is spelled there (`\#12`).

    Attributes:
        repository: `owner/repo` as spelled, `""` for the repository that the text is in; `owner` alone in `owner#12`,
            which counts only in that owner's repositories.
        page: `issues` or `pull`.
        tail: what follows the number in an address, such as `#issuecomment-5`.
        is_raw: it is in raw HTML, or where a Markdown link would become something else (`!#12`).
    """

    start: int
    end: int
    spelling: Spelling
    number: int
    repository: str = ""
    page: str = "issues"
    tail: str = ""
    is_raw: bool = False


class Mention(NamedTuple):
    """`@name` or `@org/team`, at `start` to `end` of its text.

    Attributes:
        name: where the name begins, right after the `@`. In `@owner/repo#1` a reference begins there, too.
        organisation: the team's organisation, `""` for a person. GitHub knows a team only in its own organisation.
    """

    start: int
    end: int
    name: int
    organisation: str = ""


Mark = Reference | Mention


@dataclass(frozen=True, slots=True)
class Findings:
    """The marks of a text, by where they start, and the addresses of its pictures."""

    marks: tuple[Mark, ...]
    pictures: tuple[str, ...]
