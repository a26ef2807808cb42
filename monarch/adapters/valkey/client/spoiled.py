"""Reads many keys at once, and goes on without those that hold something else than they should."""

from collections.abc import Sequence
from typing import Any, Final

from valkey.asyncio.client import Pipeline

from monarch.adapters.valkey.client.connection import classified
from monarch.ports.spoiled import note_spoiled

_LISTS: Final = frozenset(
    {"HVALS", "XRANGE", "XREVRANGE", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE"}
)


async def answers_of(pipe: Pipeline, doing: str) -> list[Any]:
    """The answers to what the pipeline asks; a key of another type reads as one that does not exist, and is noted.

    Raises:
        StoreError: anything else went wrong.
    """
    asked = [command for command, _ in pipe.command_stack]
    answers = await answers_and_errors_of(pipe, doing)
    with classified(doing):
        return [_sound(*pair) for pair in zip(asked, answers, strict=True)]


async def answers_and_errors_of(pipe: Pipeline, doing: str) -> list[Any]:
    """The same, with the server's errors in their places, for readers that go on without an answer.

    Raises:
        StoreError: the server did not answer at all.
    """
    asked = [command for command, _ in pipe.command_stack]
    with classified(doing):
        answers: list[Any] = await pipe.execute(raise_on_error=False)
    for (_, *keys), answer in zip(asked, answers, strict=True):
        if _is_of_another_type(answer):
            note_spoiled(str(keys[0]))
    return answers


def _is_of_another_type(answer: object) -> bool:
    return isinstance(answer, Exception) and str(answer).startswith("WRONGTYPE")


def _sound(asked: Sequence[Any], answer: Any) -> Any:
    if _is_of_another_type(answer):
        return _nothing(str(asked[0]), len(asked) - 2)
    if isinstance(answer, Exception):
        raise answer
    return answer


def _nothing(command: str, fields: int) -> Any:
    """What a key that does not exist answers."""
    match command:
        case "HGETALL":
            return {}
        case "HMGET":
            return [None] * fields
        case "SCARD" | "ZCARD":
            return 0
        case "SMEMBERS":
            return set()
        case _:
            return [] if command in _LISTS else None
