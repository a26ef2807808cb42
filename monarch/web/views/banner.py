"""The banner on top of every page: the state of the fleet, in a word, and what stops it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monarch.ports.spoiled import told
from monarch.telemetry import Snapshot
from monarch.telemetry.obstacles import Cause, Obstacle, obstacles


@dataclass(frozen=True, slots=True)
class Banner:
    """`tone` is `ok`, `warn` or `bad`; `word` is what it says; `dead` counts dead letters; `spoiled` are sentences."""

    tone: str
    word: str
    obstacles: tuple[Obstacle, ...]
    dead: int
    spoiled: tuple[str, ...] = ()


def banner(snapshot: Snapshot) -> Banner:
    """Sum the fleet up."""
    found = obstacles(snapshot)
    causes = {one.cause for one in found}
    if causes - {Cause.PAUSED}:
        return Banner("bad", "needs a person", found, snapshot.dead)
    if causes:
        return Banner("warn", "paused", found, snapshot.dead)
    return Banner("ok", "running", found, snapshot.dead)


def marred(whole: Banner, keys: Iterable[str]) -> Banner:
    """The same over a page that lacks what these keys should hold; an obstacle may have named some."""
    rest = (key for key in keys if not any(one.names(key) for one in whole.obstacles))
    return replace(whole, tone="bad", word="needs a person", spoiled=tuple(map(told, rest)))
