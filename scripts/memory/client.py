"""The client that the adapters use, with a way there and back that a test can disturb; and over a server in memory."""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio
from valkey._parsers import BaseParser
from valkey.asyncio import Valkey
from valkey.asyncio.client import Pipeline
from valkey.exceptions import ResponseError, ValkeyError

from monarch.adapters.valkey.scripts import SCRIPTS
from scripts.memory.keyspace import RefusedError
from scripts.memory.server import Server

_NAMES: Final = {
    **{one.digest.encode(): one.name for one in SCRIPTS.values()},
    **{one.text.encode(): one.name for one in SCRIPTS.values()},
}


@dataclass(frozen=True, slots=True)
class Command:
    """What a client sends: the name of a script or of a command, in small letters; a script's keys; and the rest."""

    name: str
    keys: tuple[bytes, ...]
    args: tuple[bytes, ...]

    @property
    def document(self) -> Any:
        """What a script is given that takes one document."""
        return json.loads(self.args[1])


Answer = Callable[[], Awaitable[Any]]
Passage = Callable[[Command, Answer], Awaitable[Any]]
"""How a command gets there and its answer back. An answer that is an error of the server is a value here."""


async def undisturbed(_command: Command, answer: Answer) -> Any:
    """Nothing happens on the way."""
    return await answer()


class PassingClient(Valkey):
    """A client each of whose commands goes through a passage, also within a batch."""

    def __init__(self, passage: Passage = undisturbed, **options: Any) -> None:
        super().__init__(**options)
        self._passage = passage

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """See the library."""
        await anyio.lowlevel.checkpoint()
        reply = await self.passed(args, options)
        if isinstance(reply, ValkeyError):
            raise reply
        return reply

    async def passed(self, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """Send a command through the passage."""
        words = [part for word in args[:1] for part in _encoded(word).split()]
        words += [_encoded(word) for word in args[1:]]
        return await self._passage(_command(words), lambda: self.answered(args, words, options))

    async def answered(
        self, args: Sequence[Any], _words: list[bytes], options: Mapping[str, Any]
    ) -> Any:
        """Send a command; what it answers."""
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
        except ResponseError as error:
            return error

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002  # the library's own signature
        """See the library."""
        pool, callbacks = self.connection_pool, self.response_callbacks
        pipe = _PassingPipeline(pool, callbacks, transaction, shard_hint)
        pipe.passed = self.passed
        return pipe


class _PassingPipeline(Pipeline):
    """Sends one after the other what would go in one batch."""

    passed: Callable[[Sequence[Any], Mapping[str, Any]], Awaitable[Any]]

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002  # the library's own signature
        await anyio.lowlevel.checkpoint()
        stack = self.command_stack
        try:
            replies = [await self.passed(args, options) for args, options in stack]
            if raise_on_error:
                self.raise_first_error(stack, replies)
        finally:
            await self.reset()  # type: ignore[no-untyped-call]  # likewise
        return replies


class MemoryClient(PassingClient):
    """The same without a connection; everything above the socket is the library's own."""

    def __init__(self, server: Server, passage: Passage = undisturbed) -> None:
        super().__init__(passage, protocol=2)
        self._server = server

    async def answered(
        self, args: Sequence[Any], words: list[bytes], options: Mapping[str, Any]
    ) -> Any:
        """See `PassingClient.answered`."""
        try:
            reply = await self._server.answer(words[0].upper(), words[1:])
        except RefusedError as error:
            return _error(str(error))
        return await self._read(
            args[0], reply.encode() if isinstance(reply, str) else reply, options
        )

    async def _read(self, name: Any, reply: Any, options: Mapping[str, Any]) -> Any:
        """The reply as the library has it; `keys` are of its cache, and mean nothing to it."""
        callback = self.response_callbacks.get(name)
        if callback is None:
            return reply
        parsed = callback(reply, **{key: one for key, one in options.items() if key != "keys"})
        return await parsed if inspect.isawaitable(parsed) else parsed


def _command(words: list[bytes]) -> Command:
    if words[0] not in {b"EVALSHA", b"EVAL"}:
        return Command(words[0].decode().lower(), (), tuple(words[1:]))
    last = 3 + int(words[2])
    return Command(_NAMES.get(words[1], "unknown"), tuple(words[3:last]), tuple(words[last:]))


def _encoded(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _error(text: str) -> ResponseError:
    error: ResponseError = BaseParser.parse_error(text)  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
    return error
