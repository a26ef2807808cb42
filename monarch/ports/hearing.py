"""How a worker hears. Apart from what people read: a worker tells it, and does without those."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """A worker did not hear the channel, as far as it can tell; both in milliseconds since 1970."""

    since_ms: int
    until_ms: int
