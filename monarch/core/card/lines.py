"""A line of the card for each repository: a sign, its link, how many copies are there, and what people should know."""

from collections import Counter
from typing import Final

from monarch.core.after.sentences import act_words
from monarch.core.card.counts import Share, alone, shares
from monarch.core.card.text import count, fit, issue_link, link, sentence, shown_id
from monarch.core.card.view import CohortView
from monarch.core.listed import listed
from monarch.core.portions.sentences import milestones_words
from monarch.core.report.summary import MigrationView, RequestView, State

MOST: Final = 30
"""How many lines a card has; beyond that it counts, and names what needs a person."""

_MAX_STRAYS: Final = 5
_MAX_NOTES: Final = 3
_MAX_NOTE: Final = 160
_MAX_LEFT_OUT: Final = 5
_MAX_LEFT: Final = 5

SIGNS: Final = {
    State.QUEUED: ":white_circle:",
    State.RUNNING: ":hourglass_flowing_sand:",
    State.PARKED: ":double_vertical_bar:",
    State.DONE: ":white_check_mark:",
    State.FAILED: ":x:",
    State.DEAD: ":x:",
    State.CANCELLED: ":octagonal_sign:",
    State.SKIPPED: ":information_source:",
    State.UNKNOWN: ":grey_question:",
}
"""The sign for each state."""

_WORDS: Final = {
    State.QUEUED: "queued",
    State.RUNNING: "running",
    State.PARKED: "waiting",
    State.DONE: "done",
    State.FAILED: "failed",
    State.DEAD: "failed",
    State.CANCELLED: "cancelled",
    State.SKIPPED: "without tickets",
    State.UNKNOWN: "in a state that is not known",
}


def lines(view: CohortView, web_url: str) -> list[str]:
    """What needs a person comes first; the rest is in the order in which it was asked for."""
    found = shares(view)
    requests = [request_line(request) for request in alone(view)]
    urgent = [share for share in found if share.needs_a_person]
    others = [share for share in found if not share.needs_a_person]
    reason, kept = common_reason(view), _left_out(view)
    urgent_lines = [share_line(share, web_url, reason) for share in urgent]
    if len(found) + len(requests) <= MOST:
        others = sorted(others, key=lambda share: not share.migration.notes)
        lines_of_others = (share_line(share, web_url, reason) for share in others)
        return [*requests, *urgent_lines, *lines_of_others, *kept]
    return [
        *(requests + urgent_lines)[:MOST],
        *_counted(others, (requests + urgent_lines)[MOST:]),
        *kept,
    ]


def _left_out(view: CohortView) -> list[str]:
    """What the template has and no copy will, on a line of its own."""
    found = dict.fromkeys(one for request in view.requests for one in request.left_out)
    shown = "; ".join(fit(one, _MAX_NOTE) for one in list(found)[:_MAX_LEFT_OUT])
    return [f":memo: Not copied: {shown}."] if shown else []


def _counted(others: list[Share], left_out: list[str]) -> list[str]:
    """How many are in each state, if there are too many to name."""
    states = Counter(_WORDS[share.migration.state] for share in others)
    parts = [f"{number} {word}" for word, number in states.most_common()]
    if left_out:
        parts.insert(0, f"{len(left_out)} that need a person")
    return [f"… and {', '.join(parts)}"] if parts else []


def common_reason(view: CohortView) -> str:
    """Why everything that is left waits, if there is one reason; `""` if something runs, or reasons differ."""
    left = [share.migration for share in shares(view) if share.migration.state not in _ENDED]
    reasons = {one.reason if one.state is State.PARKED else "" for one in left}
    return reasons.pop() if len(reasons) == 1 else ""


_ENDED: Final = {State.DONE, State.DEAD, State.FAILED, State.CANCELLED, State.SKIPPED}


