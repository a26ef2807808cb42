"""What a whole worker without work asks of its store, by the virtual clock: commands inside of scripts count, too."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from monarch.adapters.valkey.subscriber import CANARY_EVERY_S
from tests.stages.house import House, pass_time

MOST_PER_S = 4.7
"""Five is what is promised. Its canaries, which a channel in memory needs none of, are among these."""

SETTLED_S, COUNTED_S = 60, 600


async def test_a_worker_without_work_asks_less_than_five_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it has that comes round: reads, sweeps, audits, watches."""
    house, asked = House(hears=True), Counter[str]()
    really_do = house.store.server.do

    def do(name: bytes, args: Sequence[bytes]) -> Any:
        asked[name.decode()] += 1
        return really_do(name, args)

    async def idle() -> None:
        await pass_time(SETTLED_S)
        asked.clear()
        await pass_time(COUNTED_S)

    monkeypatch.setattr(house.store.server, "do", do)
    await house.worker().run(idle)

    assert asked["XREADGROUP"] > 0
    assert asked["XAUTOCLAIM"] > 0
    assert asked.total() / COUNTED_S + 1 / CANARY_EVERY_S < MOST_PER_S, asked
