"""What a migration does in its target."""

from enum import StrEnum


class Act(StrEnum):
    """What one run of a migration is for: a closed set, as it stands in entries and on record.

    `RECALL` closes the untouched copies, `UNDO` reopens those that a recall has closed; `UPDATE`
    copies what is new in the template, and edits the copies that are still as Monarch wrote them;
    `UPDATE_AND_CLOSE` also closes the untouched copies of tickets that the template has closed.
    """

    COPY = "copy"
    RECALL = "recall"
    UNDO = "undo"
    UPDATE = "update"
    UPDATE_AND_CLOSE = "update-close"

    @property
    def is_update(self) -> bool:
        """Whether it brings the current template into the copies."""
        return self in {Act.UPDATE, Act.UPDATE_AND_CLOSE}


class Change(StrEnum):
    """What one write does to an existing copy.

    `RETIRE` closes it as `CLOSE` does, because the template has closed its ticket: an update opens it again once the
    template does, and never one that a person had recalled.
    """

    CLOSE = "close"
    RETIRE = "retire"
    REOPEN = "reopen"
    EDIT = "edit"

    @property
    def closes(self) -> bool:
        """Whether the copy is closed by it."""
        return self in {Change.CLOSE, Change.RETIRE}
