"""The client that the adapters use, over a server in memory: only the socket is missing."""

import inspect
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

_NAMES: Final = {one.digest.encode(): one.name for one in SCRIPTS.values()}


@dataclass(frozen=True, slots=True)
class Command:
    """What a client sends: the name of a script or of a command, both in small letters; its keys, as far as they are known; the rest."""

    name: str
    keys: tuple[bytes, ...]
    args: tuple[bytes, ...]


Answer = Callable[[], Awaitable[Any]]
Passage = Callable[[Command, Answer], Awaitable[Any]]
"""How a command gets there and its answer back; whoever tests failures puts them there."""


async def undisturbed(_command: Command, answer: Answer) -> Any:
    """Nothing happens on the way."""
    return await answer()


class MemoryClient(Valkey):
    """`valkey.asyncio.Valkey` without a connection; everything above the socket is the library's own."""

    def __init__(self, server: Server, passage: Passage = undisturbed) -> None:
        super().__init__(protocol=2)
        self._wire = _Wire(server, passage)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """See the library."""
        await anyio.lowlevel.checkpoint()
        reply = await self._wire.send(args)
        if isinstance(reply, ValkeyError):
            raise reply
        return await _parsed(self, args[0], reply, options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002  # the library's own signature
        """See the library."""
        pipe = _MemoryPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )
        pipe.wire = self._wire
        return pipe


class _MemoryPipeline(Pipeline):
    wire: "_Wire"

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002  # the library's own signature
        stack, replies = self.command_stack, list[Any]()
        await anyio.lowlevel.checkpoint()
        try:
            for args, options in stack:
                reply = await self.wire.send(args)
                is_error = isinstance(reply, ValkeyError)
                replies.append(reply if is_error else await _parsed(self, args[0], reply, options))
            if raise_on_error:
                self.raise_first_error(stack, replies)
        finally:
            await self.reset()  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
        return replies


class _Wire:
    def __init__(self, server: Server, passage: Passage) -> None:
        self._server = server
        self._passage = passage

    async def send(self, args: Sequence[Any]) -> Any:
        """A command there, and its answer back; an error is a value, as a pipeline wants it."""
        name, *rest = (_encoded(part) for word in args[:1] for part in _encoded(word).split())
        rest += [_encoded(one) for one in args[1:]]

        async def answer() -> Any:
            try:
                return await self._server.answer(name.upper(), rest)
            except RefusedError as error:
                return _error(str(error))

        return await self._passage(_command(name, rest), answer)


def _command(name: bytes, rest: list[bytes]) -> Command:
    if name != b"EVALSHA":
        return Command(name.decode().lower(), (), tuple(rest))
    keys = int(rest[1])
    args = tuple(rest[2 + keys :])
    return Command(_NAMES.get(rest[0], "unknown script"), tuple(rest[2 : 2 + keys]), args)


def _encoded(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _error(text: str) -> ResponseError:
    error: ResponseError = BaseParser.parse_error(text)  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
    return error


async def _parsed(client: Valkey, name: Any, reply: Any, options: Mapping[str, Any]) -> Any:
    """The reply as the library has it; `keys` are of its cache, and mean nothing to it."""
    answer = reply.encode() if isinstance(reply, str) else reply
    callback = client.response_callbacks.get(name)
    if callback is None:
        return answer
    parsed = callback(answer, **{name: one for name, one in options.items() if name != "keys"})
    return await parsed if inspect.isawaitable(parsed) else parsed
