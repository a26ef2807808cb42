"""The program as a child process over the stand-in: it sees no real installation and does not outlive its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from monarch.sandbox.valkey import dying_with_parent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH")


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """What a process needs to know about this machine, and these settings."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, **environment, "PYTHONPATH": str(ROOT)}


def start_program(
    module: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a module with its arguments, in the folder of its log."""
    return start([sys.executable, "-m", *module], surroundings(environment), log)


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    folder: Path | None = None,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command with nothing but this environment, in a folder or else in that of its log, perhaps as a user.

    It has a session of its own: Ctrl-C goes to the program that started it, which then ends it.
    """
    with log.open("wb") as file:
        return subprocess.Popen(  # noqa: S603  # our own program, no shell
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=folder or log.parent,
            user=user,
            start_new_session=True,
            preexec_fn=dying_with_parent(),  # noqa: PLW1509  # calls one prepared C function
        )
