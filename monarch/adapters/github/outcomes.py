"""What an answer of GitHub, or its absence, is for us: the one place where replies become outcomes.

What an answer means that is no success is decided in `core.classify`; here stands what it means that
none came, and that a success could not be read.
"""

from collections.abc import Callable
from typing import TypeVar

from monarch.adapters.github.wire import read_created
from monarch.adapters.http_send import Failure, HeldBack, NeverLeft, NoAnswer, Sent
from monarch.core.classify import classify
from monarch.core.outcome import (
    Found,
    ReadFailure,
    Transient,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.quote import quote
from monarch.core.reply import Reply

T = TypeVar("T")


def read_outcome(
    answer: Reply | Failure, parse: Callable[[bytes], T | None]
) -> Found[T] | ReadFailure:
    """Say what a read brought; a 200 that cannot be read brought nothing, and may be read again."""
    match answer:
        case Reply(status=200, body=body):
            value = parse(body)
            return Transient(_unreadable(answer)) if value is None else Found(value)
        case Reply():
            return read_failure(answer)
        case NeverLeft(reason) | NoAnswer(reason):
            return Transient(f"GitHub could not be read: {reason}")


def read_failure(reply: Reply) -> ReadFailure:
    """Say what a read's refusal means."""
    outcome = classify(reply, writing=False)
    return Transient(outcome.reason) if isinstance(outcome, Unknown) else outcome


def write_outcome(answer: Sent) -> WriteOutcome:
    """Say what became of a write. Only what certainly had no effect is anything but Unknown."""
    match answer:
        case Reply(status=201, body=body):
            return read_created(body) or Unknown(_unreadable(answer))
        case Reply():
            return classify(answer, writing=True)
        case HeldBack():
            return Withheld()
        case NeverLeft(reason):
            return Transient(f"GitHub could not be reached: {reason}")
        case NoAnswer(reason):
            return Unknown(f"GitHub did not answer a write: {reason}")


def _unreadable(reply: Reply) -> str:
    kind = quote(reply.headers.get("content-type", "no content type"), 80)
    return f"GitHub answered {reply.status} with a body that could not be read ({kind})"
