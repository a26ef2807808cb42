"""The worker of the edges: `monarch run`, in a process whose clock is wrong and whose open files are few.

The surroundings say by how many seconds the clock is ahead (`CHAOS_CLOCK_AHEAD_S`, negative: behind). It is put wrong
here, below everything that Monarch loads, so that the program itself has no such setting. Files are limited to what a
process gets by default: the machine that plays the strangers needs more.
"""

import os
import resource
import time

OPEN_FILES = 1024


def put_clock_ahead(seconds: int) -> None:
    """From now on this process thinks that it is later, wherever it asks `time`."""
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + seconds
    time.time_ns = lambda: real_ns() + seconds * 1_000_000_000


def limit_files() -> None:
    """Give this process as many files as it gets where nobody has raised the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))


if __name__ == "__main__":
    limit_files()
    put_clock_ahead(int(os.environ.pop("CHAOS_CLOCK_AHEAD_S", "0")))
    from monarch.__main__ import main

    main()
