"""One request: its head, and a row for each of its teams."""

from dataclasses import dataclass

from monarch.core.budget.forecast import Forecast, in_words, sharing_words
from monarch.core.card.view import unanswered
from monarch.core.portions.sentences import portion_facts
from monarch.ports.readings import RequestDetails
from monarch.web.views.formats import slack_reason
from monarch.web.views.listing import TONES
from monarch.web.views.teams import Teams, teams_of_request


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request. `facts` are names and values; `moments` names and times in milliseconds since 1970.

    `can_differ`: it has reached a team, so an update may have something to change.
    """

    id: str
    state: str
    tone: str
    source: str
    href: str
    tickets: int
    run: int
    reason: str
    code: str
    forecast: str
    facts: tuple[tuple[str, str], ...]
    moments: tuple[tuple[str, int], ...]
    slack: str
    slack_waits: str
    slack_next_ms: int | None
    slack_unanswered: str
    teams: Teams
    cohort: str
    can_differ: bool


def request_view(details: RequestDetails, forecast: Forecast | None, github: str) -> RequestPage:
    """Make the page of a request."""
    view, failing = details.view, details.failing_notice
    return RequestPage(
        id=view.id,
        state=view.state.value,
        tone=TONES[view.state],
        source=view.source,
        href=f"{github}/{view.source}" if view.source else "",
        tickets=view.tickets,
        run=view.run,
        reason=view.reason,
        code=details.code,
        forecast=in_words(forecast),
        facts=_facts(details, forecast),
        moments=_moments(details),
        slack=slack_reason(details.notice_error),
        slack_waits="" if failing is None else failing.reason,
        slack_next_ms=None if failing is None else failing.next_ms,
        slack_unanswered=unanswered(details.card),
        teams=teams_of_request(view),
        cohort=details.cohort or "",
        can_differ=any(one.target_id is not None for one in details.times),
    )


def _facts(details: RequestDetails, forecast: Forecast | None) -> tuple[tuple[str, str], ...]:
    view = details.view
    rows = (
        ("cancelled by", view.cancelled_by),
        ("put first by", view.first_by),
        ("share", sharing_words(forecast)),
        *portion_facts(view.portion, view.appended_ms).items(),
        ("paused by", "" if view.has_ended else view.paused_by),
        ("channel", view.channel or ""),
        ("came by", details.via),
        ("asked by", details.asked_by),
        ("run", str(view.run) if view.run > 1 else ""),
    )
    return tuple((name, value) for name, value in rows if value)


def _moments(details: RequestDetails) -> tuple[tuple[str, int], ...]:
    view = details.view
    rows = (
        ("appended", view.appended_ms),
        ("planned", details.planned_ms),
        ("next try", details.next_ms),
        ("ended", view.ended_ms),
    )
    return tuple((name, ms) for name, ms in rows if ms)
