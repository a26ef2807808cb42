"""Which template a request is about. A name may pass to another repository, and GitHub's id of a repository does not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A source as a request has it: `owner/repo`, and GitHub's id, `None` if that is not on record."""

    name: str
    id: int | None = None

    def is_same(self, other: "Template") -> bool:
        """Whether both are one repository, whatever it was called; without both ids the name decides."""
        if self.id is None or other.id is None:
            return self.name.lower() == other.name.lower()
        return self.id == other.id
