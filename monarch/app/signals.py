"""Signals: the first SIGTERM or SIGINT asks a program to stop, the second ends its process at once.

A thread of its own heeds them, not the event loop, for what keeps a program from ending may be the loop itself: a line
for a log that nobody takes away, a disk that does not answer, work without an end. The handler only hands the signal on,
by the queue that Python made for that. Python runs the handler between any two instructions of the main thread, and in a
system call that waits. What still escapes is a C function that neither returns nor lets itself be interrupted; no such
thing runs in the main thread.

An end like that is safe: nothing is flushed and nothing closed, but what a worker has in hand is pending and will be
reclaimed.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

END_WITHIN_S: Final = 9.5
"""So many seconds after the first signal the process ends, whatever still holds it up."""

_STOPS: Final = (signal.SIGTERM, signal.SIGINT)
_Heard = SimpleQueue[int | None]
"""The numbers of signals as they come; `None`: from now on they are somebody else's."""


@contextmanager
def stopped_by_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """Within, a signal calls `stop` in the running loop, with the signal's name.

    The time that the first one has set runs on after the end of that: what is closed then may hang, too.
    """
    loop, heard = asyncio.get_running_loop(), _Heard()

    def ask(number: int) -> None:
        with suppress(RuntimeError):  # the loop has just ended by itself
            loop.call_soon_threadsafe(stop, signal.Signals(number).name)

    Thread(target=_heed, args=(heard, ask), name="signals", daemon=True).start()
    before = [(each, signal.signal(each, lambda number, _: heard.put(number))) for each in _STOPS]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
        heard.put(None)


def _heed(heard: _Heard, ask: Callable[[int], None]) -> None:
    """Wait for the first signal; if there is one, the process ends in here unless it has ended before."""
    first = heard.get()
    if first is None:
        return
    ends_at = time.monotonic() + END_WITHIN_S
    ask(first)
    second = _next(heard, ends_at)
    # Without a second one, as a process that was asked to end: with 0.
    os._exit(0 if second is None else 128 + second)


def _next(heard: _Heard, until: float) -> int | None:
    """The next signal, `None` where none comes until then."""
    while True:
        try:
            number = heard.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            return None
        if number is not None:
            return number
