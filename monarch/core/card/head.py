"""The head of the card: the source, how the whole cohort stands, and when it will be done."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from monarch.core.after.sentences import doing_words, done_words
from monarch.core.budget.forecast import Forecast, in_words, sharing_words, utc
from monarch.core.card.counts import (
    GIVEN_UP,
    Share,
    acts_under_way,
    alone,
    shares,
    state_of,
    tally,
)
from monarch.core.card.lines import SIGNS, common_reason
from monarch.core.card.text import MAX_NAME, count, fit, link, repositories, sentence
from monarch.core.card.view import CohortView
from monarch.core.portions.sentences import milestones_words
from monarch.core.report.summary import State

_MAX_ACTED: Final = 3


def head(view: CohortView, web_url: str, forecast: Forecast | None) -> str:
    """One paragraph; true at the moment at which it is rendered."""
    state = state_of(view)
    said = _HEADS[state](view, forecast)
    return f"{FACES[state]} {source(view, web_url)}{said}"


FACES: Final = {**SIGNS, State.QUEUED: ":inbox_tray:"}
"""What the head of a card begins with."""


def source(view: CohortView, web_url: str) -> str:
    """The source, linked."""
    return link(view.source, web_url) if view.source else "A message that names no source"


def _queued(view: CohortView, _: Forecast | None) -> str:
    reasons = {request.reason for request in view.requests}
    reason = sentence(reasons.pop()) if len(reasons) == 1 else ""
    return f": queued{_again(view)}.{' ' + reason if reason else ''}{_hands(view)}"


def _running(view: CohortView, forecast: Forecast | None) -> str:
    found = shares(view)
    if not found:
        return f": {count(len(view.requests), 'request')} so far{_again(view)}.{_hands(view)}"
    counts = tally(found)
    failed = f", {counts.failed} failed" if counts.failed else ""
    progress = (
        f": {_what(view, found)} so far{_again(view)}; {counts.done} of {counts.repositories} done{failed},"
        f" {_there(found)}{_when(view, forecast)}."
    )
    return progress + _hands(view) + _waits(view)


def _what(view: CohortView, found: Sequence[Share]) -> str:
    """What is under way, and in how many repositories: acts that people asked for stand before the copying beside them."""
    acts: dict[str, frozenset[str]] = {}
    for one in acts_under_way(view):
        if words := doing_words(one.act):
            acts[words] = acts.get(words, frozenset()) | one.targets
    if not acts:
        return f"copying {_volume(found)}{_portion(view)} into {repositories(tally(found).repositories)}"
    parts = [f"{words} {repositories(len(targets))}" for words, targets in acts.items()]
    acting = frozenset[str]().union(*acts.values())
    copying = [
        share
        for share in found
        if share.migration.state in _OPEN and share.migration.target.lower() not in acting
    ]
    if copying:
        into = repositories(tally(copying).repositories)
        parts.append(f"copying {_volume(copying)} into {into}")
    return " and ".join(parts)


_OPEN: Final = frozenset({State.QUEUED, State.RUNNING, State.PARKED})


def _done(view: CohortView, _: Forecast | None) -> str:
    found = [share for share in shares(view) if not share.migration.acted]
    acted = _acted(view)
    if acted and found:
        acted.append(f"{_volume(found)} for {repositories(tally(found).repositories)}")
    if acted:
        return f": {'; '.join(acted)}{_again(view)}."
    return f": done{_again(view)}, {_volume(found)}{_portion(view)} for {repositories(tally(found).repositories)}."


def _acted(view: CohortView) -> list[str]:
    """What was done to copies because a person asked for it, a clause for each request."""
    acted = [words for words in map(done_words, view.requests) if words]
    return [
        f"{one.what}{f', as {fit(one.by, MAX_NAME)} asked' if one.by else ''}"
        for one in acted[:_MAX_ACTED]
    ]


def _failed_head(view: CohortView, _: Forecast | None) -> str:
    found = shares(view)
    counts = tally(found)
    requests = sum(request.state in GIVEN_UP for request in alone(view))
    parts = [
        f"{counts.failed} of {repositories(counts.repositories)} failed" if counts.failed else "",
        f"{count(requests, 'request')} failed" if requests else "",
    ]
    counted = ", ".join(filter(None, parts))
    off = f", {counts.cancelled} cancelled{_by(view)}" if counts.cancelled else ""
    return f": {counted}{_again(view)}{off}{f', {counts.done} done' if counts.done else ''}."


def _dead(view: CohortView, _: Forecast | None) -> str:
    reasons = {request.reason for request in view.requests if request.reason}
    reason = sentence(reasons.pop()) if len(reasons) == 1 else ""
    return f": nothing was copied{_again(view)}.{' ' + reason if reason else ''}"


def _skipped(view: CohortView, _: Forecast | None) -> str:
    return f" has no open tickets{_portion(view, 'in')}: nothing was copied{_again(view)}."


def _cancelled(view: CohortView, _: Forecast | None) -> str:
    found = shares(view)
    who = _by(view)
    counts = tally(found)
    parts = [f"{counts.done} of {repositories(counts.repositories)} done" if counts.done else ""]
    # Their targets are no repositories of the cohort: none was looked at.
    unbegun = sum(request.state is State.CANCELLED for request in alone(view))
    if found and unbegun:
        parts.append(f"{count(unbegun, 'request')} cancelled before anything was copied")
    counted = ", ".join(filter(None, parts))
    return f": cancelled{who}{_again(view)}.{f' {counted}.' if counted else ''}"


_HEADS: Final[dict[State, Callable[[CohortView, Forecast | None], str]]] = {
    State.QUEUED: _queued,
    State.RUNNING: _running,
    State.PARKED: _running,
    State.UNKNOWN: _running,
    State.DONE: _done,
    State.FAILED: _failed_head,
    State.DEAD: _dead,
    State.SKIPPED: _skipped,
    State.CANCELLED: _cancelled,
}

# ------------------------------------------------------------------------------------------ small parts


def _by(view: CohortView) -> str:
    """Who has called it off, if that was one person."""
    by = {request.cancelled_by for request in view.requests if request.cancelled_by}
    return f" by {fit(by.pop(), MAX_NAME)}" if len(by) == 1 else ""


def _volume(found: Sequence[Share]) -> str:
    """How much is copied; for plans that differ, from the least to the most."""
    sizes = [share.tickets for share in found]
    least, most = min(sizes, default=0), max(sizes, default=0)
    return count(most, "ticket") if least == most else f"{least} to {most} tickets"


def _portion(view: CohortView, word: str = "of") -> str:
    """Which part of the template is meant, if the whole cohort means the same; `""` for all of it."""
    words = {milestones_words(request.portion) for request in view.requests}
    name = words.pop() if len(words) == 1 else ""
    return f" {word} {fit(name, MAX_NAME)}" if name else ""


def _there(found: tuple[Share, ...]) -> str:
    there, tickets = sum(share.there for share in found), sum(share.tickets for share in found)
    return f"{there} of {count(tickets, 'copy', 'copies')} there"


def _again(view: CohortView) -> str:
    run = max((request.run for request in view.requests), default=1)
    return f" (run {run})" if run > 1 else ""


def _when(view: CohortView, forecast: Forecast | None) -> str:
    """When it will be done, in the reader's own time zone, and with whom it takes turns; `""` while a person holds it up."""
    held = any(request.paused_by or request.cancelled_by for request in view.requests)
    if held:
        return ""
    outlook = in_words(forecast, _slack_time), sharing_words(forecast)
    return "".join(f", {words}" for words in outlook if words)


def _slack_time(moment: datetime, *, with_date: bool) -> str:
    """A moment as each reader's Slack shows it; older clients show UTC."""
    form = "{date_short} {time}" if with_date else "{time}"
    return f"<!date^{int(moment.timestamp())}^{form}|{utc(moment, with_date=with_date)}>"


def _hands(view: CohortView) -> str:
    """What a person has done to it and is still in force."""
    left = [request for request in view.requests if not request.has_ended]
    cancelled = [request.cancelled_by for request in left if request.cancelled_by]
    if cancelled:
        many = count(len(cancelled), "request")
        what = "it" if len(view.requests) == 1 else many
        return f" :octagonal_sign: {fit(cancelled[0], MAX_NAME)} is cancelling {what}."
    paused = next((request.paused_by for request in left if request.paused_by), "")
    if paused:
        return f" :double_vertical_bar: {fit(paused, MAX_NAME)} has paused all migrations."
    first = next((request.first_by for request in left if request.first_by), "")
    return f" :fast_forward: {fit(first, MAX_NAME)} has put it first." if first else ""


def _waits(view: CohortView) -> str:
    reason = sentence(common_reason(view))
    return f" Waiting: {reason}" if reason else ""
