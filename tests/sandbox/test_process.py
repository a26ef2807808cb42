"""The stand-in as a process of its own: ready when it says so, gone when its parent is."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.faults import HangBefore
from monarch.sandbox.process import StartError, running_sandbox, start_sandbox, stop_sandbox
from tests.sandbox.world import a_seed

if TYPE_CHECKING:
    from pathlib import Path

ENDS_WITHIN_S = 30
PARENT = """
import os, signal
from monarch.sandbox.process import start_sandbox
sandbox = start_sandbox()
print(sandbox.process.pid, sandbox.base_url, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.anyio
async def test_a_running_sandbox_serves_and_stops() -> None:
    """It listens when ``start`` returns, and stops with calls still hanging."""
    async with running_sandbox() as client:
        await client.seed(a_seed())
        fault = await client.add_fault(HangBefore(), times=None)
        async with httpx.AsyncClient(base_url=client.github_url, trust_env=False) as github:
            await _hung_up(client, github, fault)
        base_url = client.base_url

    with pytest.raises(httpx.ConnectError):
        async with SandboxClient(base_url) as late:
            await late.log()


async def _hung_up(client: SandboxClient, github: httpx.AsyncClient, fault: int) -> None:
    """Wait for an answer until the call hangs, and no longer."""
    async with anyio.create_task_group() as group:
        group.start_soon(github.get, "user")
        assert await client.wait(fault=fault, pending=1)
        group.cancel_scope.cancel()


def test_stopping_twice_is_fine_and_a_taken_port_is_told() -> None:
    """The second one on a port does not pretend to be ready."""
    first = start_sandbox()
    port = int(first.base_url.rpartition(":")[2])
    try:
        assert (first.github_url, first.slack_url) == (
            f"{first.base_url}/github",
            f"{first.base_url}/slack/api/",
        )
        with pytest.raises(StartError):
            start_sandbox(port)
    finally:
        stop_sandbox(first)
        stop_sandbox(first)

    assert first.process.returncode == 0


def test_it_does_not_outlive_a_parent_that_was_killed() -> None:
    """The parent has no time to say goodbye; its end of the pipe closes all the same."""
    parent = subprocess.run(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, check=False, timeout=ENDS_WITHIN_S
    )
    _, base_url = parent.stdout.decode().split()

    assert parent.returncode == -9
    assert _is_gone(base_url)


def _is_gone(base_url: str) -> bool:
    """Wait with a call that only ends when the stand-in does."""
    try:
        httpx.get(
            f"{base_url}/_sandbox/wait?calls=1&timeout_seconds=60",
            trust_env=False,
            timeout=ENDS_WITHIN_S,
        )
    except httpx.ConnectError:
        return True
    except httpx.TimeoutException:
        return False
    return True


def test_the_port_file_says_what_standard_output_says(tmp_path: Path) -> None:
    """For those who cannot read the output; SIGTERM ends it."""
    port_file = tmp_path / "port.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "monarch.sandbox.server", "--port-file", str(port_file)],
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        written = port_file.read_bytes() if port_file.exists() else b""
        process.terminate()

    assert written == line
    assert json.loads(line)["base_url"].startswith("http://127.0.0.1:")
    assert process.returncode == 0
