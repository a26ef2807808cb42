"""Requests in a listing: a line for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.report.summary import State
from monarch.ports.readings import RequestLine
from monarch.web.views.formats import number

TONES = {
    State.QUEUED: "quiet",
    State.RUNNING: "busy",
    State.PARKED: "warn",
    State.DONE: "ok",
    State.FAILED: "bad",
    State.SKIPPED: "quiet",
    State.DEAD: "bad",
    State.CANCELLED: "warn",
    State.UNKNOWN: "warn",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One request. `done` of its `targets` have ended; times in milliseconds since 1970, `None`: not yet.

    `teams` names the first of them.
    """

    id: str
    state: str
    tone: str
    source: str
    channel: str
    tickets: int
    targets: int
    done: int
    appended_ms: int
    ended_ms: int | None
    next_ms: int | None
    reason: str
    teams: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Requests, the state they were chosen by (`""` for none), and the states there are."""

    lines: tuple[Line, ...]
    state: str
    states: tuple[str, ...]


def listing(lines: Sequence[RequestLine], state: State | None, states: Sequence[State]) -> Listing:
    """Make a listing."""
    return Listing(
        tuple(map(line_of, lines)),
        "" if state is None else state.value,
        tuple(one.value for one in states),
    )


def line_of(line: RequestLine) -> Line:
    """One line of it."""
    return Line(
        id=line.id,
        state=line.state.value,
        tone=TONES[line.state],
        source=line.source,
        channel=line.channel or "",
        tickets=line.tickets,
        targets=line.targets,
        done=max(0, line.targets - line.unsettled),
        appended_ms=line.appended_ms,
        ended_ms=line.ended_ms,
        next_ms=line.next_ms,
        reason=line.reason,
        teams=_some_of(line),
    )


def _some_of(line: RequestLine) -> str:
    more = line.targets - len(line.named)
    return ", ".join(line.named) + (f", and {number(more)} more" if line.named and more else "")
