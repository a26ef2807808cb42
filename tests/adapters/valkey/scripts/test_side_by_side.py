"""Workers of the version before beside those of this one, on one real server: what one of them writes, the other must not misread.

The version before knew markers that name no target, and intents without `until`.
"""

import re
from collections.abc import Awaitable
from typing import cast

from monarch.core.target.permission import Granted, MustReconcile, Wish
from monarch.core.target.step import Intended
from tests.contracts.moves import FIRST, ME, TARGET, crossing, taken
from tests.contracts.worlds import World

OLDER_INTENT = re.compile(rb"intended (\d{1,15}) ([!-~]{1,100})")
"""What the version before takes for an intent; whatever else it reads, it stops at."""


async def put(world: World, key: str, **fields: str) -> None:
    """Write fields of a hash, as a worker of another version does."""
    await cast("Awaitable[int]", world.client.hset(key, mapping=fields))


async def test_an_older_worker_stops_at_an_unanswered_write_of_a_newer_one(
    world: World,
) -> None:
    """It does not know the marker that the newer one writes, so its look would show no copy, and it would make a second."""
    delivery, look = await crossing(world)

    granted = await world.ledger().permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))

    assert isinstance(granted, Granted)
    record = await cast(
        "Awaitable[bytes]", world.client.hget(world.keys.ledger(TARGET), str(FIRST))
    )
    assert record == f"intended until {granted.until_ms} {granted.nonce}".encode()
    assert OLDER_INTENT.fullmatch(record) is None


async def test_an_unanswered_write_of_an_older_worker_is_reconciled(world: World) -> None:
    """And written over only by the worker that has done that."""
    delivery, look = await crossing(world)
    ledger = world.ledger()
    await put(world, world.keys.ledger(TARGET), **{str(FIRST): f"intended {look.now_ms} older"})

    assert (await taken(world, delivery)).records == {FIRST: Intended(look.now_ms, "older")}
    unread = await ledger.permit(delivery, TARGET, ME, Wish(look.epoch, FIRST))
    assert unread == MustReconcile(Intended(look.now_ms, "older"))
    assert isinstance(
        await ledger.permit(delivery, TARGET, ME, Wish(look.epoch, FIRST, "older")), Granted
    )
