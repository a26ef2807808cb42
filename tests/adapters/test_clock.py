"""The clock."""

import time
from typing import TYPE_CHECKING

from monarch.adapters.clock import BootClock

if TYPE_CHECKING:
    from monarch.ports import Clock


def test_it_only_goes_forward() -> None:
    """Two readings in a row never descend."""
    clock: Clock = BootClock()
    readings = [clock.now() for _ in range(1000)]

    assert readings == sorted(readings)


def test_it_is_ahead_of_the_monotonic_clock_by_the_sleep_of_the_machine() -> None:
    """Never behind it: Linux counts both from the start, and only one of them through sleep."""
    before = time.monotonic()

    assert BootClock().now() >= before


def test_the_wall_clock_is_in_milliseconds() -> None:
    """Since 1970."""
    before = int(time.time() * 1000)

    assert before - 1 <= BootClock().wall_ms() <= before + 60_000
