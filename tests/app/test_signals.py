"""Signals: a process ends in time, whatever its event loop is stuck in."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monarch.sandbox.program import ROOT

PROGRAM = """
import ctypes, os, sys, threading
import anyio
from monarch.app import signals

signals.END_WITHIN_S = float(sys.argv[1])

def say(what):
    print(what, flush=True)

def spin():
    while True:
        pass

def read_what_never_comes():
    os.read(os.pipe()[0], 1)

def write_what_nobody_reads():
    end = os.pipe()[1]
    while True:
        os.write(end, bytes(65536))

def wait_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

def wait_where_no_signal_interrupts():
    mutex = ctypes.create_string_buffer(256)
    library = ctypes.CDLL(None)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)

async def main():
    with signals.stopped_by_signals(lambda reason: say(f"stops for {reason}")):
        say("ready")
        if sys.argv[2] != "sleep":
            globals()[sys.argv[2]]()
        await anyio.sleep_forever()

async def close():
    with signals.stopped_by_signals(lambda _: stopped.set()):
        stopped = anyio.Event()
        say("ready")
        await stopped.wait()
    wait_for_a_lock()

anyio.run(close if sys.argv[2] == "close" else main, backend_options={"use_uvloop": True})
"""
SOON_S, NEVER_S = 0.1, 10_000.0
HANGS_S = 60
"""Whatever takes longer has not ended, on a busy machine too."""


@contextmanager
def running(end_within_s: float, doing: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that heeds signals, and has got so far that it does something."""
    arguments = [sys.executable, "-c", PROGRAM, str(end_within_s), doing]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert line_of(process) == "ready"
            yield process
        finally:
            process.kill()


def line_of(process: "subprocess.Popen[str]") -> str:
    """The next line that it says."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    "doing",
    [
        "sleep",
        "spin",
        "read_what_never_comes",
        "write_what_nobody_reads",
        "wait_for_a_lock",
        "wait_where_no_signal_interrupts",
        "close",
    ],
)
def test_a_process_whose_loop_is_stuck_ends_in_time_too(doing: str) -> None:
    """A log that no process reads any more held up the very loop that was to notice the signal.

    A main thread that never again runs an instruction of Python held up the handler, too: so did one that went to wait
    for a lock in the moment in which the signal came.
    """
    with running(SOON_S, doing) as process:
        process.send_signal(signal.SIGTERM)

        assert process.wait(HANGS_S) == 0


@pytest.mark.parametrize("doing", ["sleep", "wait_for_a_lock", "wait_where_no_signal_interrupts"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_ends_it_at_once(doing: str, number: signal.Signals) -> None:
    """Also where the loop has not noticed the first one. Two that come at once are one to the system."""
    other = signal.SIGINT if number is signal.SIGTERM else signal.SIGTERM
    with running(NEVER_S, doing) as process:
        process.send_signal(other)
        process.send_signal(number)

        assert process.wait(HANGS_S) in {128 + number, 128 + other}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_it_to_stop(number: signal.Signals) -> None:
    """In its loop, and by the signal's name."""
    with running(NEVER_S, "sleep") as process:
        process.send_signal(number)

        assert line_of(process) == f"stops for {number.name}"
        assert process.poll() is None
