"""What stops all work, in words, on standard error, beside the output of any command."""

import time
from typing import TYPE_CHECKING

from monarch.cli.terminal.printing import age, clean, moment
from monarch.cli.terminal.problem import complain
from monarch.ports.spoiled import mark_told, spoiled_keys
from monarch.telemetry.obstacles import obstacles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monarch.app.operator import Operator
    from monarch.telemetry import Snapshot
    from monarch.telemetry.obstacles import Obstacle


def tell_obstacles(snapshot: "Snapshot | None") -> None:
    """Print each on a line of its own; nothing if it is not known how the fleet stands."""
    for one in told_obstacles(snapshot) if snapshot else ():
        complain(f"! {obstacle_line(one)}")


async def standing_beside(person: "Operator") -> "Snapshot | None":
    """How the fleet stands, for a word beside an act; `None` where this user may not ask, or Valkey is gone since.

    The act is done, so nothing here changes its exit status: a script would repeat it.
    """
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        with spoiled_keys():
            return await person.standing.snapshot()
    except StoreError:
        return None


def told_obstacles(snapshot: "Snapshot") -> "Iterator[Obstacle]":
    """Each obstacle, for a caller that prints it: a broken key that it names need not be named again."""
    for one in obstacles(snapshot):
        for key in filter(one.names, snapshot.broken_keys):
            mark_told(key)
        yield one


def obstacle_line(one: "Obstacle", *, ago: bool = True) -> str:
    """What it is, since when, and what to do; without `ago` the text does not change as time passes."""
    return clean(f"{one.words}{_since(one.since_ms, ago)}. {one.advice}")


def _since(since_ms: int | None, ago: bool) -> str:  # noqa: FBT001 - as it came
    if since_ms is None:
        return ""
    so_long = f", {age(max(0.0, time.time() - since_ms / 1000))}" if ago else ""
    return f" (since {moment(since_ms)}{so_long})"
