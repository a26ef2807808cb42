"""Signals: the first SIGTERM or SIGINT asks a program to stop, the second ends its process at once.

A thread of its own heeds them, not the event loop, because the loop itself may be what keeps a program from ending: a
log line into a pipe that is not read, a disk that does not answer, work without an end. The thread does not depend on
the main thread either: the interpreter writes each signal's number to a socket within the system's own handler
(`signal.set_wakeup_fd`), before any Python code runs. A handler in Python would wait for the main thread's next
instruction, and a signal that comes just before the main thread waits for a lock would wait with it.

The socket replaces the event loop's own. That is safe: a loop needs its own for the handlers that were added to it and
to wake up, and here the thread wakes it.

An end like that is safe: nothing is flushed and nothing closed, but what a worker has in hand is pending and will be
reclaimed.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Final

END_WITHIN_S: Final = 9.5
"""How long after the first signal the process ends, in seconds, whatever still holds it up."""

_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopped_by_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """Within, a signal calls `stop` in the running loop, with the signal's name. Only the main thread may enter.

    The deadline that the first signal sets stays in force after the block: what closes then may hang, too.
    """
    loop = asyncio.get_running_loop()
    receiver, sender = socket.socketpair()
    sender.setblocking(False)

    def ask(number: int) -> None:
        with suppress(RuntimeError):  # the loop has just ended by itself
            loop.call_soon_threadsafe(stop, signal.Signals(number).name)

    Thread(target=_heed, args=(receiver, ask), name="signals", daemon=True).start()
    wakeup_before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    # The system's handler is set only beside one in Python, which has nothing left to do.
    before = [(each, signal.signal(each, lambda *_: None)) for each in _STOPS]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
        signal.set_wakeup_fd(wakeup_before)
        sender.close()


def _heed(receiver: socket.socket, ask: Callable[[int], None]) -> None:
    """Wait for the first signal; after one, end the process from here unless it has ended before."""
    with receiver:
        first = _next(receiver)
        if first is None:
            return
        ends_at = time.monotonic() + END_WITHIN_S
        ask(first)
        second = _next(receiver, ends_at)
        if second is None:
            time.sleep(max(0.0, ends_at - time.monotonic()))
        # Without a second signal: 0, as for a process that ended on request.
        os._exit(0 if second is None else 128 + second)


def _next(receiver: socket.socket, until: float | None = None) -> int | None:
    """The next SIGTERM or SIGINT. `None`: none came until then, or signals are not ours any more."""
    while True:
        receiver.settimeout(None if until is None else max(0.001, until - time.monotonic()))
        try:
            number = receiver.recv(1)
        except TimeoutError:
            return None
        if not number:
            return None
        if number[0] in _STOPS:
            return number[0]
