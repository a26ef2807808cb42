"""Trouble: what the client of Valkey raises when the server, or the way to it, has failed."""

from typing import Final

from valkey.exceptions import ValkeyError

TROUBLE: Final = (ValkeyError, OSError, TimeoutError, RuntimeError)
"""What to catch around a call to Valkey; `is_trouble` tells which of it is trouble."""

_CLOSED: Final = "the handler is closed"


def is_trouble(error: BaseException) -> bool:
    """Whether the server, or the way to it, failed.

    A write to a connection that has just been closed is an `OSError` on asyncio's own loop, and valkey-py makes its error of
    that. On uvloop it is a `RuntimeError` (uvloop/handles/handle.pyx, `_ensure_alive`), which valkey-py lets through.
    """
    return not isinstance(error, RuntimeError) or _CLOSED in str(error)
