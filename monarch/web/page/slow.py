"""What takes many calls to GitHub to find out: made for one person at a time, and shown again for a minute.

A failure is not shown again, for it may be over.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

import anyio
from starlette.requests import Request

from monarch.ports import StoreError

WITHIN_S: Final = 60.0
"""How long one may take to make, and how long it may wait for the others before it, in seconds."""

SHOWN_FOR_S: Final = 60.0
KEPT: Final = 16

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Slow(Generic[K, V]):
    """Makes them by `make`, whose text says why there can be none."""

    def __init__(self, make: Callable[[K], Awaitable[V | str]], kept: int = KEPT) -> None:
        """At most `kept` are shown again."""
        self._make = make
        self._kept = kept
        self._one = anyio.Lock()
        self._made: OrderedDict[K, tuple[float, int, V]] = OrderedDict()

    async def found(self, name: K) -> tuple[int, V | str]:
        """It, and as of when (milliseconds since 1970); or why there is none."""
        try:
            with anyio.fail_after(WITHIN_S):
                await self._one.acquire()
        except TimeoutError:
            return 0, "others wait for theirs: try again in a minute, or use the command"
        try:
            return await self._kept_or_made(name)
        finally:
            self._one.release()

    async def _kept_or_made(self, name: K) -> tuple[int, V | str]:
        kept = self._made.get(name)
        if kept and time.monotonic() - kept[0] <= SHOWN_FOR_S:
            return kept[1:]
        made_ms, found = round(time.time() * 1000), await self._within(name)
        if not isinstance(found, str):
            self._made[name] = (time.monotonic(), made_ms, found)
            self._made.move_to_end(name)
        while len(self._made) > self._kept:
            self._made.popitem(last=False)
        return made_ms, found

    async def _within(self, name: K) -> V | str:
        try:
            with anyio.fail_after(WITHIN_S):
                return await self._make(name)
        except TimeoutError:
            return f"it takes longer than {WITHIN_S:.0f} s: use the command"
        except StoreError as error:
            return error.sentence


def is_from_here(request: Request) -> bool:
    """A person who types the address or follows a link from a message, a program, or the page itself.

    Another site cannot have a browser make one: each costs calls that the workers need.
    """
    return request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
