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

EDGES: Final = (
    # A repository is not what its name was: while its tickets are copied, or just before.
    Kind("repository.regenerated"),
    Kind("repository.regenerated_late", 5.0, 7.0),
    Kind("repository.regenerated_twice_asked"),
    Kind("repository.renamed"),
    Kind("repository.renamed_with_successor"),
    Kind("repository.swapped"),
    Kind("repository.transferred"),
    Kind("repository.deleted"),
    # A source changes while it is read, or shows less than it has: for how long its listings lag.
    Kind("source.closed_between_pages"),
    Kind("source.deleted_between_pages"),
    Kind("source.opened_between_pages"),
    Kind("source.edited_between_pages"),
    Kind("source.hides_one"),
    Kind("source.made_just_now", 3.0, 6.0),
    # GitHub acts so long after it has received.
    Kind("github.acts_later", 16.0, 19.5, often=2),
    # Strangers: a marker for every ticket by each association, and what people do to copies.
    Kind("strangers.plant_as_member"),
    Kind("strangers.plant_as_collaborator"),
    Kind("strangers.plant_as_owner"),
    Kind("strangers.plant_as_none"),
    Kind("strangers.paste_a_copy"),
    Kind("strangers.mark_a_copy"),
    Kind("people.change_copies"),
    Kind("people.delete_all_copies"),
    # Heavy things.
    Kind("heavy.texts"),
    Kind("heavy.idle_connections", 6.0, 10.0),
    Kind("heavy.bomb"),
    Kind("heavy.wrong_channel"),
    Kind("heavy.burst"),
    # Who Monarch is, and when: for how long the fleet is somebody else, or a worker's clock is wrong.
    Kind("account.nameless", 8.0, 15.0),
    Kind("account.switched", 8.0, 15.0),
    Kind("clock.fast", 15.0, 25.0),
    Kind("clock.slow", 15.0, 25.0),
)
"""What is only done in the world `edges`: each breaks something that the core may believe about the outside."""

EDGES_ALONE: Final = (
    Kind("valkey.answers_late", 4.0, 4.8, often=2),
    Kind("memory.restored", 4.0, 8.0),
    Kind("memory.reverted", 2.0, 5.0),
    Kind("memory.comes_back_empty", 0.5, 2.0),
)
"""The same of one server alone: answers that come late, and a memory that goes back."""

EDGES_WATCHED: Final = (Kind("memory.failover_and_back"),)
"""The same of a watched one."""

ACTS: Final = (
    # A person asks for an act on copies, while others touch them.
    Kind("after.recall", often=2),
    Kind("after.undo", often=2),
    Kind("after.heal"),
    Kind("after.update", often=2),
    Kind("after.update_and_close"),
    # The predecessor has filled the team, wholly or by half.
    Kind("after.adopt", often=2),
    # One milestone now, another one later; a small request before a large one; a message that no worker heard.
    Kind("after.portions", 15.0, 40.0, often=2),
    Kind("after.first"),
    Kind("after.missed", often=2),
    # What GitHub does with a change of an issue: for how long the rule stays in force, or how late it acts.
    Kind("changes.lost_answer", 15.0, 30.0),
    Kind("changes.never_arrive", 15.0, 30.0),
    Kind("changes.bad_gateway_after", 15.0, 30.0),
    Kind("changes.act_late", 11.0, 19.5, often=2),
    # The whole fleet dies while a change is under way, and stays away for so long.
    Kind("changes.killed", 0.5, 2.0, often=2),
)
"""What is only done in the world `acts`: what people ask for after the copy."""

EPOCHS_IN_A_DECK: Final = 2

BY_NAME: Final = {
    kind.name: kind
    for kind in (
        *(*KINDS, *ALONE, *WATCHED, *BESIDE_ALONE, *BESIDE_WATCHED),
        *(*EDGES, *EDGES_ALONE, *EDGES_WATCHED),
        *ACTS,
    )
}

WORLDS: Final = ("fence", "edges", "acts")
"""What is played: what happens to Monarch and its calls; or that, and a world that is not as it seems; or that, and what
comes after the copy.
"""

PER_MINUTE: Final = 12
"""Faults a minute."""
