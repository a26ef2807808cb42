"""Zombies: workers that are frozen for longer than their lease, and go on as if nothing had been.

Another worker has ended the work meanwhile. What a zombie may still do is written at each seam; many more freezes, at
random moments too, are made by `scripts/bench zombies`.
"""

import pytest

from monarch.sandbox.judge.findings import Flaw
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from scripts.fleet_machine.judge import (
    assert_all_copied,
    endings,
)
from scripts.fleet_machine.trouble import (
    Process,
    is_frozen,
    judged,
    lines_of,
    start_troubled,
    stop,
    thaw,
)

TICKETS = 5
TEAMS = tuple(f"team/{name}" for name in "abcde")
SEAMS = ("granted#3", "checked#3", "sent#3", "answered#3", "settling")
"""Between permission and POST; between headers and body; between POST and its answer; between 201 and record; between
verdict and settle."""


@pytest.mark.slow
async def test_zombies_write_nothing_under_a_lease_that_they_have_lost(fleet: Fleet) -> None:
    """Frozen at each seam, taken over, woken: nothing lost, nothing doubled, the order kept, no POST too many."""
    await fleet.sandbox.seed(a_seed(TICKETS, TEAMS))
    zombies = [start_troubled(fleet, f"freeze@{seam}", MONARCH_CONCURRENCY="1") for seam in SEAMS]

    for team in TEAMS:
        fleet.publish(a_message([team]))
    held = _until_frozen(fleet, zombies)
    start_troubled(fleet, "")
    fleet.until_ended(len(TEAMS))
    for zombie in zombies:
        thaw(zombie)
    # The last one has nothing left to do but to settle, and is not told that it lost its lease.
    for zombie in zombies[:-1]:
        fleet.until(lambda zombie=zombie: bool(lines_of(fleet, zombie, "lease.lost")))  # type: ignore[misc]  # mypy cannot infer a lambda with a default

    assert stop(*zombies) == [0] * len(zombies)
    state = await fleet.sandbox.state()
    assert sorted(held) == sorted(TEAMS)
    assert_all_copied(state, TEAMS)
    assert [request["state"] for request in fleet.requests()] == ["done"] * len(TEAMS)
    writes = [call for call in await fleet.sandbox.log() if call.path.endswith("/issues")]
    assert len([call for call in writes if call.method == "POST"]) == TICKETS * len(TEAMS)
    assert fleet.dead() == []


@pytest.mark.slow
async def test_the_window_that_stays_open_is_found_and_reported(fleet: Fleet) -> None:
    """Frozen between its last check and the body's bytes: the second copy is named in Slack, and the request not *done*."""
    await fleet.sandbox.seed(a_seed(TICKETS, ["team/a"]))
    zombie = start_troubled(fleet, "freeze@leaving#3", MONARCH_CONCURRENCY="1")
    fleet.publish(a_message(["team/a"]))
    _until_frozen(fleet, [zombie])
    start_troubled(fleet, "")
    [request] = fleet.until_ended()
    assert request["state"] == "done"
    assert judged(fleet, await fleet.sandbox.state(), ["team/a"]).doubled == ()

    thaw(zombie)
    fleet.until(lambda: any(event["event"] == "stray.found" for event in fleet.events()))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    found = judged(fleet, state, ["team/a"])
    assert (found.lost, found.unordered) == ((), ())
    assert found.doubled == found.reported == (Flaw("team/a", 3, TICKETS + 1),)
    assert request["state"] == "failed"
    last = endings(state)[-1]
    assert f"#{TICKETS + 1}" in last
    assert "close" in last


def _until_frozen(fleet: Fleet, zombies: list[Process]) -> list[str]:
    """Wait until all are frozen, each with a target in hand; which ones."""
    fleet.until(lambda: all(map(is_frozen, zombies)))
    held = {fleet.at_work_on(team): team for team in TEAMS}
    return [held[zombie] for zombie in zombies]
