"""A fleet for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fleet_machine.fleet import Fleet, a_fleet


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    """An empty Valkey and an empty stand-in, and workers as the test starts them."""
    with EmbeddedValkey(tmp_path / "valkey") as server:
        async with running_sandbox() as sandbox:
            with a_fleet(server, sandbox, tmp_path) as fleet:
                yield fleet
