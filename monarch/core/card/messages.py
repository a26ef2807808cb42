"""The Slack messages about a cohort: the card, a reply for each cause of failures, and the ending.

The words are true: "done" stands only beside a repository whose state is `State.DONE`, which the migrator sets after
reading it back. The card's text says all that its blocks say, for notifications and screen readers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from monarch.core.budget.forecast import Forecast
from monarch.core.card.counts import GIVEN_UP, Failure, Share, failures, shares
from monarch.core.card.head import head
from monarch.core.card.lines import lines, share_line
from monarch.core.card.text import (
    MAX_TEXT,
    WEB_URL,
    fitting,
    length,
    link,
    repositories,
    sentence,
    shown_id,
)
from monarch.core.card.view import CohortView
from monarch.core.listed import listed
from monarch.core.outcome import STAYS_WRONG, Code
from monarch.core.report.summary import RequestView, State

Block = Mapping[str, object]

MAX_SECTION: Final = 3000
"""Slack: characters of a section's text."""

_MAX_IDS: Final = 3


@dataclass(frozen=True, slots=True)
class Words:
    """A message: its text, and the same in Block Kit (no blocks: the text alone)."""

    text: str
    blocks: tuple[Block, ...] = ()

    @property
    def digest(self) -> str:
        """Short, and different for different words, so that a message that says the same already is not edited."""
        return sha256(self.text.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Places:
    """Where links lead: GitHub's pages, and the page of this installation (`""`: it has none)."""

    web_url: str = WEB_URL
    page_url: str = ""


def card_words(view: CohortView, places: Places, forecast: Forecast | None = None) -> Words:
    """The card as it is now."""
    top, foot = head(view, places.web_url, forecast), _foot(view, places)
    shown = _cut(lines(view, places.web_url), MAX_TEXT - length(top) - length(foot) - 2)
    text = "\n".join([top, *shown, foot])
    blocks = [_section(top), *map(_section, _chunks(shown)), _context(foot)]
    return Words(text, tuple(blocks))


def _cut(lines: list[str], room: int) -> list[str]:
    """Lines that do not fit are counted instead of shown."""
    if sum(length(line) + 1 for line in lines) <= room:
        return lines
    kept = fitting(lines, room - length(_more(len(lines))) - 1)
    return [*lines[:kept], _more(len(lines) - kept)]


def _more(number: int) -> str:
    return f"… and {number} more"


def _chunks(lines: Sequence[str]) -> Iterable[str]:
    """Lines joined, as many as a section holds."""
    chunk: list[str] = []
    for line in lines:
        if chunk and length("\n".join([*chunk, line])) > MAX_SECTION:
            yield "\n".join(chunk)
            chunk = []
        chunk.append(line)
    if chunk:
        yield "\n".join(chunk)


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _foot(view: CohortView, places: Places) -> str:
    """Where to find all of it."""
    ids = _ids(view.requests)
    command = f"`monarch show` {ids}"
    if not places.page_url:
        return command
    page = f"<{places.page_url.rstrip('/')}/cohorts/{shown_id(view.id)}|All of it on the page>"
    return f"{page} · {command}"


def _ids(requests: Iterable[RequestView]) -> str:
    names = [f"`{shown_id(name)}`" for name in dict.fromkeys(one.id for one in requests)]
    return listed(names, _MAX_IDS)


# -------------------------------------------------------------------------------------------- ending


def ending_words(view: CohortView, places: Places, *, repeated: bool) -> Words:
    """Say how the cohort ended, and name what a person has to see to.

    `repeated` marks a message whose first post was never answered: it may be there already.
    """
    top = head(view, places.web_url, None) + _took(view)
    lines = [share_line(share, places.web_url) for share in shares(view) if share.needs_a_person]
    lines += _requests_given_up(view)
    tail = _advice(failures(view), _cancelled(view))
    tail += "\n_Posted again: Slack did not confirm the first attempt._" if repeated else ""
    shown = _cut(lines, MAX_TEXT - length(top) - length(tail) - 1)
    return Words("\n".join([top, *shown]) + tail)


def _requests_given_up(view: CohortView) -> list[str]:
    return [
        f":x: request `{shown_id(one.name)}`: {sentence(one.reason)}"
        for one in failures(view)
        if not one.target and len(view.requests) > 1
    ]


_MINUTE_MS: Final = 60_000


def _took(view: CohortView) -> str:
    """How long it took, from the first request that came to the last that ended."""
    ends = [request.ended_ms for request in view.requests if request.ended_ms]
    begins = [request.appended_ms for request in view.requests if request.appended_ms]
    if not ends or not begins or max(ends) - min(begins) < _MINUTE_MS:
        return ""
    minutes = round((max(ends) - min(begins)) / _MINUTE_MS)
    shown = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"  # noqa: PLR2004 - two hours
    return f" It took {shown}."


def _cancelled(view: CohortView) -> list[RequestView]:
    return [one for one in view.requests if one.state is State.CANCELLED]


_NOT_REPLAYED: Final = STAYS_WRONG | {Code.TRIMMED, Code.PLAN_MISSING}
"""The message is wrong, or what it asked for is gone."""


def _advice(failed: Sequence[Failure], cancelled: Sequence[RequestView] = ()) -> str:
    kept = [one for one in failed if not one.is_dropped]
    to_send = [one.request for one in kept if one.cause in _NOT_REPLAYED]
    to_replay = [one.request for one in kept if one.cause not in _NOT_REPLAYED]
    to_replay = to_replay or [one for one in cancelled if one.has_letters]
    if not (to_send or to_replay):
        return f"\nWhat to do: {_SEND_AGAIN}." if failed or cancelled else ""
    first = shown_id((to_replay or to_send)[0].id)
    advice = f"\nWhat to do: `monarch dead list --request {first}` lists what was given up; "
    if not to_replay:
        return f"{advice}no replay helps: send the message again, corrected if it is wrong."
    advice += _replays(to_replay)
    if to_send:
        advice += " Where a message is wrong, or gone, no replay helps: send it again."
    if len(kept) < len(failed):
        advice += f" What has no dead letter any more: {_SEND_AGAIN}."
    return advice


_SEND_AGAIN: Final = "send the message again (what is already there is not copied twice)"


def _replays(requests: Sequence[RequestView]) -> str:
    ids = dict.fromkeys(shown_id(one.id) for one in requests)
    replays = listed([f"`monarch dead replay --request {one}`" for one in ids], _MAX_IDS)
    # A cancelled target is a dead letter, too, and the command means every one of the request.
    states = {migration.state for one in requests for migration in one.migrations}
    off = "; what was cancelled goes on, too, unless `--code` chooses" * (
        State.CANCELLED in states and bool(states & GIVEN_UP)
    )
    return f"once it is put right, {replays} goes on with it (what is already there is not copied twice{off})."


def needs_a_person(view: CohortView) -> bool:
    """Whether a part of the cohort does not get better by itself."""
    return bool(failures(view)) or any(share.needs_a_person for share in shares(view))


# ------------------------------------------------------------------------------------------- replies


def causes(view: CohortView) -> tuple[str, ...]:
    """The causes for which parts of the cohort are given up now, each once."""
    return tuple(dict.fromkeys(one.cause for one in failures(view)))


def named_for(view: CohortView, cause: str) -> tuple[str, ...]:
    """What is given up now for this cause."""
    return tuple(one.name for one in failures(view) if one.cause == cause)


def reply_words(view: CohortView, cause: str, before: Sequence[str], places: Places) -> Words:
    """A failure, once for all that share its cause; `before` names what was reported earlier and may be fixed by now."""
    found = [one for one in failures(view) if one.cause == cause]
    names = {one.name for one in found}
    healed = [name for name in before if name not in names]
    if not found:
        text = f"{_how_it_goes_on(view, healed)}, after it had failed ({cause})."
        return Words("\n".join([text, *_cut(_healed(view, healed, places), _HEALED_ROOM)]))
    reasons = list(dict.fromkeys(one.reason for one in found))
    top = f":x: {_what(found)} failed ({cause})." + (
        f" {sentence(reasons[0])}" if len(reasons) == 1 else ""
    )
    lines = [_failed_line(one, places, with_reason=len(reasons) > 1) for one in found]
    tail = _advice(found)
    rest = _cut([*lines, *_healed(view, healed, places)], MAX_TEXT - length(top) - length(tail) - 1)
    return Words("\n".join([top, *rest]) + tail)


def _what(found: Sequence[Failure]) -> str:
    targets = sum(bool(one.target) for one in found)
    requests = len(found) - targets
    parts = [
        repositories(targets) if targets else "",
        f"{requests} request{'s' if requests > 1 else ''}" if requests else "",
    ]
    return " and ".join(filter(None, parts))


def _failed_line(failure: Failure, places: Places, *, with_reason: bool) -> str:
    its = failure.target, places.web_url
    named = link(*its, place=failure.place) if failure.target else f"`{failure.request.id}`"
    return f"• {named}" + (f": {sentence(failure.reason)}" if with_reason else "")


def _healed(view: CohortView, names: Sequence[str], places: Places) -> list[str]:
    """What was reported as failed and no longer is, as it stands now."""
    known: dict[str, Share] = {share.migration.target: share for share in shares(view)}
    return [
        share_line(known[name], places.web_url)
        if name in known
        else f"• `{shown_id(name)}`: {_now(view, name)}"
        for name in names
    ]


_HEALED_ROOM: Final = MAX_TEXT - 200


def _how_it_goes_on(view: CohortView, names: Sequence[str]) -> str:
    """What became of everything that was reported as failed."""
    known = {share.migration.target: share.migration.state for share in shares(view)}
    known |= {one.id: one.state for one in view.requests if one.id not in known}
    states = {known.get(name, State.DONE) for name in names}
    if states & {State.QUEUED, State.RUNNING, State.PARKED}:
        return ":arrows_counterclockwise: Being tried again"
    return ":octagonal_sign: Cancelled" if State.CANCELLED in states else ":white_check_mark: Done"


def _now(view: CohortView, name: str) -> str:
    state = next((one.state for one in view.requests if one.id == name), None)
    return "goes on" if state in {State.QUEUED, State.RUNNING} else (state or "is gone")
