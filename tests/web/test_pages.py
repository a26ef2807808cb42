"""What is said, decided from what is known."""

from dataclasses import replace

import pytest

from monarch.telemetry.obstacles import Cause, Obstacle
from monarch.web.pages import Vitals, health, ready


def vitals(
    *, connected: bool = True, message_age_s: float | None = None, **loop_ages_s: float
) -> Vitals:
    """A worker that is well, but for what a test says."""
    return Vitals(connected, 61.26, message_age_s, loop_ages_s)


def test_a_worker_that_is_well_says_how_it_is() -> None:
    """Everything an operator asks first, in one document."""
    status, document = health(vitals(message_age_s=3.21, intake=0.04, migrations=1.96))

    assert status == 200
    assert document == {
        "status": "ok",
        "valkey_connected": True,
        "last_message_seconds_ago": 3.2,
        "uptime_seconds": 61.3,
        "loops_seconds_ago": {"intake": 0.0, "migrations": 2.0},
        "obstacles": [],
    }


def test_no_message_yet_is_null() -> None:
    """It is not "just now"."""
    _, document = health(vitals())

    assert document["last_message_seconds_ago"] is None


@pytest.mark.parametrize(
    ("known", "status", "word"),
    [
        (vitals(migrations=30.0), 200, "ok"),
        (vitals(migrations=30.1, intake=0.1), 503, "stalled"),
        (vitals(connected=False), 503, "valkey_away"),
        (vitals(connected=False, migrations=31.0), 503, "valkey_away"),
    ],
)
def test_health_is_progress(known: Vitals, status: int, word: str) -> None:
    """Being up is not being alive: Valkey must answer, and every loop come round."""
    answered, document = health(known)

    assert (answered, document["status"]) == (status, word)


def test_what_stops_all_work_is_said_and_restarts_nobody() -> None:
    """No restart mends an expired token, so an orchestrator reads that this process is well."""
    refused = Obstacle(Cause.CREDENTIAL_REFUSED, "GitHub refuses it", "Set GH_PAT.", 1_500)

    status, document = health(replace(vitals(), obstacles=(refused,)))

    assert (status, document["status"]) == (200, "blocked")
    assert document["obstacles"] == [
        {
            "cause": "credential_refused",
            "words": "GitHub refuses it",
            "advice": "Set GH_PAT.",
            "since_seconds": 1.5,
            "since": "1970-01-01T00:00:01+00:00",
        }
    ]
    assert health(replace(vitals(connected=False), obstacles=(refused,)))[0] == 503


def test_since_when_is_a_moment_and_not_a_span() -> None:
    """`since_seconds` stood between spans in seconds, and was taken for one; a moment that is not known is `null`."""
    known = Obstacle(Cause.PAUSED, "paused", "Resume it.", 1_795_855_747_343)
    unknown = Obstacle(Cause.NO_WORKER, "no worker", "Start one.")

    _, document = health(replace(vitals(), obstacles=(known, unknown)))

    told = [(one["since"], one["since_seconds"]) for one in document["obstacles"]]  # type: ignore[attr-defined] # of this list
    assert told == [("2026-11-28T08:49:07+00:00", 1_795_855_747.343), (None, None)]


def test_ready_says_yes_or_503() -> None:
    """Who routes by it reads only the status."""
    assert ready(is_ready=True) == (200, {"ready": True})
    assert ready(is_ready=False) == (503, {"ready": False})
