"""A real server beside the memory."""

from collections.abc import Iterator

import pytest

from monarch.sandbox.valkey import EmbeddedValkey


@pytest.fixture
def anyio_backend() -> str:
    """The Valkey client needs asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A real server; what the disk does is not the point here."""
    options = {"appendonly": "no", "appendfsync": "no"}
    with EmbeddedValkey(tmp_path_factory.mktemp("memory"), options=options) as running:
        yield running
