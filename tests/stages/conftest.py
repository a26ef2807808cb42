"""Trio with a clock that jumps to whatever is due next."""

import pytest
from trio.testing import MockClock

from tests.stages.house import House


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, MockClock]]:
    """A task that waits for time alone does not wait."""
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@pytest.fixture
def house() -> House:
    """An installation without work."""
    return House()
