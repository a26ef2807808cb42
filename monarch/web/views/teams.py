"""Progress of the teams of a request or a cohort, as the card in Slack counts them."""

from collections.abc import Iterable
from dataclasses import dataclass

from monarch.core.card.counts import Share, tally
from monarch.core.report.summary import RequestView
from monarch.web.views.formats import counted, number


@dataclass(frozen=True, slots=True)
class Teams:
    """How many teams there are, how many of them hold all that was asked for, and how many failed."""

    all: int
    done: int
    failed: int

    @property
    def words(self) -> str:
        """`7 of 8 teams done, 1 failed`; `""` where no team is known."""
        if not self.all:
            return ""
        failed = f", {number(self.failed)} failed" if self.failed else ""
        return f"{number(self.done)} of {counted(self.all, 'team')} done{failed}"


def teams_in(found: Iterable[Share]) -> Teams:
    """Count them, each repository once."""
    counts = tally(found)
    return Teams(counts.repositories, counts.done, counts.failed)


def teams_of_request(view: RequestView) -> Teams:
    """Those of one request."""
    return teams_in(Share(view, migration) for migration in view.migrations)
