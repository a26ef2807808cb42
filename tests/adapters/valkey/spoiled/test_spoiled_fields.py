"""A field, a member or a score that nothing of ours has written costs a reading nothing: no record can end it."""

from collections.abc import AsyncIterator
from itertools import cycle
from typing import Any, Final

import pytest

from monarch.core.moments import LATEST_MS, date_of, within_dates
from tests.adapters.valkey.spoiled.test_spoiled_listings import Night, night
from tests.contracts.worlds import World

__all__ = ["night"]
pytestmark = pytest.mark.anyio

VALUES: Final = cycle((b"zzz", b"\xff\xfe", b"999999999999999999", b"-1", b"{}", b"1.5", b""))
"""One after the other: each field meets one of them, and each kind of record all of them."""

SCORES: Final = (float("-inf"), -1.0, 1e300, float("inf"))
FIELDS: Final = (b"v", b"event", b"code", b"at", b"attempts", b"request", b"migration", b"payload")
LATEST_ID: Final = b"18446744073709551615-1"


async def _spoils(client: Any, key: bytes) -> AsyncIterator[str]:
    """Spoil one thing of the record after the other, and put it right again after each."""
    kept, kind = await client.dump(key), await client.type(key)
    for spoil in [one async for one in _commands(client, key, kind)]:
        await client.execute_command(*spoil)
        yield " ".join(map(repr, spoil))
        await client.delete(key)
        await client.restore(key, 0, kept)


async def _commands(client: Any, key: bytes, kind: bytes) -> AsyncIterator[tuple[Any, ...]]:
    match kind:
        case b"hash":
            for field in await client.hgetall(key):
                yield "HSET", key, field, next(VALUES)
                yield "HDEL", key, field
            yield "HSET", key, next(VALUES), next(VALUES)
        case b"string":
            yield "SET", key, next(VALUES)
        case b"set":
            yield "SADD", key, next(VALUES)
        case b"zset":
            for score in SCORES:
                yield "ZADD", key, score, next(VALUES)
                yield "ZADD", key, score, (await client.zrange(key, 0, 0))[0]
        case b"stream":
            for field in FIELDS:
                yield "XADD", key, "*", field, next(VALUES)
            yield "XADD", key, LATEST_ID, "payload", "{}"
        case b"none":  # it has expired meanwhile
            return
        case other:
            pytest.fail(f"{key!r} is a {other!r}: say here how it is spoiled")


async def _keys(world: World) -> list[bytes]:
    client: Any = world.client
    return sorted([key async for key in client.scan_iter(f"{world.keys.prefix}*")])


async def test_no_field_costs_a_reading(night: Night) -> None:
    """A member of `known` that is no id ended every listing, and a score without a date that of what is parked."""
    client: Any = night.world.client
    failed: list[str] = []
    spoilt = 0

    for key in await _keys(night.world):
        async for spoil in _spoils(client, key):
            spoilt += 1
            for name, reading in night.readings().items():
                try:
                    await reading()
                except Exception as error:  # noqa: BLE001 - all that fail are listed at once
                    failed.append(f"{name} after {spoil}: {error!r}")

    assert failed == [], "\n".join(failed)
    assert spoilt > len(night.requests)


@pytest.mark.parametrize("score", [*SCORES, 0.0, float(LATEST_MS)])
def test_every_moment_has_a_date(score: float) -> None:
    """Whatever a record says: beyond the year 9999 and before 1970 stands the last and the first that there is."""
    assert 1970 <= date_of(score).year <= 9999
    assert 0 <= within_dates(score) <= LATEST_MS
