"""How copies look: what an installation has decided, and what one crossing knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Template

from monarch.core.copy.seal import Seal
from monarch.core.ids import TargetId, TicketId
from monarch.core.plan import Plan


@dataclass(frozen=True, slots=True)
class Style:
    """What an installation has decided.

    Attributes:
        web_url: where people see what the API serves, without a final slash: `https://github.com`.
        mentions: whether `@name` stays as it is and notifies; otherwise it is neutralised.
        template: the frame around a ticket's text (`string.Template`); `None` is the text alone.
        labels: whether labels are copied.
        milestones: whether milestones are copied.
        assignees: whether assignees are copied.
        seal: signs markers; `None` if the installation has no key.
        adopt: whether issues that say the same as a ticket are taken for its copies (`core.target.adoption`).
    """

    web_url: str = "https://github.com"
    mentions: bool = False
    template: Template | None = None
    labels: bool = True
    milestones: bool = True
    assignees: bool = False
    seal: Seal | None = None
    adopt: bool = True


@dataclass(frozen=True, slots=True)
class Copying:
    """What the text of a copy depends on, beside its ticket.

    Attributes:
        target: the target's canonical `owner/repo`.
        target_id: GitHub's id of it.
        numbers: the copies in this target that are known by now.
        highest: the highest number that is known to be used in the target; a reference must not point to someone
            else's issue while its ticket has no copy yet.
    """

    plan: Plan
    target: str
    target_id: TargetId
    style: Style = field(default_factory=Style)
    numbers: Mapping[TicketId, int] = field(default_factory=dict)
    highest: int = 0
