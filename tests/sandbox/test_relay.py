"""The relay: it passes on what comes, and holds back answers and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from scripts.fleet_machine.relay import HOST, Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import SocketStream


class Echo:
    """A server that answers what it is sent, and says when it has been sent something."""

    def __init__(self) -> None:
        self.heard = anyio.Event()
        self.port = 0

    async def serve(self, stream: SocketStream) -> None:
        """Answer one client."""
        async with stream:
            async for chunk in stream:
                self.heard.set()
                await stream.send(chunk)


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    """One that listens."""
    made = Echo()
    async with await anyio.create_tcp_listener(local_host=HOST) as listener:
        made.port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's word
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, made.serve)
            yield made
            group.cancel_scope.cancel()


async def test_what_is_asked_is_answered(echo: Echo) -> None:
    """As if there were no relay."""
    async with Relay(echo.port) as relay, await anyio.connect_tcp(HOST, relay.port) as client:
        await client.send(b"PING")

        assert await client.receive() == b"PING"


async def test_a_held_back_answer_has_had_its_effect(echo: Echo) -> None:
    """The server has heard the question long before the client hears the answer."""
    async with Relay(echo.port) as relay, await anyio.connect_tcp(HOST, relay.port) as client:
        relay.hold_back(3600)
        await client.send(b"PING")
        await echo.heard.wait()

        with pytest.raises(TimeoutError), anyio.fail_after(0):
            await client.receive()


async def test_a_server_that_is_away_ends_the_connection() -> None:
    """The client sees it close."""
    async with Relay(1) as relay, await anyio.connect_tcp(HOST, relay.port) as client:
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await client.receive()
