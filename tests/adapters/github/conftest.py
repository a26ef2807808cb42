"""What the tests of the adapter share."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The raw server is asyncio's."""
    return "asyncio"
