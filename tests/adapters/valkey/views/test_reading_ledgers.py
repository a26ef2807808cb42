"""What is on record of a target, for those who only look: read from a real Valkey, and nothing written to it."""

from collections.abc import Awaitable
from typing import cast

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.core.ids import TargetId, TicketId
from monarch.core.target.step import CreatedAs, Refused
from monarch.ports import StoreError

TARGET = TargetId(7)
KEYS = Keys("ledgers")


async def test_a_target_that_nobody_has_written_to_has_an_empty_ledger(client: Valkey) -> None:
    """With the server's time, and nothing of it is there afterwards."""
    found = await RequestReader(client, KEYS).ledger(TARGET)

    seconds, _ = await client.time()
    assert (found.records, found.is_busy) == ({}, False)
    assert abs(found.now_ms - int(seconds) * 1000) < 60_000
    assert await client.keys() == []


async def test_what_is_on_record_is_read_as_the_workers_read_it(client: Valkey) -> None:
    """And whether one of them writes to the target right now."""
    fields = {"101": "created #5 1000", "102": "refused 1 2000 no", "nobody": "created #6 1000"}
    await cast("Awaitable[int]", client.hset(KEYS.ledger(TARGET), mapping=fields))
    await client.set(KEYS.target(TARGET), "somebody")

    found = await RequestReader(client, KEYS).ledger(TARGET)

    assert found.records == {
        TicketId(101): CreatedAs(5, 1000),
        TicketId(102): Refused(1, 2000, "no"),
    }
    assert found.is_busy


async def test_a_ledger_that_is_none_is_a_store_error_that_names_its_key(client: Valkey) -> None:
    """Never an empty one: absence would be concluded from it. People must find it, and not the command that met it."""
    await client.set(KEYS.ledger(TARGET), "no hash")

    with pytest.raises(StoreError, match="reading a ledger") as caught:
        await RequestReader(client, KEYS).ledger(TARGET)

    assert f", in {KEYS.ledger(TARGET)}: " in str(caught.value)
    assert "WRONGTYPE" in str(caught.value)
    assert "pipeline" not in str(caught.value)
