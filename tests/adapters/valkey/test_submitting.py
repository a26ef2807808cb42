"""What `submit` has promised when it returns."""

from pathlib import Path

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.inbox import Submitter, Update
from monarch.adapters.valkey.keys import Keys
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.ports import StoreError
from scripts.fleet_machine.sentinels import WatchedValkey

KEYS = Keys("submitting")


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


@pytest.mark.parametrize("update", [None, Update("ada", (RequestId("1-0"),))])
async def test_who_asks_for_a_request_stands_in_its_event(
    client: Valkey, update: Update | None
) -> None:
    """For a copy and for an update; a request without a name leaves the field out."""
    submitter = Submitter(client, KEYS)
    asked = await submitter.submission(b"{}", "named", update=update, by="" if update else "ada")
    again = await submitter.submission(b"{}", "named", update=update, by="" if update else "grace")
    await submitter.submission(b"{}", "unnamed")

    events = [fields for _, fields in await client.xrange(KEYS.events)]
    [(_, entry), _] = await client.xrange(KEYS.stream(Stream.REQUESTS))

    assert [one.get(b"by") for one in events] == [b"ada", None]
    assert (again.request, again.is_new) == (asked.request, False)
    assert entry.get(b"act") == (b"update" if update else None)
