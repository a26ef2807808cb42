"""The demo shows what it promises, says so with its exit status, and leaves no process behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A demo that has just been started, with output that is no terminal."""
    # Whatever the shell of whoever runs the tests says of a real installation must not matter.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "GH_PAT": "real"}
    process = subprocess.Popen(
        [sys.executable, "-m", "monarch", "demo"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def left_behind(folder: Path) -> list[str]:
    """The processes that work in a folder of the demo."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in str((process / "cwd").readlink()):
                found.append((process / "cmdline").read_text(encoding="utf-8"))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


@pytest.mark.slow
def test_both_acts_end_well(demo: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """All copies of both requests, one worker killed, nothing lost or doubled: exit 0."""
    said, _ = demo.communicate(timeout=140)

    assert demo.returncode == 0, said
    assert said.count("36 copies: 0 lost, 0 doubled, 0 altered, in order") == 2
    assert said.index("SIGKILL for worker") < said.index("took over demo-school/team-elm")
    # The card and its first ending after act one; that ending is shown again below the card of both.
    assert said.count("done, 12 tickets for 3 repositories") == 3
    assert said.count("done, 12 tickets for 6 repositories") == 2
    assert not left_behind(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(
    demo: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C in the middle: exit 130, and no process and no file is left."""
    assert demo.stdout is not None
    said = ""
    while "4 of 12" not in said:
        said = demo.stdout.readline()
        assert said, "the demo ended before it was interrupted"

    demo.send_signal(number)
    said, _ = demo.communicate(timeout=30)

    assert demo.returncode == 130, said
    assert "Traceback" not in said
    assert not left_behind(tmp_path)
    assert not list(tmp_path.iterdir())
