"""The catalogue of faults: what each is called, how long it lasts, and how often it is drawn. Pure."""

from dataclasses import dataclass
from typing import Final

LEASE_S: Final = 20.0
"""Monarch's default, in seconds; the machine runs with it, so that its figures are those of an installation."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes:
        shortest_s: how long it lasts at least, in seconds; 0 for what happens in a moment.
        longest_s: at most.
        often: how many times it lies in a deck.
    """

    name: str
    shortest_s: float = 0.0
    longest_s: float = 0.0
    often: int = 1


KINDS: Final = (
    # A worker: for a kill, how long it stays away.
    Kind("worker.kill", 0.2, 4.0, often=3),
    Kind("worker.term", 0.2, 3.0, often=2),
    Kind("worker.freeze_short", 1.0, 8.0, often=2),
    Kind("worker.freeze_long", LEASE_S + 1, LEASE_S + 9, often=2),
    Kind("workers.rolling_restart"),
    Kind("workers.kill_all", 0.5, 2.0),
    # Valkey, without a new epoch.
    Kind("valkey.kill_connections"),
    Kind("valkey.flush_scripts"),
    Kind("valkey.out_of_memory", 2.0, 6.0),
    # GitHub: how long the rule stays in force, or how long the answer asks to wait.
    Kind("github.lost_answer", 5.0, 15.0),
    Kind("github.bad_gateway_after", 5.0, 15.0),
    Kind("github.never_arrives", 5.0, 15.0),
    Kind("github.hangs", 5.0, 15.0),
    Kind("github.acts_late", 11.0, 15.0),
    Kind("github.cut_answer", 5.0, 15.0),
    Kind("github.failing_reads", 2.0, 6.0),
    Kind("github.lists_late", 10.0, 20.0),
    Kind("github.slow", 3.0, 8.0),
    Kind("github.secondary_limit", 3.0, 10.0),
    Kind("github.primary_limit", 3.0, 10.0),
    Kind("github.hidden_limit", 8.0, 12.0),
    # People's hands.
    Kind("people.pause", 2.0, 6.0),
    Kind("people.replay"),
    Kind("slack.failing", 3.0, 8.0),
    Kind("slack.limited", 2.0, 5.0),
    Kind("slack.lost_answer", 5.0, 15.0),
    Kind("slack.hangs", 5.0, 10.0),
)
"""What does not begin a new epoch."""

ALONE: Final = (
    Kind("valkey.kill", 0.0, 2.0),
    Kind("valkey.restart", 0.0, 1.0),
    Kind("valkey.kill", 0.0, 2.0),
    Kind("valkey.restart", 0.0, 1.0),
    Kind("valkey.flush_all"),
)
"""What begins a new epoch of one server: 25 s without a write each, by design. Two lie in a deck, in turn."""

WATCHED: Final = (
    Kind("valkey.failover_by_death", 0.0, 2.0),
    Kind("valkey.failover"),
    Kind("valkey.failover_coordinated"),
    Kind("valkey.failover_by_death", 0.0, 2.0),
    Kind("valkey.freeze", 4.0, 8.0),
    Kind("valkey.flush_all"),
)
"""The same for a server that Sentinels watch; one that is frozen for longer than they wait comes back as a replica."""

BESIDE_ALONE: Final = (Kind("valkey.pause", 1.0, 5.0), Kind("valkey.freeze", 4.0, 8.0))
"""What happens to one server alone, and begins no epoch."""

BESIDE_WATCHED: Final = (
    Kind("valkey.pause_short", 0.5, 1.5),
    Kind("valkey.replica_killed", 1.0, 8.0),
    Kind("valkey.sentinel_killed", 1.0, 8.0),
)
"""What happens to a watched one, and begins none: a longer pause would be taken for its death."""

EPOCHS_IN_A_DECK: Final = 2

BY_NAME: Final = {
    kind.name: kind for kind in (*KINDS, *ALONE, *WATCHED, *BESIDE_ALONE, *BESIDE_WATCHED)
}

PER_MINUTE: Final = 12
"""Faults a minute."""
