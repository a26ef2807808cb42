"""The contracts' real server, beside the memory."""

from tests.contracts.conftest import anyio_backend, server

__all__ = ["anyio_backend", "server"]
