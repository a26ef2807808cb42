"""The stand-in as a child process: started, found, stopped; it does not outlive its parent.

The child holds the reading end of a pipe as its standard input. When the parent dies, for any
reason, the kernel closes the other end and the child ends on its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monarch.sandbox.control.client import SandboxClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STOP_WITHIN_S = 30.0
"""Idle, it takes a tenth of a second; where others want the cores, a Python takes many seconds to end."""


class StartError(Exception):
    """The stand-in ended before it was ready; its own words are on standard error."""


@dataclass(frozen=True)
class SandboxProcess:
    """A stand-in that is running."""

    process: subprocess.Popen[bytes]
    base_url: str

    @property
    def github_url(self) -> str:
        """Return what ``GITHUB_API_URL`` has to be."""
        return f"{self.base_url}/github"

    @property
    def slack_url(self) -> str:
        """Return what ``SLACK_API_URL`` has to be."""
        return f"{self.base_url}/slack/api/"


def start_sandbox(port: int = 0) -> SandboxProcess:
    """Start a stand-in and return once it listens; port 0 takes a free one.

    Blocks for about half a second, until the child says that it is ready.
    """
    command = [sys.executable, "-m", "monarch.sandbox.server", "--with-parent"]
    process = subprocess.Popen(  # noqa: S603  # our own module, no shell
        [*command, "--port", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        status = process.wait()
        _close_pipes(process)
        raise StartError(f"the stand-in ended with {status}")
    return SandboxProcess(process, json.loads(line)["base_url"])


def stop_sandbox(sandbox: SandboxProcess) -> None:
    """Stop a stand-in and wait until it is gone; stopping twice is fine."""
    process = sandbox.process
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _close_pipes(process)


@asynccontextmanager
async def running_sandbox(port: int = 0) -> AsyncIterator[SandboxClient]:
    """Run a stand-in for the length of a ``with`` block and give its client."""
    sandbox = start_sandbox(port)
    try:
        async with SandboxClient(sandbox.base_url) as client:
            yield client
    finally:
        stop_sandbox(sandbox)


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
