"""The front page: does it run, what is under way, what needs a person, when will it be done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.span import span
from monarch.ports.spoiled import is_spoiled, spoiled_so_far
from monarch.telemetry import Snapshot
from monarch.telemetry.obstacles import obstacles
from monarch.web.views.cohort import CohortCard
from monarch.web.views.dead import LettersOfCode
from monarch.web.views.formats import counted, number
from monarch.web.views.listing import Line


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
    """The answers; cohorts under way and cohorts that have ended, newest first; requests of no cohort; causes.

    `missed` counts the repositories that no message named, in words; `""` for none.
    """

    answers: tuple[Answer, ...]
    under_way: tuple[CohortCard, ...]
    ended: tuple[CohortCard, ...]
    alone: tuple[Line, ...]
    causes: tuple[LettersOfCode, ...]
    unreported: tuple[CohortCard, ...]
    missed: str


def front(
    snapshot: Snapshot,
    cohorts: Iterable[CohortCard],
    alone: Sequence[Line],
    causes: Sequence[LettersOfCode],
    forecast: Forecast | None,
) -> Front:
    """Make the front page.

    Args:
        cohorts: the newest, newest first.
        alone: the newest requests that belong to none.
        causes: why work was given up.
        forecast: of the newest request that is under way, which covers all before it.
    """
    cards = list(cohorts)
    under_way = tuple(card for card in cards if card.done < card.requests)
    unreported = tuple(card for card in cards if card.slack)
    return Front(
        (
            _runs(snapshot),
            _under_way(snapshot, under_way),
            _needs(snapshot, causes, unreported),
            _done(snapshot, under_way, forecast),
        ),
        under_way,
        tuple(card for card in cards if card.done == card.requests),
        tuple(alone),
        tuple(causes),
        unreported,
        _missed(snapshot),
    )


def _runs(snapshot: Snapshot) -> Answer:
    listening = "" if snapshot.replicas is None else f", {number(snapshot.replicas)} listening"
    names = [one.login for one in snapshot.accounts if one.login]
    signed_in = f"; at GitHub as {', '.join(dict.fromkeys(names))}" if names else ""
    running = "workers not known" if snapshot.hides_workers else counted(snapshot.workers, "worker")
    more = f"{running}{listening}{signed_in}"
    found = obstacles(snapshot)
    if found:
        tone = "warn" if snapshot.paused and len(found) == 1 else "bad"
        return Answer("Does it run?", tone, _capital(found[0].words), more, "/workers")
    extra = 0 if snapshot.hides_workers else (snapshot.replicas or 0) - snapshot.workers
    if extra > 0:
        head = f"Yes, but {counted(extra, 'listener')} more than workers"
        return Answer(
            "Does it run?", "warn", head, f"{more}: does the predecessor still run?", "/workers"
        )
    return Answer("Does it run?", "ok", "Yes", more, "/workers")


def _under_way(snapshot: Snapshot, shown: Sequence[CohortCard]) -> Answer:
    many, question = snapshot.open_requests, "What is under way?"
    if is_spoiled(spoiled_so_far(), "open") or snapshot.is_unread("open"):
        return Answer(question, "bad", "Not known", "the open requests cannot be read", "/requests")
    if not many:
        return Answer(question, "quiet", "Nothing", "every request has ended", "/requests")
    if _is_only_told(snapshot, shown):
        ended = f"{counted(many, 'request')} ended; Slack is to show it yet"
        return Answer(question, "quiet", "Nothing", ended, "/requests")
    # A request that is not planned yet has no cohort, and one that has ended is open until Slack shows it.
    to_go = sum(card.requests - card.done for card in shown)
    rest = f", {number(many - to_go)} more" if many > to_go else ""
    more = f"{number(to_go)} in {counted(len(shown), 'cohort')}{rest}" if shown else "in no cohort"
    return Answer(question, "busy", counted(max(many, to_go), "request"), more, "/requests")


def _is_only_told(snapshot: Snapshot, shown: Sequence[CohortCard]) -> bool:
    """Whether all that is open has ended, and only Slack does not show it yet."""
    return not shown and not any(snapshot.work)


def _needs(
    snapshot: Snapshot, causes: Sequence[LettersOfCode], unreported: Sequence[CohortCard]
) -> Answer:
    question = "What needs a person?"
    if is_spoiled(spoiled_so_far(), "dead") or snapshot.is_unread("dead"):
        return Answer(question, "bad", "Not known", "the dead letters cannot be read", "/dead")
    if causes:
        what = counted(snapshot.dead, "dead letter")
        return Answer(question, "bad", what, f"{causes[0].title}{_and_more(len(causes))}", "/dead")
    if unreported:
        return Answer(
            question, "warn", "Slack did not get the message", unreported[0].slack, "#untold"
        )
    if missed := _missed(snapshot):
        return Answer(question, "warn", missed, "named by no message", "/missed")
    if found := obstacles(snapshot):
        tone = "warn" if snapshot.paused and len(found) == 1 else "bad"
        return Answer(question, tone, "What stops the work", found[0].advice, "/workers")
    return Answer(question, "ok", "Nothing", "no dead letters", "/dead")


def _missed(snapshot: Snapshot) -> str:
    """How many repositories no message named; `""` for none."""
    if not snapshot.missed:
        return ""
    return counted(snapshot.missed, "missed repository", "missed repositories")


def _and_more(causes: int) -> str:
    return f", and {counted(causes - 1, 'other cause')}" if causes > 1 else ""


def _done(snapshot: Snapshot, shown: Sequence[CohortCard], forecast: Forecast | None) -> Answer:
    question = "When is it done?"
    if is_spoiled(spoiled_so_far(), "open"):
        return Answer(question, "bad", "Not known", "the open requests cannot be read", "/budget")
    if not snapshot.open_requests or _is_only_told(snapshot, shown):
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
