"""The context of a crossing, or of an act after it: what all its parts share."""

from collections.abc import Mapping
from dataclasses import dataclass

from monarch.core.after.later import Later
from monarch.core.ids import TicketId
from monarch.core.target.permission import Taken
from monarch.stages.crossing.desk import Desk
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.crossing.watch import Watch


@dataclass(frozen=True, slots=True)
class Context:
    """One target under its lock.

    Attributes:
        desk: the way to the ledger and to the verdict.
        watch: what is known so far.
        later: what the ledger said about copies after they were created, when the target was taken.
    """

    tools: Tools
    subject: Subject
    desk: Desk
    watch: Watch
    later: Mapping[TicketId, Later]

    @classmethod
    def of(cls, tools: Tools, subject: Subject, taken: Taken) -> "Context":
        """The context as the target was taken."""
        desk = Desk(tools, subject, taken.epoch)
        return cls(tools, subject, desk, Watch(tools, subject, desk, taken), taken.later)
