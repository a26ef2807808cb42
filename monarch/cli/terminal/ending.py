"""How a followed request ended, in a few lines: what was done, what failed, what people should know, where it was posted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monarch.cli.terminal.followed import COPYING, UPDATING, Followed, part_of
from monarch.cli.terminal.printing import clean, moment
from monarch.core.after.sentences import changed_words
from monarch.core.card.view import unanswered
from monarch.core.report.summary import State

if TYPE_CHECKING:
    from monarch.core.report.summary import RequestView
    from monarch.ports.readings import RequestDetails


def ending_lines(end: "RequestDetails", followed: Followed = COPYING) -> Iterator[str]:
    """The summary first, then what needs a person, each with the command that goes on from there."""
    view = part_of(end, followed).view
    yield f"{view.state.value}: {_summary(view, followed)}"
    gone = [m.target for m in view.migrations if m.state is State.DEAD]
    if view.state is State.DEAD:
        yield f"what to do: see `monarch dead list --request {view.id}`"
    elif gone:
        yield f"failed: {', '.join(map(clean, gone))}; see `monarch dead list --request {view.id}`"
    strays = sum(len(m.strays) for m in view.migrations)
    if strays:
        yield f"second copies to close: {strays}; see `monarch show {view.id}`"
    notes = sum(len(m.notes) for m in view.migrations)
    if notes:
        yield f"notes: {notes}; see `monarch show {view.id}`"
    yield from _slack(end)


def _summary(view: "RequestView", followed: Followed) -> str:
    if view.state is State.SKIPPED:
        return f"the source has no open tickets, so nothing was {followed.word}"
    if view.state is State.DEAD:
        return f"nothing was {followed.word}"
    done = sum(m.state is State.DONE for m in view.migrations)
    total = _counted(len(view.migrations), "target", "targets")
    return f"{done} of {total} done, {_volume(view, followed)}"


def _volume(view: "RequestView", followed: Followed) -> str:
    copied = sum(m.copied for m in view.migrations)
    there = sum(m.present for m in view.migrations)
    new = f"{_counted(copied, 'ticket', 'tickets')} copied"
    if followed is COPYING:
        return f"{new}, {there} were there already" if there else new
    if followed is not UPDATING and not followed.borrows:
        return f"{_counted(copied + there, 'copy is', 'copies are')} there now"
    changed = sum(m.changed for m in view.migrations)
    left = sum(len(m.left) for m in view.migrations)
    words = changed_words(changed, followed.word, 0 if followed.borrows else copied)
    return f"{words}, {left} left to people" if left else words


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def not_posted(details: "RequestDetails") -> str:
    """That Slack does not show the newest yet, and if it has failed or its limit is reached, why and until when."""
    failing = details.failing_notice
    if failing is None:
        return "not posted yet"
    return f"not posted yet: {clean(failing.reason)}; next try {moment(failing.next_ms)}"


def _slack(end: "RequestDetails") -> Iterator[str]:
    channel = clean(end.view.channel)
    if end.notice_error:
        yield f"channel {channel}: {clean(end.notice_error)}"
    elif end.is_to_be_told:
        yield f"channel {channel}: {not_posted(end)}"
    elif words := unanswered(end.card):
        yield f"channel {channel}: {words}"
