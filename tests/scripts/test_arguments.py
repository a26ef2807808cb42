"""The programs in scripts/ refuse what they do not understand before they do anything."""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.amounts import count, length

ROOT = Path(__file__).parent.parent.parent


def run(*command: str, folder: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    """As a person does it, in a session of its own."""
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | more,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("scripts/check --nope", "check: expected --fix; got --nope"),
        ("scripts/commands extra", "commands: expected no argument; got extra"),
        ("scripts/descriptions x", "descriptions: expected no argument; got x"),
        ("scripts/lock --nope", "lock: expected --upgrade; got --nope"),
        ("scripts/lock --upgrade-package", "lock: expected --upgrade; got --upgrade-package"),
        ("scripts/rollout --nope", "rollout: expected --no-build; got --nope"),
        ("scripts/bench nope", "bench: there is no benchmark nope"),
        ("scripts/bench ../house_rules", "bench: there is no benchmark ../house_rules"),
        ("scripts/bench _", "bench: there is no benchmark _"),
        ("scripts/bench budget --only nope", "argument --only: no case has 'nope' in its name"),
        ("scripts/chaos --minutes -1", "expected a number above 0, at most 10,000,000; got '-1'"),
        ("scripts/chaos --only nope", "argument --only: expected kinds of this run"),
        ("scripts/bench zombies --runs 0", "expected a whole number, 1 to 10,000,000; got '0'"),
        ("scripts/bench fairness --teams x", "expected a whole number, 1 to 10,000,000; got 'x'"),
        ("scripts/bench page --seconds nan", "expected a number above 0, at most 10,000,000"),
    ],
)
def test_what_a_script_does_not_understand_is_refused(command: str, said: str) -> None:
    """Chaos of minus one minute ran on without a word, and `scripts/lock --nope` had changed three files."""
    before = [file.read_bytes() for file in sorted(ROOT.glob("*.lock"))]
    ended = run(*command.split())

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "usage: " in ended.stderr
    assert [file.read_bytes() for file in sorted(ROOT.glob("*.lock"))] == before


@pytest.mark.parametrize("name", ["check", "commands", "descriptions", "lock", "rollout"])
def test_a_script_says_what_it_is_for(name: str) -> None:
    """`-h` prints its head and does nothing."""
    ended = run(f"scripts/{name}", "--help")

    assert ended.returncode == 0
    assert ended.stdout.startswith(f"usage: scripts/{name}")
    assert len(ended.stdout.splitlines()) > 2


def test_a_rollout_without_compose_says_what_is_missing(tmp_path: Path) -> None:
    """It printed docker's own error, or nothing."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexit 125\n", encoding="utf-8")
    docker.chmod(0o755)
    ended = run("scripts/rollout", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert ended.returncode == 1
    assert (
        ended.stderr
        == "rollout: needs Docker with Compose 2, and found none; nothing was changed\n"
    )


def test_a_rollout_to_no_number_of_workers_is_called_wrongly() -> None:
    """It ended with 1, as if a rollout had failed."""
    ended = run("scripts/rollout", MONARCH_WORKERS="some")

    assert ended.returncode == 2
    assert ended.stderr == "rollout: expected a number of workers in MONARCH_WORKERS; got some\n"


_INTERRUPTED = """#!/bin/sh
case "$*" in
*"-m venv"*) echo "Traceback (most recent call last):" >&2; kill -INT 0; exit 130 ;;
*sys.executable*) echo "$0" ;;
*) echo "Python 3.11" ;;
esac
"""


def test_an_interrupted_set_up_is_begun_again(tmp_path: Path) -> None:
    """The old stamp had survived, so an empty .venv passed for a whole one as soon as the lock was what it was."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/_setup", tmp_path / "scripts")
    program, python = tmp_path / "scripts" / "program", tmp_path / "python"
    program.write_text('#!/usr/bin/env bash\nsource "$(dirname "$0")/_setup"\n', encoding="utf-8")
    python.write_text(_INTERRUPTED, encoding="utf-8")
    for each in (program, python):
        each.chmod(0o755)
    for name in ("requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    stamp = tmp_path / ".venv" / ".stamp"
    stamp.write_text("of another day", encoding="utf-8")

    ended = run(str(program), folder=tmp_path, PYTHON=str(python))

    assert ended.returncode == 130
    assert ended.stderr.splitlines() == [
        "setting up .venv with Python 3.11 (a minute, once)",
        "",
        "program: interrupted while .venv was set up; the next run begins again",
    ]
    assert not stamp.exists()


@given(st.integers(1, 10_000_000))
def test_counts_and_lengths_above_nothing_are_taken(number: int) -> None:
    """As they are written."""
    assert count(str(number)) == number
    assert length(str(number / 8)) == number / 8


@given(st.one_of(st.integers(max_value=0), st.integers(10_000_001), st.text()))
def test_nothing_else_is_a_count_or_a_length(given_: object) -> None:
    """Words, nothing, less than nothing, and what would never end."""
    text = str(given_)
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (text.isascii() and text.isdecimal() and 1 <= number <= 10_000_000):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number"):
            count(text)
    if not 0 < number <= 10_000_000:
        with pytest.raises(argparse.ArgumentTypeError, match="expected a number above 0"):
            length(text)
