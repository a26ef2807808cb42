"""What tests of workers in trouble share: to bring a worker into it, and to see what became of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from monarch.sandbox.control.views import StateView
from monarch.sandbox.fleet import GROUP, pid_of
from monarch.sandbox.judge.findings import Findings, judge
from scripts.fleet_machine.fleet import SOURCE, Fleet

Process = subprocess.Popen[bytes]

LEASE_S = 15
"""The shortest that the settings allow."""

QUICK = {"MONARCH_LEASE_SECONDS": str(LEASE_S), "MONARCH_WRITES_AT_ONCE": "100"}
"""So that a worker that keeps its place among the writes keeps no other target from being written."""

EXIT_WITHIN_S = 10
"""A worker ends within so many seconds of SIGTERM."""

PROGRAM = (sys.executable, "-m", "scripts.fleet_machine.troubled_worker")


def start_troubled(fleet: Fleet, trouble: str, **settings: str) -> Process:
    """Start a worker that gets into trouble (see `troubled_worker`), and return it once it hears the channel."""
    with _troubled(fleet):
        return fleet.start(TROUBLE=trouble, **{**QUICK, **settings})


def spawn_troubled(fleet: Fleet, troubles: Iterable[str], **settings: str) -> list[Process]:
    """Start a worker for each trouble, and wait for none."""
    with _troubled(fleet):
        return [fleet.spawn(TROUBLE=each, **{**QUICK, **settings}) for each in troubles]


@contextmanager
def _troubled(fleet: Fleet) -> Iterator[None]:
    """Within it the fleet starts troubled workers."""
    usual, fleet.program = fleet.program, PROGRAM
    try:
        yield
    finally:
        fleet.program = usual


def is_frozen(worker: Process) -> bool:
    """Whether a process is stopped by SIGSTOP, as the kernel says."""
    stat = (Path("/proc") / str(worker.pid) / "stat").read_text(encoding="ascii")
    return stat.rpartition(")")[2].split()[0] == "T"


def thaw(worker: Process) -> None:
    """Let a frozen process go on."""
    worker.send_signal(signal.SIGCONT)


def begin_stop(workers: Iterable[Process]) -> Callable[[], list[int]]:
    """SIGTERM; what is returned waits until all have ended, in time, and gives their exit codes.

    A worker is not blamed for a time in which it was ready to go on and had no core to do so. What wants less than the
    worker (`nice`) takes none from it.
    """
    waited = {worker: _waited_for_a_core_s(worker) for worker in workers}
    asked_at = time.monotonic()
    for worker in waited:
        worker.send_signal(signal.SIGTERM)

    def codes() -> list[int]:
        for worker, before_s in waited.items():
            os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
            seconds = time.monotonic() - asked_at
            excused_s = _waited_for_a_core_s(worker) - before_s
            assert seconds - excused_s < EXIT_WITHIN_S, f"{seconds:.1f} s, {excused_s:.1f} excused"
        return [worker.wait() for worker in waited]

    return codes


def stop(*workers: Process) -> list[int]:
    """SIGTERM, and wait until they have ended in time; their exit codes."""
    return begin_stop(workers)()


def _waited_for_a_core_s(worker: Process) -> float:
    """How long a process was ready to run and had no core, in seconds; it may have ended. 0 where no kernel counts it."""
    counted = Path("/proc") / str(worker.pid) / "schedstat"
    return int(counted.read_text(encoding="ascii").split()[1]) / 1e9 if counted.exists() else 0.0


def lines_of(fleet: Fleet, worker: Process, event: str) -> list[dict[str, Any]]:
    """What a worker has logged of an event."""
    lines = [line for line in fleet.log_of(worker).splitlines() if line.startswith("{")]
    found = [json.loads(line) for line in lines if f'"{event}"' in line]
    return [line for line in found if line["event"] == event]


def end_lease_of(fleet: Fleet, dead: Process, stream: str = "migrations") -> None:
    """Let the lease of a *dead* worker end now; counts stay. What waiting would do, without the wait."""
    name = f"{{monarch}}:{stream}"
    for item in fleet.client.xpending_range(name, GROUP, "-", "+", 1000):
        consumer, entry = item["consumer"], item["message_id"]
        if pid_of(consumer) == dead.pid:
            # Its own count is given again, or claiming would count one more.
            count = item["times_delivered"]
            fleet.client.xclaim(
                name, GROUP, consumer, 0, [entry], idle=86_400_000, retrycount=count, justid=True
            )


def judged(fleet: Fleet, state: StateView, targets: Iterable[str]) -> Findings:
    """Judge targets by the stand-in's ground truth, and whether Monarch knows what is wrong."""
    found = [event for event in fleet.events() if event["event"] == "stray.found"]
    strays = {(one["migration"].rpartition(":")[2], int(one["number"])) for one in found}
    return judge(state, SOURCE, targets, strays)


def seconds_of(line: dict[str, Any]) -> float:
    """When a line was logged, in seconds since 1970."""
    return datetime.fromisoformat(line["timestamp"]).timestamp()
