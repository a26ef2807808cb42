"""The pure parts of the budget: what the ceilings are, and what follows from them.

Who has used how much of them is the store's to say (`ports.Ledger.permit`), because the fleet shares it.
"""

from dataclasses import dataclass

LONG_WAIT_S = 30.0
"""A wait of up to this many seconds is waited in place, the lease renewed; a longer one is a snooze."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The most that one account may write; 0 stands for "no ceiling".

    GitHub's documented ones for writes that create content are the defaults: 80 a minute, 500 an hour,
    one second between them, one at a time (docs.github.com, "Rate limits for the REST API" and "Best
    practices for using the REST API").
    """

    per_minute: int = 80
    per_hour: int = 500
    interval_ms: int = 1000
    at_once: int = 1


def long_wait(wait_s: float) -> bool:
    """Whether a wait is too long to keep a place and a target busy with it."""
    return wait_s > LONG_WAIT_S
