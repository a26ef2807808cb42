"""The contracts' real server, beside the memory."""

from tests.contracts.conftest import server

__all__ = ["server"]
