"""The worker processes: who can be expected to take something over, and how one ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from monarch.sandbox.program import ROOT
from scripts.chaos_machine import workers
from scripts.chaos_machine.workers import Worker


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """A worker whose process lives, and has said nothing so far."""
    made = Worker(0, lambda _: {}, tmp_path, [], lives=1, state="up")
    made.process = idle()
    say(made, "")
    yield made
    made.kill()


def idle() -> "subprocess.Popen[bytes]":
    """A process that does nothing, and ends when it is asked to."""
    return subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])


def say(worker: Worker, line: str) -> None:
    """A line of its log."""
    with (worker.logs / f"{worker.name}.log").open("a", encoding="utf-8") as log:
        log.write(line + "\n")


def test_a_process_that_loads_its_modules_is_no_worker_however_long_it_takes(
    worker: Worker,
) -> None:
    """On a busy machine that is ten seconds: there is nobody to take anything over, and so nobody is late."""
    say(worker, '{"event": "something else"}')
    before = worker.works
    say(worker, '{"event": "worker.started"}')

    assert (before, worker.works) == (False, True)


def test_a_new_life_has_yet_to_start(worker: Worker) -> None:
    """What the one before it said does not count."""
    say(worker, '{"event": "worker.started"}')
    before = worker.works
    worker.lives = 2
    say(worker, "")

    assert (before, worker.works) == (True, False)


def test_a_frozen_worker_does_not_work_nor_one_that_has_just_thawed(worker: Worker) -> None:
    """Its connections are dead, and it has to find that out."""
    say(worker, '{"event": "worker.started"}')
    worker.freeze()
    frozen = worker.works
    worker.thaw()

    assert (frozen, worker.works) == (False, False)


def test_the_edges_put_a_workers_clock_wrong_and_limit_its_files() -> None:
    """In its own process, below everything that it loads."""
    program = """
import resource, time
from scripts.chaos_machine.worker_entry import limit_files, put_clock_ahead
before = time.time()
put_clock_ahead(600)
limit_files()
print(600 <= time.time() - before < 700, 600 <= time.time_ns() / 1e9 - before < 700)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 1024)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert ran.stdout.split() == ["True", "True", "True"]


def test_a_worker_tells_how_much_memory_it_has_had(worker: Worker) -> None:
    """Or 0, where there is no process."""
    lively = worker.peak_mib()
    worker.kill()

    assert lively > 0
    assert worker.peak_mib() == 0


STUBBORN = """
import signal, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def hang_in_a_story():
    print("ready", flush=True)
    threading.Event().wait()
hang_in_a_story()
"""


def be_stubborn(worker: Worker) -> None:
    """A process in place of the worker's that does not heed SIGTERM, and has got so far."""
    worker.kill()
    worker.state = "up"
    with (worker.logs / f"{worker.name}.log").open("wb") as log:
        worker.process = subprocess.Popen(
            [sys.executable, "-c", STUBBORN],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        )
    assert worker.process.stdout is not None
    with worker.process.stdout as said:
        assert said.readline() == b"ready\n"


async def test_a_stop_leaves_alone_the_life_that_somebody_else_has_begun_meanwhile(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed 8: a newcomer was killed a minute after its predecessor had been asked to end, and the product was blamed."""
    old = worker.process
    assert old is not None
    heir = idle()

    def begun_by_another_hand(_: float) -> None:
        old.kill()
        worker.lives, worker.process, worker.state = 2, heir, "up"

    monkeypatch.setattr(worker, "_signal", begun_by_another_hand)
    monkeypatch.setattr(workers, "GIVE_UP_S", 1.0)
    await worker.stop()

    assert heir.poll() is None
    assert worker.state == "up"
    assert [(one.worker, one.code) for one in worker.exits] == [("worker-0.1", -9)]


@pytest.mark.parametrize("is_frozen", [False, True])
async def test_a_worker_that_does_not_end_says_where_it_hangs(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, *, is_frozen: bool
) -> None:
    """Otherwise its log just stops, and nobody can tell what held it up."""
    be_stubborn(worker)
    if is_frozen:
        worker.freeze()
        await anyio.to_thread.run_sync(os.waitid, os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)
    monkeypatch.setattr(workers, "GIVE_UP_S", 0.0)
    monkeypatch.setattr(workers, "DUMP_WITHIN_S", 60.0)
    await worker.stop()

    log = (worker.logs / f"{worker.name}.log").read_text()
    assert "in hang_in_a_story" in log
    assert ("(stopped)" in log) is is_frozen
    assert worker.state == "down"
