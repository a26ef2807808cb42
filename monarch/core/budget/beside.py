"""How many writes a target takes beside those that create its copies, as far as a plan shows it: for forecasts.

Labels and milestones are created before the first copy, sub-issues and dependencies are linked after the last. A target
that has some of them already takes fewer writes; references to put right come on top.
"""

from dataclasses import dataclass

from monarch.core.copy.style import Style
from monarch.core.plan import Plan


@dataclass(frozen=True, slots=True)
class Beside:
    """Writes into a target that has nothing yet: before its first copy, and after its last."""

    before: int = 0
    after: int = 0

    @property
    def both(self) -> int:
        """All of them."""
        return self.before + self.after


NOTHING_BESIDE = Beside()


def beside(plan: Plan, style: Style) -> Beside:
    """What the tickets of `plan` need beside their copies, if copies are made in this style."""
    tickets = plan.tickets
    labels = {one.name.lower() for each in tickets for one in each.labels} if style.labels else ()
    titles = {each.milestone.title for each in tickets if each.milestone and style.milestones}
    numbers, ids = {each.number for each in tickets}, {each.id for each in tickets}
    nested = sum(each.parent in numbers for each in tickets) if plan.nests else 0
    blocked = sum(len(ids.intersection(each.blocked_by)) for each in tickets) if plan.blocks else 0
    return Beside(len(labels) + len(titles), nested + blocked)
