"""The answers, decided from what is known of the worker: pure.

A worker is healthy while Valkey answers and each of its loops made a round within `STALL_S`. It is ready while
it hears the channel, reads, and is not stopping. An orchestrator restarts an unhealthy worker and sends
no traffic to one that is not ready; a draining worker is healthy and not ready.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monarch.core.moments import date_of
from monarch.telemetry.obstacles import Obstacle

STALL_S: Final = 30.0
"""A loop that made no progress for longer is stuck: reads end after 3 s, and outages are reported otherwise."""

Answer = tuple[int, dict[str, object]]
"""HTTP status and JSON document."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known of this worker; ages in seconds.

    `message_age_s` is `None` if no message was heard since the start; `obstacles` are what stops all work.
    """

    valkey_connected: bool
    uptime_s: float
    message_age_s: float | None
    loop_ages_s: Mapping[str, float]
    obstacles: tuple[Obstacle, ...] = ()


def health(vitals: Vitals) -> Answer:
    """The health of the worker: 200 `ok` or `blocked`, or 503 `valkey_away` or `stalled`.

    `blocked`: something stops all work that no restart can repair, so it is not a failure of this worker.
    """
    status = _status(vitals)
    age = vitals.message_age_s
    return 200 if status in {"ok", "blocked"} else 503, {
        "status": status,
        "valkey_connected": vitals.valkey_connected,
        "last_message_seconds_ago": None if age is None else round(age, 1),
        "uptime_seconds": round(vitals.uptime_s, 1),
        "loops_seconds_ago": {name: round(s, 1) for name, s in vitals.loop_ages_s.items()},
        "obstacles": [_obstacle(one) for one in vitals.obstacles],
    }


def _obstacle(one: Obstacle) -> dict[str, object]:
    """`since_seconds` is a moment, in seconds since 1970, whatever its name says; `since` is the same in ISO 8601."""
    since_s = None if one.since_ms is None else one.since_ms / 1000
    at = None if since_s is None else date_of(int(since_s) * 1000)
    return {
        "cause": one.cause.value,
        "words": one.words,
        "advice": one.advice,
        "since_seconds": since_s,
        "since": at and at.isoformat(),
    }


def _status(vitals: Vitals) -> str:
    if not vitals.valkey_connected:
        return "valkey_away"
    if any(age > STALL_S for age in vitals.loop_ages_s.values()):
        return "stalled"
    return "blocked" if vitals.obstacles else "ok"


def ready(*, is_ready: bool) -> Answer:
    """Whether the worker takes in work."""
    return 200 if is_ready else 503, {"ready": is_ready}
