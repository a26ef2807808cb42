"""The error that the reader of one key raises."""

from collections.abc import Callable
from typing import TypeVar

from monarch.core.advice import NO_ADVICE, Advice
from monarch.core.outcome import Code

T = TypeVar("T")


class Mistake(ValueError):  # noqa: N818 - a word of the contract, like BadRef
    """A key that cannot be read; `reason` is a sentence for people. pydantic collects it unchanged."""

    def __init__(self, code: Code, reason: str, advice: Advice = NO_ADVICE) -> None:
        super().__init__(reason)
        self.code, self.reason, self.advice = code, reason, advice


def or_none(read: Callable[[object], T], came: object) -> T | None:
    """What `read` makes of a value; `None` if it raises `Mistake`."""
    try:
        return read(came)
    except Mistake:
        return None
