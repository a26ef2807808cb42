"""In which order parked work comes back, on a real server."""

from typing import Any, cast

from monarch.core.budget.line import padded
from monarch.core.delivery import Stream
from tests.contracts.worlds import World

PLACES = dict.fromkeys(Stream, 4)


async def test_of_more_than_one_sweep_promotes_the_oldest_requests_come_first(
    world: World,
) -> None:
    """What a full window parked comes due within a second, in whatever order its workers came."""
    packed = '{"stream": "migrations", "fields": ["request", "%d-0", "target", "org/a"]}'
    client: Any = world.client
    for age in range(250):
        member = f"{padded(f'{age + 1}-0')}:migrations:0000:org/a"
        await client.zadd(world.keys.parked, {member: 1000 - age})
        await client.hset(world.keys.parked_entries, member, packed % (age + 1))

    swept = await world.streams().sweep(PLACES)

    entries = await client.xrange(world.keys.stream(Stream.MIGRATIONS))
    order = [
        int(cast("dict[bytes, bytes]", fields)[b"request"].split(b"-")[0]) for _, fields in entries
    ]
    assert swept.promoted == 100
    assert order == list(range(1, 101))
