"""What stops all work, from the snapshot of the fleet: one list for every place where people look.

Each cause is a row: how it is recognised, its words, what to do. The table of causes in docs/operating.md has the same rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monarch.core.advice import FIT, find_out
from monarch.telemetry.snapshot import RefusalSnapshot, Snapshot


class Cause(StrEnum):
    """Why everything stops, or what comes in is lost."""

    PAUSED = "paused"
    NO_WORKER = "no_worker"
    NO_ROLE = "no_role"
    NO_SUBSCRIBER = "no_subscriber"
    CREDENTIAL_REFUSED = "credential_refused"
    STORE_REFUSES = "store_refuses_writes"
    BROKEN_KEY = "broken_key"
    VALKEY_AWAY = "valkey_away"
    VALKEY_REFUSES = "valkey_refuses"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stops work.

    Attributes:
        words: what it is, without a full stop.
        advice: what to do, a sentence.
        since_ms: since when, in milliseconds since 1970; `None` if that is not known.
    """

    cause: Cause
    words: str
    advice: str
    since_ms: int | None = None

    def names(self, key: str) -> bool:
        """Whether it is about this key of Valkey."""
        return self.cause is Cause.BROKEN_KEY and f" {key} " in self.words


LACKING: Final = (
    "Give it those that docs/valkey.md lists: until then what needs them fails here. A worker with the same user may"
    " take in nothing new, and what waits in it is lost with it; workers with another user go on."
)
"""What to do about a user of Valkey without a right, and what does not work until then."""


def obstacles(snapshot: Snapshot) -> tuple[Obstacle, ...]:
    """Everything that stops all work now; obstacles that hide the others come first."""
    return tuple(_obstacles(snapshot))


def unreached(words: str, remedy: str) -> Obstacle:
    """Valkey gave no snapshot: `words` say why, and `remedy` what to do, `""` if it may come back by itself."""
    if remedy:
        return Obstacle(Cause.VALKEY_REFUSES, words, remedy)
    return Obstacle(
        Cause.VALKEY_AWAY,
        words,
        "The workers wait for it and go on by themselves; `monarch doctor` says what it finds.",
    )


_INFORMS: Final = frozenset(
    {"events", "workers", "newer", "broken", "asking", "missed", "swept", "paused:since"}
)
"""Keys without which people see less, and no work stands still."""

_TOLD_APART: Final = frozenset({"paused"})
"""Keys whose breaking has words of its own."""


def _obstacles(snapshot: Snapshot) -> Iterator[Obstacle]:
    yield from _of_fleet(snapshot)
    for key in snapshot.broken_keys:
        if key.partition("}:")[2] not in _INFORMS | _TOLD_APART:
            yield Obstacle(
                Cause.BROKEN_KEY,
                f"work that needs the key {key} stands still: it holds something else than Monarch's record",
                f"{find_out('what it is')}; what waits goes on by itself then, and dead letters can be sent back.",
            )
    yield from map(_of_refusal, refusals(snapshot))


