"""How a followed request ended, in a few lines: what was copied, what failed, what people should know, where it was posted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monarch.cli.terminal.printing import clean
from monarch.core.report.summary import State

if TYPE_CHECKING:
    from monarch.core.report.summary import RequestView
    from monarch.ports.readings import RequestDetails


def ending_lines(end: "RequestDetails") -> Iterator[str]:
    """The summary first, then what needs a person, each with the command that goes on from there."""
    view = end.view
    yield f"{view.state.value}: {_summary(view)}"
    gone = [m.target for m in view.migrations if m.state is State.DEAD]
    if gone:
        yield f"failed: {', '.join(map(clean, gone))}; see `monarch dead list --request {view.id}`"
    elif view.state is State.DEAD:
        yield f"what to do: see `monarch dead list --request {view.id}`"
    strays = sum(len(m.strays) for m in view.migrations)
    if strays:
        yield f"second copies to close: {strays}; see `monarch show {view.id}`"
    notes = sum(len(m.notes) for m in view.migrations)
    if notes:
        yield f"notes: {notes}; see `monarch show {view.id}`"
    yield from _slack(end)


def _summary(view: "RequestView") -> str:
    if view.state is State.SKIPPED:
        return "the source has no open tickets, so there was nothing to copy"
    if view.state is State.DEAD:
        return "nothing was copied"
    done = sum(m.state is State.DONE for m in view.migrations)
    copied = sum(m.copied for m in view.migrations)
    there = sum(m.present for m in view.migrations)
    words = f"{done} of {len(view.migrations)} targets, {copied} tickets copied"
    return f"{words}, {there} were there already" if there else words


def _slack(end: "RequestDetails") -> Iterator[str]:
    channel = clean(end.view.channel)
    if end.notice_error:
        yield f"channel {channel}: {clean(end.notice_error)}"
    elif end.is_to_be_told:
        yield f"channel {channel}: not posted yet"
