"""The worker processes: who can be expected to take something over."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.chaos_machine.workers import Worker


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """A worker whose process lives, and has said nothing so far."""
    made = Worker(0, dict, tmp_path, [], lives=1, state="up")
    made.process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    say(made, "")
    yield made
    made.kill()


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
