"""Connections to Valkey, each for one purpose, and the one place where its errors are classified.

Why several (facts on Valkey Streams, section 3.4): a blocked read must not hold up a renewal, a subscribed
connection can do nothing else, and one pool that runs dry would stop them all.
Why no retries in the client: it would send a script again whose answer was lost. Here whoever called decides,
knowing what a repetition does.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from valkey.asyncio import Valkey
from valkey.asyncio.retry import Retry
from valkey.backoff import NoBackoff
from valkey.exceptions import ValkeyError

from monarch.ports import StoreError

BLOCK_MS = 2_000
"""How long a read waits for work, in milliseconds: short, so that it ends by a flag and not by cancelling."""

SOCKET_TIMEOUT_S = 5.0
"""After so long without an answer a connection is dead, in seconds. Longer than `BLOCK_MS`, and a test says so."""

# TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT on Linux: a peer that vanished is noticed after 60 s at the latest.
_KEEPALIVE = {4: 30, 5: 10, 6: 3}


@contextmanager
def classified(doing: str) -> Iterator[None]:
    """Turn whatever the client raises into a `StoreError` that says what was being done."""
    try:
        yield
    except (ValkeyError, OSError, TimeoutError) as error:
        message = f"{doing}: {type(error).__name__}: {error}"
        raise StoreError(message) from error


def connect(url: str, purpose: str, *, connections: int = 1) -> Valkey:
    """A client of its own for one purpose; nothing is sent before its first command.

    Args:
        url: `valkey://`, `valkeys://`, `redis://`, `rediss://` or `unix://`, with its credentials.
        purpose: shown by `CLIENT LIST`, such as `renewal`.
        connections: how many sockets it may open.
    """
    # A unix socket knows no TCP options.
    options: dict[str, Any] = {}
    if not url.startswith("unix:"):
        options = {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    client: Valkey = Valkey.from_url(
        url,
        client_name=f"monarch-{purpose}",
        max_connections=connections,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )
    return client


@asynccontextmanager
async def connected(url: str, purpose: str, *, connections: int = 1) -> AsyncIterator[Valkey]:
    """`connect`, closed at the end."""
    client = connect(url, purpose, connections=connections)
    try:
        yield client
    finally:
        await client.aclose()
