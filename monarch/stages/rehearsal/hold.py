"""A lease that does not end and a clock that jumps: a dry run waits for nothing."""

from monarch.core.delivery import Delivery
from monarch.stages.lease import Hold


class JumpingClock:
    """See `ports.Clock`: it moves only by what is slept."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """See `ports.Clock`."""
        return self._now

    def wall_ms(self) -> int:
        """See `ports.Clock`."""
        return round(1000 * self._now)

    def jump(self, seconds: float) -> None:
        """Move on by this many seconds."""
        self._now += seconds


class RehearsedHold(Hold):
    """A hold that no other worker takes away. Every wait is over at once."""

    def __init__(self, delivery: Delivery, clock: JumpingClock) -> None:
        super().__init__(delivery, clock, float("inf"), 0.0)
        self._jumping = clock

    async def sleep(self, seconds: float) -> None:
        """See `Hold.sleep`."""
        self.check()
        self._jumping.jump(seconds)
