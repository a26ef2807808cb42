"""A cohort: its head, the requests that came together, and its card on the front page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.card.counts import shares, state_of
from monarch.core.card.view import CohortView, unanswered
from monarch.core.report.summary import ENDS, RequestView, State, state_named
from monarch.ports.readings import CohortLine, RequestLine
from monarch.web.views.formats import slack_reason
from monarch.web.views.listing import TONES, Line, line_of
from monarch.web.views.matrix import Team, urgent_first
from monarch.web.views.teams import Teams, teams_in

_NEED_A_PERSON: Final = frozenset({State.FAILED, State.DEAD})


@dataclass(frozen=True, slots=True)
class CohortCard:
    """A cohort in a listing. `done` of its `requests` have ended; `slack` is why Slack was not reached, else `""`."""

    id: str
    source: str
    channel: str
    state: str
    tone: str
    requests: int
    done: int
    targets: int
    opened_ms: int
    slack: str


@dataclass(frozen=True, slots=True)
class CohortPage:
    """A cohort, and the requests that came together in it."""

    id: str
    source: str
    href: str
    state: str
    tone: str
    teams: Teams
    tickets: int
    forecast: str
    channel: str
    slack: str
    slack_unanswered: str
    opened_ms: int
    joined_ms: int
    requests: tuple[Line, ...]


def cohort_card(line: CohortLine) -> CohortCard:
    """Make the card of a cohort."""
    states = Counter[State]()
    for word, n in line.states.items():
        states[state_named(word)] += n
    state, tone = _summed(states)
    return CohortCard(
        id=line.id,
        source=line.source,
        channel=line.channel or "",
        state=state,
        tone=tone,
        requests=sum(states.values()),
        done=sum(n for one, n in states.items() if one in ENDS),
        targets=line.targets,
        opened_ms=line.opened_ms,
        slack=slack_reason(line.card.error) if line.card else "",
    )


def _summed(states: dict[State, int]) -> tuple[str, str]:
    """One word for all of them: what needs a person comes before what runs, and that before what is done."""
    found = {state for state, n in states.items() if n}
    is_open = bool(found - ENDS)
    if found & _NEED_A_PERSON:
        return ("running, some failed" if is_open else "failed"), "bad"
    if found == {State.UNKNOWN}:
        return State.UNKNOWN.value, TONES[State.UNKNOWN]
    if is_open:
        return ("running" if State.RUNNING in found or found & ENDS else "queued"), "busy"
    for state in (State.CANCELLED, State.DONE, State.SKIPPED):
        if state in found:
            return state.value, TONES[state]
    return "gone", "quiet"


def alone(lines: Sequence[RequestLine]) -> tuple[Line, ...]:
    """The requests that belong to no cohort: not planned yet, or planned by an older version."""
    return tuple(line_of(line) for line in lines if line.cohort is None)


def teams_of(cohort: CohortView) -> list[Team]:
    """Every target of every request, what needs a person first."""
    return urgent_first(Team(one.id, team) for one in cohort.requests for team in one.migrations)


def newest_open(cohort: CohortView) -> RequestView | None:
    """Its request that will be done last, as far as is known; `None` if all have ended."""
    still_open = [one for one in cohort.requests if not one.has_ended]
    return still_open[-1] if still_open else None


def cohort_page(cohort: CohortView, forecast: Forecast | None, github: str) -> CohortPage:
    """Make the page of a cohort."""
    counts: dict[State, int] = {}
    for one in cohort.requests:
        counts[one.state] = counts.get(one.state, 0) + 1
    state, tone = _summed(counts)
    return CohortPage(
        id=cohort.id,
        source=cohort.source,
        href=f"{github}/{cohort.source}",
        state=state,
        tone=tone,
        teams=teams_in(shares(cohort), state_of(cohort)),
        tickets=max((one.tickets for one in cohort.requests), default=0),
        forecast=in_words(forecast),
        channel=cohort.card.channel if cohort.card else "",
        slack=slack_reason(cohort.card.error) if cohort.card else "",
        slack_unanswered=unanswered(cohort.card),
        opened_ms=cohort.opened_ms,
        joined_ms=cohort.joined_ms,
        requests=tuple(_line(one) for one in cohort.requests),
    )


def _line(view: RequestView) -> Line:
    return Line(
        id=view.id,
        state=view.state.value,
        tone=TONES[view.state],
        source=", ".join(team.target for team in view.migrations[:_NAMED]) or view.source,
        channel=view.channel or "",
        tickets=view.tickets,
        targets=len(view.migrations),
        done=sum(team.state in ENDS for team in view.migrations),
        appended_ms=view.appended_ms,
        ended_ms=view.ended_ms,
        next_ms=None,
        reason=view.reason,
    )


_NAMED: Final = 3