def _of_fleet(snapshot: Snapshot) -> Iterator[Obstacle]:
    if snapshot.refuses_writes:
        yield Obstacle(
            Cause.STORE_REFUSES,
            f"Valkey takes in no new work: {snapshot.refuses_writes}",
            "Until that is mended messages wait in the workers and are lost with them; see `monarch doctor`.",
        )
    if snapshot.lacks_rights:
        yield Obstacle(
            Cause.STORE_REFUSES,
            f"the user of Valkey that this was read with lacks the right to {snapshot.lacks_rights} (NOPERM)",
            LACKING,
        )
    # Pub/sub knows neither namespaces nor database numbers, so the workers may be at home in another one.
    here, start = "", "Start one with `monarch run`; what was submitted waits for it."
    if snapshot.replicas:
        here = " in this MONARCH_NAMESPACE and database"
        silent = any(one.consumers for one in snapshot.streams)
        start = _LISTENING_OR_STILL if silent else _LISTENING
    lacks_workers = _lacks_workers(snapshot)
    if lacks_workers:
        lost = ", and messages that are published now are lost" if snapshot.replicas == 0 else ""
        yield Obstacle(
            Cause.NO_WORKER,
            f"no worker is running{here}{lost}",
            start,
        )
    yield from _of_roles(snapshot)
    if snapshot.paused and not snapshot.paused_by:
        yield Obstacle(
            Cause.PAUSED,
            "it is unknown whether the fleet is paused: the record of its pause holds something else",
            f"{find_out('what its key holds')}; until then workers may take on nothing new.",
        )
    elif snapshot.paused:
        yield Obstacle(
            Cause.PAUSED,
            f"paused by {snapshot.paused_by}",
            "`monarch resume` lets the fleet go on.",
            snapshot.paused_ms,
        )
    if snapshot.replicas == 0 and not lacks_workers:
        yield Obstacle(
            Cause.NO_SUBSCRIBER,
            "no worker listens to the channel, so messages that are published now are lost",
            "Start a worker with the role intake; if one runs, see its log, and set MONARCH_CHANNEL as it has it.",
        )


_SUBMITTED_HERE: Final = "What is submitted here waits for a worker of its own (`monarch run`)."

_LISTENING: Final = (
    "The workers that listen to the channel are at home in another one, and take what is published: set both as they"
    f" have them. {_SUBMITTED_HERE}"
)

_LISTENING_OR_STILL: Final = (
    "Workers of this one have been silent for a minute (`monarch workers`): if they still run, they are frozen, and go"
    " on once they are let. Otherwise those that listen to the channel are at home in another one, and take what is"
    f" published: set both as they have them. {_SUBMITTED_HERE}"
)
"""Who listens cannot be told apart from who is at home here, and a frozen process goes on listening."""


def _lacks_workers(snapshot: Snapshot) -> bool:
    """Whether it is known that none runs: one whose signs of life Valkey refuses is heard listening all the same."""
    is_heard = snapshot.writes_fail and snapshot.replicas
    return not (snapshot.workers or snapshot.hides_workers or is_heard)


_STANDS_STILL: Final = {
    "planner": "requests wait to be planned",
    "migrator": "no ticket is copied",
    "notifier": "Slack hears nothing",
    "reclaimer": "what a worker has in hand when it dies stays there",
}
"""What does not happen if no worker has a role. Without the role intake no worker listens, which has its own words."""


def _of_roles(snapshot: Snapshot) -> Iterator[Obstacle]:
    if snapshot.roles is None or not snapshot.workers:
        return
    for role, effect in _STANDS_STILL.items():
        if role not in snapshot.roles:
            yield Obstacle(
                Cause.NO_ROLE,
                f"no worker has the role {role}, so {effect}",
                f"Start one with `monarch run --roles {role}`, or with all roles by `monarch run`.",
            )


def refusals(snapshot: Snapshot) -> Sequence[RefusalSnapshot]:
    """Of one for every owner and those for some, the first says it all."""
    return [one for one in snapshot.refused if one.owner == "*"] or snapshot.refused


def _of_refusal(refusal: RefusalSnapshot) -> Obstacle:
    owner = "" if refusal.owner == "*" else f" for {refusal.owner}"
    if FIT in refusal.reason:
        return Obstacle(
            Cause.CREDENTIAL_REFUSED,
            f"GitHub refuses what the workers ask{owner}: {refusal.reason.rstrip('.')}",
            "No other credential helps. Work that needs it waits, and GitHub is asked once in a minute.",
            refusal.since_ms,
        )
    return Obstacle(
        Cause.CREDENTIAL_REFUSED,
        f"GitHub refuses the credential{owner}: {refusal.reason.rstrip('.')}",
        "Work that needs it waits and goes on by itself; `monarch doctor` checks the credential.",
        refusal.since_ms,
    )
