"""The front page: does it run, what is under way, what needs a person, when is it done."""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.budget.forecast import Forecast, in_words
from monarch.ports.readings import RequestLine
from monarch.telemetry import Snapshot
from monarch.telemetry.obstacles import obstacles
from monarch.web.views.listing import Line, line_of
from monarch.web.views.words import counted, number, span


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the four. `tone` is `ok`, `busy`, `warn`, `bad` or `quiet`; `href` leads to more."""

    question: str
    tone: str
    head: str
    more: str
    href: str


@dataclass(frozen=True, slots=True)
class Front:
    """The answers, the requests that are under way, and the newest of those that have ended."""

    answers: tuple[Answer, ...]
    under_way: tuple[Line, ...]
    ended: tuple[Line, ...]


def front(snapshot: Snapshot, lines: Sequence[RequestLine], forecast: Forecast | None) -> Front:
    """Make the front page.

    Args:
        lines: the newest requests, newest first.
        forecast: of the newest that is under way, and with it of all before it.
    """
    shown = [line_of(line) for line in lines]
    under_way = tuple(line for line in shown if line.ended_ms is None)
    return Front(
        (
            _runs(snapshot),
            _under_way(snapshot, under_way),
            _needs(snapshot),
            _done(snapshot, forecast),
        ),
        under_way,
        tuple(line for line in shown if line.ended_ms is not None),
    )


def _runs(snapshot: Snapshot) -> Answer:
    listening = "" if snapshot.replicas is None else f", {number(snapshot.replicas)} listening"
    more = f"{counted(snapshot.workers, 'worker')}{listening}"
    found = obstacles(snapshot)
    if found:
        tone = "warn" if snapshot.paused and len(found) == 1 else "bad"
        return Answer("Does it run?", tone, _capital(found[0].words), more, "/workers")
    extra = (snapshot.replicas or 0) - snapshot.workers
    if extra > 0:
        head = f"Yes, but {counted(extra, 'listener')} more than workers"
        return Answer(
            "Does it run?", "warn", head, f"{more}: does the predecessor still run?", "/workers"
        )
    return Answer("Does it run?", "ok", "Yes", more, "/workers")


def _under_way(snapshot: Snapshot, shown: Sequence[Line]) -> Answer:
    many = snapshot.open_requests
    if not many:
        return Answer(
            "What is under way?", "quiet", "Nothing", "every request has ended", "/requests"
        )
    teams = sum(line.targets - line.done for line in shown)
    more = f"{counted(teams, 'team')} to go" if teams else "being planned"
    return Answer(
        "What is under way?", "busy", counted(many, "request"), more, "/requests?state=running"
    )


def _needs(snapshot: Snapshot) -> Answer:
    if not snapshot.dead:
        return Answer("What needs a person?", "ok", "Nothing", "no dead letters", "/dead")
    return Answer(
        "What needs a person?",
        "bad",
        counted(snapshot.dead, "dead letter"),
        "see what to do",
        "/dead",
    )


def _done(snapshot: Snapshot, forecast: Forecast | None) -> Answer:
    question = "When is it done?"
    if not snapshot.open_requests:
        return Answer(question, "ok", "Now", "nothing waits", "/budget")
    if snapshot.paused:
        return Answer(
            question, "warn", "Not while it is paused", f"by {snapshot.paused_by}", "/budget"
        )
    gate = next((one for one in snapshot.accounts if one.gate_closed_s), None)
    wait = "" if gate is None else f"waits {span(gate.gate_closed_s)} for GitHub: {gate.gate_cause}"
    head = in_words(forecast) or ("In less than a minute" if forecast else "Not known yet")
    return Answer(
        question,
        "warn" if gate else "busy",
        _capital(head),
        wait or "as long as GitHub's limits stay as they are",
        "/budget",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
