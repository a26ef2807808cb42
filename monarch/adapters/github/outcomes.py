"""What an answer of GitHub, or its absence, means to us: the one place where replies become outcomes.

`core.github.classify` decides what an answer means that is not a success; this module decides about a missing answer, and
about a success that could not be read.

A success counts only with the very status that GitHub documents, and with what was asked for in it. Any other 2xx is
*unclear*, for an issue as for any other write: a proxy, or a client that turned a POST into a GET, may answer 200 to
anything. For an issue that means a look before it is written again. Any other write may be done twice, so doubting one
that was done costs a call, while trusting one that was not done would lose it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from monarch.adapters.github.wire import read_created
from monarch.adapters.http_send import Failure, HeldBack, NeverLeft, NoAnswer, Sent
from monarch.core.copy.dropped import dropped
from monarch.core.copy.render import Draft
from monarch.core.github.classify import classify, is_there_already
from monarch.core.github.reply import Reply
from monarch.core.outcome import (
    Accepted,
    AlreadyThere,
    Code,
    Created,
    DetailOutcome,
    Found,
    Permanent,
    RateLimited,
    ReadFailure,
    Scope,
    Transient,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.redact import quote

T = TypeVar("T")

Answer = Reply | Failure | ReadFailure
"""What came back, or why nothing was sent: there was no pass."""

_OK = 200
_CREATED = 201


def read_outcome(answer: Answer, parse: Callable[[bytes], T | None]) -> Found[T] | ReadFailure:
    """Say what a read returned; a 200 that cannot be read returned nothing, and may be repeated."""
    match answer:
        case Reply(status=200, body=body):
            value = parse(body)
            return unreadable(answer) if value is None else Found(value)
        case Reply():
            return read_failure(answer)
        case _:
            return unreached(answer)


def read_failure(reply: Reply) -> ReadFailure:
    """Say what the refusal of a read means."""
    outcome = classify(reply, writing=False)
    return Transient(outcome.reason) if isinstance(outcome, Unknown) else outcome


def unreached(answer: Failure | ReadFailure) -> ReadFailure:
    """Say what a missing answer means for a call that may be repeated."""
    match answer:
        case NeverLeft(reason) | NoAnswer(reason):
            return Transient(f"GitHub could not be read: {reason}")
        case _:
            return answer


def unreadable(reply: Reply) -> Transient:
    """Say that a success could not be read."""
    return Transient(_unreadable(reply))


def issue_outcome(answer: Sent | ReadFailure, draft: Draft) -> WriteOutcome:
    """Say what became of an issue. A failure is anything but Unknown only if it certainly had no effect."""
    match answer:
        case Reply(status=201, body=body):
            made = read_created(body)
            if made is None:
                return Unknown(_unreadable(answer))
            missing = dropped(draft, made.details)
            return Created(made.number, made.id, missing, made.author)
        case Reply():
            return classify(answer, writing=True)
        case _:
            return _without_answer(answer)


@dataclass(frozen=True, slots=True)
class Success:
    """How GitHub says that a write took effect.

    Attributes:
        status: the one that it documents.
        read: what the body says; `None` if it is not about what was asked for.
        of_issue: whether the address is one issue's, so that a 404 or 410 condemns no repository.
    """

    status: int
    read: Callable[[bytes], Accepted | None]
    of_issue: bool = False


def detail_outcome(answer: Sent | ReadFailure, success: Success) -> DetailOutcome:
    """Say what became of any other write."""
    match answer:
        case Reply(status=status, body=body) if status == success.status:
            return success.read(body) or Unknown(_unreadable(answer))
        case Reply() if is_there_already(answer):
            return AlreadyThere()
        case Reply():
            outcome = classify(answer, writing=True)
            return _of_issue(outcome) if success.of_issue else outcome
        case _:
            return _without_answer(answer)


def _of_issue(
    outcome: RateLimited | Transient | Permanent | Unknown,
) -> RateLimited | Transient | Permanent | Unknown:
    """A missing *issue* says nothing about its repository: a person has deleted a copy."""
    gone = {Code.NOT_FOUND, Code.ISSUES_DISABLED}
    if isinstance(outcome, Permanent) and outcome.code in gone:
        reason = f"the issue is gone, or out of reach: {outcome.reason}"
        return Permanent(Scope.TICKET, outcome.code, reason)
    return outcome


def _without_answer(
    answer: HeldBack | Failure | ReadFailure,
) -> Withheld | RateLimited | Transient | Permanent | Unknown:
    match answer:
        case HeldBack():
            return Withheld()
        case NeverLeft(reason):
            return Transient(f"GitHub could not be reached: {reason}")
        case NoAnswer(reason):
            return Unknown(f"GitHub did not answer a write: {reason}")
        case _:
            return answer


def _unreadable(reply: Reply) -> str:
    kind = quote(reply.headers.get("content-type", "no content type"), 80)
    page = "; a proxy may have answered in its place" if "html" in kind.lower() else ""
    return f"GitHub answered {reply.status} with a body that could not be read ({kind}){page}"
