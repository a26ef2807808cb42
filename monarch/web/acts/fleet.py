"""Pausing the fleet, and letting it go on."""

from collections.abc import Mapping
from typing import Final

from monarch.telemetry import Snapshot
from monarch.web.acts.means import Means
from monarch.web.acts.meant import ActResult, Line, Meant, Member

_RUNNING: Final = "running"


async def to_pause(means: Means, asked: Mapping[str, str]) -> Meant:
    """The fleet, if it runs."""
    del asked
    snapshot = await means.snapshot()
    in_hand, waiting = snapshot.work
    return Meant(
        "pause",
        "Pause the fleet",
        "Pause",
        "monarch pause",
        "/",
        (Member(_state(snapshot), f"the fleet: {in_hand} in hand, {waiting} waiting"),),
        (
            "Within 3 seconds nothing new is begun any more, until a person resumes it; messages are heard and kept.",
            "What is in hand runs on to its end.",
        ),
        f"The fleet is paused already, by {snapshot.paused_by}." if snapshot.paused else "",
    )


async def pause(means: Means, meant: Meant, by: str) -> ActResult:
    """Stop every worker from taking on new work."""
    del meant
    paused = await means.hands.pause(by)
    if not paused.changed:
        return _done("The fleet was paused already", f"by {paused.by}")
    words = "Within 3 seconds nothing new is begun any more, until a person resumes it."
    return _done("The fleet is paused", words)


async def to_resume(means: Means, asked: Mapping[str, str]) -> Meant:
    """The fleet, if it is paused."""
    del asked
    snapshot = await means.snapshot()
    _, waiting = snapshot.work
    return Meant(
        "resume",
        "Let the fleet go on",
        "Resume",
        "monarch resume",
        "/",
        (Member(_state(snapshot), f"the fleet, {_paused(snapshot)}: {waiting} waiting"),),
        ("What waits goes on within 3 seconds.",),
        "" if snapshot.paused else "The fleet is not paused.",
    )


async def resume(means: Means, meant: Meant, by: str) -> ActResult:
    """Go on."""
    del meant
    paused = await means.hands.resume(by)
    if not paused.changed:
        return _done("The fleet was not paused", "Another person has resumed it meanwhile.")
    return _done("The fleet goes on", f"It was paused by {paused.by}.")


def _state(snapshot: Snapshot) -> str:
    """The state as a text: a pause by another person, or at another time, is another state."""
    return f"paused by {snapshot.paused_by} {snapshot.paused_ms}" if snapshot.paused else _RUNNING


def _paused(snapshot: Snapshot) -> str:
    return f"paused by {snapshot.paused_by}" if snapshot.paused else _RUNNING


def _done(title: str, words: str) -> ActResult:
    return ActResult(title, (Line(words),), "/", "To the overview")
