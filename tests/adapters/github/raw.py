"""A server that keeps no rules: it reads a request, notes its bytes, and does what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

TLS = b"\x16\x03"
"""How a TLS handshake begins; this server does not know what that is, and closes."""

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What is done once a request was read; the connection is closed when it ends."""


@dataclass
class RawServer:
    """What the server saw.

    Attributes:
        url: where it listens.
        received: for each connection, all bytes that came.
        closed: set whenever a connection has ended.
    """

    url: str = ""
    received: list[bytearray] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def requests(self) -> int:
        """How many requests began to arrive."""
        return sum(bytes(data).count(b" HTTP/1.1\r\n") for data in self.received)


@asynccontextmanager
async def raw_server(behave: Behaviour) -> AsyncIterator[RawServer]:
    """Serve on a free port of this machine."""
    seen = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = bytearray()
        seen.received.append(data)
        try:
            while await _read_request(reader, data):
                await behave(writer)
        except ConnectionError:
            # The other side has seen enough.
            pass
        finally:
            writer.close()
            seen.closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    seen.url = f"http://{host}:{port}"
    try:
        yield seen
    finally:
        server.close()


def answers(raw: bytes) -> Behaviour:
    """Write these bytes, and leave the connection open for the next request."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return behave


def drops_after(raw: bytes) -> Behaviour:
    """Write these bytes and cut the connection off."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Do one after the other, a request each."""
    left = iter(behaviours)

    async def behave(writer: asyncio.StreamWriter) -> None:
        await next(left)(writer)

    return behave


async def hangs(_: asyncio.StreamWriter) -> None:
    """Say nothing; ends with the client, who sends no second request."""


async def _read_request(reader: asyncio.StreamReader, data: bytearray) -> bool:
    """Read one whole request into `data`; `False` where the client has gone."""
    head = bytearray()
    while b"\r\n\r\n" not in head:
        piece = await reader.read(65536)
        data += piece
        head += piece
        if not piece or head.startswith(TLS):
            return False
    names, _, body = bytes(head).partition(b"\r\n\r\n")
    missing = _content_length(names) - len(body)
    while missing > 0:
        piece = await reader.read(missing)
        data += piece
        missing -= len(piece)
        if not piece:
            return False
    return True


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def reply(status: str, body: bytes, *headers: str) -> bytes:
    """One whole answer as bytes; `status` is like `201 Created`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
