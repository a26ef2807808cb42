"""Work on texts, aside: so that the event loop keeps turning while a text is rendered or compared.

A text of 60,000 characters full of references takes some tenths of a second, and a crossing has hundreds of them. Done
on the loop they would hold up the renewals of every lease of this worker, and its neighbours' work. So each pure step
that works on a whole text goes to an `Aside`, one text at a time: the next one begins only after the loop had its turn,
and a crossing that has lost its lease ends between two of them.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

import anyio

T = TypeVar("T")


class Aside(Protocol):
    """Does pure work outside of the event loop, and returns or raises what the work did."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Do it to the end: a cancelled caller does not interrupt it."""


async def on_the_loop(work: Callable[[], T]) -> T:
    """An `Aside` for a caller that has the loop to itself: one turn of the loop before each piece of work."""
    await anyio.lowlevel.checkpoint()
    return work()
