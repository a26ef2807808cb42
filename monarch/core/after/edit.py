"""An edit of one copy, as GitHub takes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """What is replaced in an issue; `None`: it stays.

    Attributes:
        labels: the names of all labels that it has afterwards.
        milestone: its number in the target.
    """

    title: str | None = None
    body: str | None = None
    labels: tuple[str, ...] | None = None
    milestone: int | None = None
    type: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is replaced."""
        return self == Edit()

    @property
    def gives_details(self) -> bool:
        """Whether it gives a label, a milestone or a type that must exist in the target."""
        return (self.labels, self.milestone, self.type) != (None, None, None)
