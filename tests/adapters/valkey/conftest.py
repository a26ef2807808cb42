"""A real server for what only a real server can show."""

from collections.abc import Iterator

import pytest

from monarch.sandbox.valkey import EmbeddedValkey


@pytest.fixture
def anyio_backend() -> str:
    """The Valkey client needs asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A server that nobody stops."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running
