"""The client's line: answer on it, cut it in the middle, or drop it without a byte.

ASGI knows no way to close a connection unanswered. The server's protocol class therefore puts
the connection's transport into each request's ``scope["state"]``, and ``Line`` aborts it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from uvicorn.protocols.http.h11_impl import H11Protocol

from monarch.sandbox.http import Call, Reply

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope, Send

TRANSPORT = "sandbox_transport"


class OpenHandedProtocol(H11Protocol):
    """uvicorn's HTTP protocol, handing its transport to the application."""

    def connection_made(  # type: ignore[override]  # uvicorn narrows the argument as well
        self, transport: asyncio.Transport
    ) -> None:
        """Add the transport to the state that every request of this connection gets."""
        self.app_state = {**self.app_state, TRANSPORT: transport}
        super().connection_made(transport)


class Line:
    """One request and the way back to its client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap what ASGI gives."""
        self._scope = scope
        self._receive = receive
        self._send = send

    async def call(self) -> Call | None:
        """Read the request to its end; ``None`` if the client goes before."""
        body = b""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return _call(self._scope, body)

    async def gone(self) -> None:
        """Return when the client has closed the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer(self, reply: Reply) -> None:
        """Send a whole reply."""
        await self._start(reply, len(reply.body))
        await self._send({"type": "http.response.body", "body": reply.body})

    async def cut(self, reply: Reply, keep_bytes: int) -> None:
        """Promise the whole body, send its first bytes, and close."""
        await self._start(reply, len(reply.body))
        kept = reply.body[:keep_bytes]
        await self._send({"type": "http.response.body", "body": kept, "more_body": True})
        self._transport().close()
        await self.gone()

    async def drop(self) -> None:
        """Close the connection without a byte.

        Waits until uvicorn has seen the loss: an application that returned earlier would be
        answered for with a 500.
        """
        self._transport().abort()
        await self.gone()

    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport = self._scope["state"][TRANSPORT]
        return transport

    async def _start(self, reply: Reply, length: int) -> None:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
        if reply.status != 304:  # noqa: PLR2004  # not modified: no body, no length
            headers.append((b"content-length", str(length).encode()))
        start: dict[str, Any] = {"type": "http.response.start", "status": reply.status}
        await self._send({**start, "headers": headers})


def _call(scope: Scope, body: bytes) -> Call:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(
        method=scope["method"],
        path=scope["path"].removeprefix(scope.get("root_path", "")),
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=body,
        base_url=f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}",
    )