def share_line(share: Share, web_url: str, common: str = "") -> str:
    """One repository; a reason that is `common` to all stands in the head."""
    migration = share.migration
    name = link(migration.target, web_url, "/issues", migration.place)
    stands = _acted(share, web_url) or _stands(share, common)
    return f"{_sign(share)} {name} {stands}{_portion(share)}{_strays(migration, web_url)}{_notes(migration)}"


def _portion(share: Share) -> str:
    """Which part of the template it gets; `""` for all of it."""
    words = milestones_words(share.request.portion)
    return f" of {fit(words, _MAX_NOTE)}" if words else ""


def _sign(share: Share) -> str:
    if share.migration.strays and not share.is_given_up:
        return ":warning:"
    if share.is_done and share.migration.acted:
        return ":leftwards_arrow_with_hook:"
    return SIGNS[share.migration.state]


def _stands(share: Share, common: str) -> str:
    migration, so_far = share.migration, f"{share.there}/{share.tickets}"
    reason = sentence(migration.reason)
    match migration.state:
        case State.DEAD | State.FAILED:
            return f"{so_far}{_aside(share)}, *failed*. {reason or 'No reason is known.'}"
        case State.PARKED if migration.reason and migration.reason != common:
            return f"{so_far}{_aside(share)}, waiting. {reason}"
        case State.DONE:
            return f"{so_far}{_aside(share)}"
        case state:
            return f"{so_far}{_aside(share)}, {_WORDS[state]}"


def _acted(share: Share, web_url: str) -> str:
    """What an act has changed, and what it left to people, each with its address; `""` if there was none."""
    migration = share.migration
    if not (share.is_done and migration.acted):
        return ""
    named = [
        f"{issue_link(migration.place, one.number, web_url)} ({fit(one.why, _MAX_NOTE)})"
        for one in migration.left
    ]
    left = f"; left, since people have touched them: {listed(named, _MAX_LEFT)}" if named else ""
    return f"{act_words(migration)}{left}"


def _aside(share: Share) -> str:
    """What the numbers alone do not say."""
    migration = share.migration
    ended_well = share.is_done
    deleted = share.tickets - share.there if ended_well else migration.deleted
    parts = [
        f"{migration.present} already there" if migration.present and ended_well else "",
        f"{migration.refused} refused" if migration.refused else "",
        f"{deleted} deleted or moved away by a person" if deleted > 0 else "",
    ]
    shown = ", ".join(filter(None, parts))
    return f" ({shown})" if shown else ""


def _strays(migration: MigrationView, web_url: str) -> str:
    """Second copies, each with its address: only a person may close an issue of a team."""
    if not migration.strays:
        return ""
    named = [issue_link(migration.place, number, web_url) for number in migration.strays]
    noun = "a second copy" if len(named) == 1 else "second copies"
    return f" :warning: Please close {listed(named, _MAX_STRAYS)}: {noun} of a ticket."


def _notes(migration: MigrationView) -> str:
    """What people should know though nothing failed, in short: `monarch show` has all of it."""
    if not migration.notes:
        return ""
    shown = [fit(note, _MAX_NOTE) for note in migration.notes[:_MAX_NOTES]]
    more = len(migration.notes) - len(shown)
    return " :memo: " + "; ".join(shown) + (f" (and {more} more)" if more else "")


def request_line(request: RequestView) -> str:
    """A request that no repository speaks for."""
    name, reason = f"request `{shown_id(request.id)}`", sentence(request.reason)
    match request.state:
        case State.DEAD:
            said = f"*failed*, nothing was copied. {reason or 'No reason is known.'}"
        case State.SKIPPED:
            said = "the template has no open tickets, nothing was copied"
        case State.CANCELLED:
            said = "cancelled, nothing was copied"
        case State.QUEUED:
            said = f"queued. {reason}" if reason else "queued"
        case state:
            said = f"{_WORDS[state]}, {count(request.tickets, 'ticket')}"
    return f"{SIGNS[request.state]} {name}: {said}"
