"""What all tests of the page share."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Uvicorn wants asyncio, so the page runs on nothing else."""
    return "asyncio"
