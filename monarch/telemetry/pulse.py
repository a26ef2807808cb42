"""Whether this process is alive: its loops make progress and Valkey answers them.

Liveness is progress, not being up. A loop without work still progresses (its read came back empty), and
so does a loop whose places are all taken (it says so while it waits for one). Times are local and
monotonic; they are compared only with each other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pulse:
    """When each thing last happened, by `clock`, in seconds; `None`: not yet."""

    clock: Callable[[], float]
    began_at: float = field(init=False)
    message_at: float | None = field(default=None, init=False)
    loops: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.began_at = self.clock()

    def progressed(self, loop: str) -> None:
        """`loop` came round; from now on it is expected to do so."""
        self.loops[loop] = self.clock()

    def ended(self, loop: str) -> None:
        """Forget a loop that stopped on purpose."""
        self.loops.pop(loop, None)

    def heard(self) -> None:
        """The channel carried a message."""
        self.message_at = self.clock()

    def loop_ages_s(self) -> dict[str, float]:
        """How long ago each loop made progress, in seconds, by name."""
        now = self.clock()
        return {name: now - at for name, at in sorted(self.loops.items())}

    def message_age_s(self) -> float | None:
        """How long ago the last message was heard, in seconds; `None`: none since the start."""
        return None if self.message_at is None else self.clock() - self.message_at

    def uptime_s(self) -> float:
        """How long this process has been up, in seconds."""
        return self.clock() - self.began_at
