"""Connections to Valkey, each for one purpose, and the one place where its errors are classified.

Why several: a blocked read must not hold up a renewal, a subscribed
connection can do nothing else, and a single pool that runs dry would stop them all.
Why no retries in the client: it would resend a script whose answer was lost. Here the caller decides, because it
knows what a repetition does.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from valkey.asyncio import Valkey
from valkey.asyncio.retry import Retry
from valkey.backoff import NoBackoff
from valkey.exceptions import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 - the client's own
    MaxConnectionsError,
    ResponseError,
)

from monarch.adapters.valkey.client.remedies import remedy_of
from monarch.adapters.valkey.client.sockets import ServerPlace, place, pool
from monarch.adapters.valkey.client.trouble import TROUBLE, is_trouble
from monarch.ports import StoreError, StoreRefused

BLOCK_MS = 2_000
"""How long a read waits for work, in milliseconds: short, so that a flag can end it instead of a cancellation."""

IDLE_BLOCK_MS = 3_000
"""The same after a while without work: new work still ends the read at once."""

# A script's own error names the script and its line, and so do the server's other errors inside a script.
_BROKEN = re.compile(r"^(WRONGTYPE|UNREADABLE) |user_script:\d|not an integer|not a valid float")
_MAY_PASS = re.compile(
    r"\b(OOM|READONLY|LOADING|MASTERDOWN|NOREPLICAS|MISCONF|BUSY|UNBLOCKED|NOSCRIPT|CLUSTERDOWN|TRYAGAIN|MOVED|ASK"
    r"|NOAUTH|NOPERM|WRONGPASS|NOGROUP)\b|killed|unknown command|permission"
)


# What a script says of a key that it has looked at (`_in_the_way.lua`).
_IN_THE_WAY = re.compile(r"WRONGTYPE (\S+) is a \w+ and should be a ")


@contextmanager
def classified(doing: str) -> Iterator[None]:
    """Turn whatever the client raises into a `StoreError` that says what was being done.

    If the keys themselves are in the way it is a `StoreRefused`: an outage passes, a bad key does not.
    """
    try:
        yield
    except TROUBLE as error:
        if not is_trouble(error):
            raise
        message = f"{doing}: {type(error).__name__}: {error}"
        untouched, remedy = is_untouched(error), remedy_of(message)
        if is_refusal(error):
            named = _IN_THE_WAY.search(message)
            key = named[1] if named else ""
            raise StoreRefused(message, is_untouched=untouched, remedy=remedy, key=key) from error
        is_answer = isinstance(error, ResponseError)
        raise StoreError(
            message, is_untouched=untouched, remedy=remedy, is_answer=is_answer
        ) from error


_NEVER_RUN = re.compile(
    r"^(OOM|READONLY|LOADING|MASTERDOWN|NOREPLICAS|MISCONF|NOAUTH|NOPERM|WRONGPASS|CLUSTERDOWN|MOVED|WRONGTYPE|DENIED)\b"
    # What a server says of a new connection, before the first command: its database, and how many there may be.
    r"|^(ERR )?(DB index is out of range|SELECT is not allowed|max number of clients reached)|none of them says where it is"
)


def is_untouched(error: BaseException) -> bool:
    """Whether the command certainly did nothing: it never reached the server, or the server refused to begin.

    An error in the middle of a script names the script, which may be half done.
    """
    if isinstance(error, AuthenticationError | MaxConnectionsError):
        return True
    if isinstance(error, ResponseError | ConnectionError):
        text = str(error)
        if "script" in text:
            return False
        known = _SPELLED.get(type(error).__name__, "")
        return bool(_NEVER_RUN.search(f"{known}{text}")) or "connecting to" in text
    return False


# The client strips these words from the answer and makes classes of them.
_SPELLED = {
    "OutOfMemoryError": "OOM ",
    "ReadOnlyError": "READONLY ",
    "NoPermissionError": "NOPERM ",
    "BusyLoadingError": "LOADING ",
    "MasterDownError": "MASTERDOWN ",
}


def is_refusal(error: BaseException) -> bool:
    """Whether the server would give the same answer for ever: a key's type, a value, or a script that broke on one.

    Only errors known to be permanent; anything else (an outage, missing rights, another version of the server) may
    be put right while the work waits.
    """
    if not isinstance(error, ResponseError) or _MAY_PASS.search(str(error)):
        return False
    return _BROKEN.search(str(error)) is not None


def connect(where: str | ServerPlace, purpose: str, *, connections: int = 1) -> Valkey:
    """A client of its own for one purpose; nothing is sent before its first command.

    Args:
        where: `valkey://`, `valkeys://`, `redis://`, `rediss://` or `unix://`, with its credentials; or a place.
        purpose: shown by `CLIENT LIST`, such as `renewal`.
        connections: how many sockets it may open.
    """
    client: Valkey = Valkey.from_pool(
        pool(
            place(where) if isinstance(where, str) else where,
            client_name=f"monarch-{purpose}",
            max_connections=connections,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    )
    return client


@asynccontextmanager
async def connected(
    where: str | ServerPlace, purpose: str, *, connections: int = 1
) -> AsyncIterator[Valkey]:
    """`connect`, closed at the end."""
    client = connect(where, purpose, connections=connections)
    try:
        yield client
    finally:
        await client.aclose()
