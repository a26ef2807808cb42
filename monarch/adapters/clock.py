"""The clock that leases are measured with."""

import time

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class BootClock:
    """Seconds since the machine started, those in which it slept included (`ports.Clock`).

    A lease goes on ending while a laptop is closed or a virtual machine is frozen, so the clock that
    measures it has to go on as well: Linux's `CLOCK_BOOTTIME` does, `CLOCK_MONOTONIC` does not there.
    Elsewhere the monotonic clock has to do.
    """

    def now(self) -> float:
        """Seconds since the machine started."""
        return time.clock_gettime(_BOOTTIME)

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as this machine has it."""
        return time.time_ns() // 1_000_000
