"""What `submit` has promised when it returns."""

from pathlib import Path

import pytest

from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.ports import StoreError
from scripts.fleet_machine.sentinels import WatchedValkey

KEYS = Keys("submitting")


@pytest.fixture
def anyio_backend() -> str:
    """The client needs asyncio."""
    return "asyncio"


async def test_a_submission_that_no_replica_has_is_not_called_safe(tmp_path: Path) -> None:
    """A failover would lose it: that is said, and under the same key it can be submitted again."""
    with WatchedValkey(tmp_path, careful=False) as watched:
        client = connect(watched.primary.url, "tests")
        submitter = Submitter(client, KEYS)
        first = await submitter.submit(b"{}", "once")
        watched.replica.freeze()

        with pytest.raises(StoreError, match="no replica"):
            await submitter.submit(b"{}", "again")

        watched.replica.thaw()
        again = await submitter.submit(b"{}", "again")
        assert again != first
        assert await client.xlen(KEYS.prefix + "requests") == 2
        await client.aclose()
