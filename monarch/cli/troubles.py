"""What stops all work, in words: beside whatever a person looks at, on standard error."""

import sys
import time
from typing import TYPE_CHECKING

from monarch.cli.printing import age, clean, moment
from monarch.telemetry.obstacles import obstacles

if TYPE_CHECKING:
    from monarch.telemetry import Snapshot
    from monarch.telemetry.obstacles import Obstacle


def tell_obstacles(snapshot: "Snapshot") -> None:
    """Say each on a line of its own."""
    for one in obstacles(snapshot):
        print(f"! {obstacle_line(one)}", file=sys.stderr, flush=True)


def obstacle_line(one: "Obstacle") -> str:
    """What it is, since when, and what to do."""
    return clean(f"{one.words}{_since(one.since_ms)}. {one.advice}")


def _since(since_ms: int | None) -> str:
    if since_ms is None:
        return ""
    return f" (since {moment(since_ms)}, {age(max(0.0, time.time() - since_ms / 1000))})"
