"""A TCP relay in front of a server, which can hold back what the server answers.

What a client asks arrives at once and has its effect; the answer comes later. This is a slow disk below a server that
answers when a write is safe, or a slow network: the server's clock has gone on by the time the client hears of it.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Self

import anyio
from anyio.abc import SocketAttribute

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.abc import SocketStream, TaskGroup

HOST = "127.0.0.1"


class Relay:
    """Relays from a port of its own to ``to_port``, both on the loopback interface, within a ``with`` block."""

    def __init__(self, to_port: int) -> None:
        """Prepare; nothing listens yet."""
        self.port = 0
        self._to_port = to_port
        self._held_until = 0.0
        self._stack = AsyncExitStack()
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen; ``port`` is known from now on."""
        listener = await anyio.create_tcp_listener(local_host=HOST)
        self.port = listener.extra(SocketAttribute.local_port)  # noqa: S610  # anyio's word, not Django's
        await self._stack.enter_async_context(listener)
        # Entered last and left first: whoever accepts is cancelled before the listener closes.
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._tasks.start_soon(listener.serve, self._relay)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cut every connection."""
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        await self._stack.aclose()

    def hold_back(self, seconds: float) -> None:
        """Let no answer through for so long, from now on."""
        self._held_until = time.monotonic() + seconds

    async def _relay(self, client: SocketStream) -> None:
        # Where the server is away or an end is cut, the other end sees its connection close, as without a relay.
        with suppress(OSError, anyio.BrokenResourceError):
            async with client, await anyio.connect_tcp(HOST, self._to_port) as server:
                await self._pump_both_ways(client, server)

    async def _pump_both_ways(self, client: SocketStream, server: SocketStream) -> None:
        async with anyio.create_task_group() as group:

            async def pump(source: SocketStream, sink: SocketStream) -> None:
                with suppress(OSError, anyio.BrokenResourceError):
                    async for chunk in source:
                        if source is server:
                            await self._until_let_through()
                        await sink.send(chunk)
                group.cancel_scope.cancel()

            group.start_soon(pump, client, server)
            group.start_soon(pump, server, client)

    async def _until_let_through(self) -> None:
        left_s = self._held_until - time.monotonic()
        if left_s > 0:
            await anyio.sleep(left_s)
