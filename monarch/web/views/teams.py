"""Progress of the teams of a request or a cohort, as the card in Slack counts them."""

from collections.abc import Iterable
from dataclasses import dataclass

from monarch.core.card.counts import Share, tally
from monarch.core.report.summary import RequestView, State, why_without_targets
from monarch.web.views.formats import counted, number


@dataclass(frozen=True, slots=True)
class Teams:
    """How many teams there are, how many of them hold all that was asked for, and how many failed."""

    all: int
    done: int
    failed: int
    state: State

    @property
    def words(self) -> str:
        """`7 of 8 teams done, 1 failed`; where there is no team, why."""
        if not self.all:
            return self.absent
        failed = f", {number(self.failed)} failed" if self.failed else ""
        return f"{number(self.done)} of {counted(self.all, 'team')} done{failed}"

    @property
    def absent(self) -> str:
        """Why there is no team."""
        why = why_without_targets(self.state) or "no team is known yet"
        return why[0].upper() + why[1:]


def teams_in(found: Iterable[Share], state: State) -> Teams:
    """Count them, each repository once; `state` is that of all of them together."""
    counts = tally(found)
    return Teams(counts.repositories, counts.done, counts.failed, state)


def teams_of_request(view: RequestView) -> Teams:
    """Those of one request."""
    return teams_in((Share(view, migration) for migration in view.migrations), view.state)
