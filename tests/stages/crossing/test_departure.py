"""Time counts from departure: whatever lies between a permission and the bytes, nothing is doubled and it ends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from monarch.core.outcome import Unknown
from monarch.core.timing import LONGEST_LIFE_MS, PERMISSION_LIFE_MS, SETTLING_MS, WRITE_DEADLINE_S
from scripts.memory.client import Answer, Command, Passage, undisturbed
from tests.contracts.doubles.clock import WALL_MS
from tests.contracts.doubles.faults import Fault
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.house import SOURCE, TEAM_A, House, Worker

TITLES = ["One", "Two", "Three", "Four"]
SELDOM = replace(NO_CEILINGS, interval_ms=7_000)
"""Longer between two writes than a connection is kept open."""

TLS_S, SLOW_DISK_S = 2.8, 4.5
LATEST_S = SETTLING_MS / 1000 - 0.01
LATE = Fault(
    Unknown("no answer within 10 s"),
    takes_effect=True,
    after_s=WRITE_DEADLINE_S,
    late_s=LATEST_S - WRITE_DEADLINE_S,
)
"""GitHub does it as late as it may, counted from when the bytes left."""


class SlowPermits:
    """Permissions take so many seconds to arrive: the store acts at once, and its answer takes its time.

    `granted` is every one, in order: from when to when it holds, in ms.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.granted: list[tuple[int, int]] = []

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        reply = await answer()
        if command.name == "permit":
            if reply[0] == b"granted":
                self.granted.append((reply[1], reply[1] + command.document["life_ms"]))
            await anyio.sleep(self._seconds)
        return reply


def a_house(**settings: Any) -> House:
    """A template with four tickets and one team."""
    house = House(**settings)
    house.github.add(SOURCE, *TITLES)
    house.github.add(TEAM_A)
    return house


async def run(house: House, passage: Passage = undisturbed) -> None:
    """One worker, until there is nothing to be done."""
    with anyio.fail_after(24 * 3600):
        await house.worker(passage=passage).run(house.until_quiet)


@pytest.mark.parametrize("lease_s", [20.0, 60.0, 600.0])
@pytest.mark.parametrize("gap_s", [0.0, 0.99, TLS_S, SLOW_DISK_S])
@pytest.mark.parametrize("connects", [False, True], ids=["slow-permit", "slow-connection"])
async def test_github_acting_20_s_after_departure_doubles_nothing(
    lease_s: float, gap_s: float, *, connects: bool
) -> None:
    """Not 20 s after the intent: whatever lies between the two is waited for as well."""
    house = a_house(ceilings=SELDOM)
    house.lease_s = lease_s
    house.github.connects_in_s = gap_s if connects else 0.0
    house.github.faults.at("create_issue", 2, LATE)
    request = house.publish(TEAM_A)

    await run(house, undisturbed if connects else SlowPermits(gap_s))

    assert house.github.titles(TEAM_A) == TITLES
    assert house.state(request) == "done"
    assert "stray.found" not in house.events


@pytest.mark.parametrize("gap_s", [0.0, 0.99, SLOW_DISK_S])
async def test_whoever_takes_over_waits_from_departure_too(gap_s: float) -> None:
    """The first look of a resumed migration counts from the same moment: the intent on record names it."""
    house = a_house()
    house.github.faults.at("create_issue", 2, LATE)
    request = house.publish(TEAM_A)

    dying: Worker = house.worker("dying", passage=SlowPermits(gap_s))
    with anyio.move_on_after(3600):
        await dying.run(lambda: _until(lambda: len(house.github.departures) == 2))
    await run(house)

    assert house.github.titles(TEAM_A) == TITLES
    assert house.state(request) == "done"


async def _until(holds: Callable[[], bool]) -> None:
    """Until something is so, looked at ten times a (virtual) second."""
    while not holds():
        with anyio.move_on_after(0.1):
            await anyio.Event().wait()


@pytest.mark.parametrize(
    ("permit_s", "connect_s", "life_ms"),
    [
        (0.0, 0.0, PERMISSION_LIFE_MS),
        (0.99, 0.0, PERMISSION_LIFE_MS),
        (0.0, TLS_S, 2 * PERMISSION_LIFE_MS),
        (1.5, TLS_S, 2 * PERMISSION_LIFE_MS),
        (SLOW_DISK_S, 0.0, LONGEST_LIFE_MS),
        (SLOW_DISK_S, TLS_S, LONGEST_LIFE_MS),
    ],
)
async def test_the_slowest_allowed_path_from_the_intent_to_the_bytes(
    permit_s: float, connect_s: float, life_ms: int
) -> None:
    """The bytes leave within the life of the permission that they leave under, and they do leave."""
    house, permits = a_house(ceilings=SELDOM), SlowPermits(permit_s)
    house.github.connects_in_s = connect_s
    request = house.publish(TEAM_A)

    await run(house, permits)

    assert house.state(request) == "done"
    assert house.github.titles(TEAM_A) == TITLES
    for left in house.github.departures:
        left_ms = WALL_MS + left * 1000
        at_ms, until_ms = max(granted for granted in permits.granted if granted[0] <= left_ms)
        assert left_ms <= until_ms
        assert until_ms - at_ms <= life_ms


async def test_a_slow_valkey_is_neither_stalled_on_nor_asked_in_a_hurry() -> None:
    """Three permissions are lost until one lives long enough; from then on none is."""
    house, permits = a_house(), SlowPermits(SLOW_DISK_S)
    house.publish(TEAM_A)

    await run(house, permits)

    assert len(permits.granted) == 3 + len(TITLES)


async def test_a_worker_that_is_never_in_time_says_so() -> None:
    """It ends as a counted failure, with the reason; nothing has left."""
    house = a_house()
    request = house.publish(TEAM_A)

    await run(house, SlowPermits(LONGEST_LIFE_MS / 1000 + 0.5))

    assert house.state(request) == "failed"
    assert house.github.titles(TEAM_A) == []
    (letter,) = house.store.dead
    assert letter["code"] == "out_of_attempts"
    assert "permissions to write in a row were older than 5 s" in letter["reason"]
