"""Order under a ceiling: a large request and many small ones of another cohort get what their shares give them."""

import anyio
import pytest

from monarch.core.budget.ceilings import Ceilings
from monarch.core.budget.forecast import Load, forecast_s
from monarch.core.ids import RequestId
from tests.stages.house import House

SCARCE = Ceilings(per_minute=40, per_hour=0, interval_ms=1000, at_once=1)
LARGE, SMALL = 72, 3


def a_house() -> House:
    """A large template and a small one."""
    house = House(SCARCE)
    house.github.add("org/large", *(f"Large {n}" for n in range(LARGE)))
    house.github.add("org/small", *(f"Small {n}" for n in range(SMALL)))
    return house


async def ends(house: House, requests: list[RequestId], workers: int) -> dict[RequestId, float]:
    """Run so many workers until all is done; when each request ended, in seconds."""
    ended: dict[RequestId, float] = {}

    async def watch() -> None:
        while len(ended) < len(requests):
            await house.store.until_changed()
            for one in requests:
                if one not in ended and house.store.requests[one].get("state") == "done":
                    ended[one] = anyio.current_time()

    with anyio.fail_after(24 * 3600):
        async with anyio.create_task_group() as fleet:
            for n in range(workers):
                fleet.start_soon(house.worker(f"worker-{n}").run, watch)
    return ended


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_large_request_is_not_overtaken_by_thirty_small_ones(workers: int) -> None:
    """It was told a minute, took 248 s instead of 110, and ended last of all; now it takes no more than every second write."""
    house = a_house()
    house.github.add("org/old")
    old = house.publish("org/old", source="org/large")
    news = []
    for n in range(30):
        house.github.add(f"org/new-{n}")
        news.append(house.publish(f"org/new-{n}", source="org/small"))
    share_s = forecast_s(Load(0, (), SCARCE), 2 * LARGE)

    began = anyio.current_time()
    ended = await ends(house, [old, *news], workers)

    assert ended[old] - began <= 1.15 * share_s
    assert sum(ended[new] < ended[old] for new in news) <= LARGE // SMALL + 3
    assert max(ended.values()) - began <= 1.15 * forecast_s(Load(0, (), SCARCE), LARGE + 30 * SMALL)


async def test_small_requests_that_keep_coming_do_not_starve_a_large_one() -> None:
    """One every three seconds takes all that the ceiling allows, for as long as it goes on."""
    house = a_house()
    house.github.add("org/old")
    old = house.publish("org/old", source="org/large")
    share_s = forecast_s(Load(0, (), SCARCE), 2 * LARGE)
    news: list[RequestId] = []

    async def watch() -> None:
        while house.store.requests[old].get("state") != "done":
            with anyio.move_on_after(3):
                await anyio.sleep_forever()
            name = f"org/new-{len(news)}"
            house.github.add(name)
            news.append(house.publish(name, source="org/small"))

    with anyio.fail_after(3600):
        await house.worker().run(watch)

    assert anyio.current_time() <= 1.15 * share_s + 10
    assert len(news) > 20
