"""Faithful copies by real workers that are killed on the way, for teams that have opened issues themselves before."""

from monarch.sandbox.faults import Hold, Match
from scripts.fleet_machine.fleet import Fleet, a_message, path_of
from scripts.fleet_machine.judge import final
from tests.system.copies.cohort import TARGETS, TICKETS, a_cohort, assert_faithful

LEASE = {"MONARCH_LEASE_SECONDS": "15"}
FREELY = {"MONARCH_WRITES_PER_HOUR": "0", "MONARCH_WRITES_AT_ONCE": "8", **LEASE}
"""Nothing is waited for but what was begun by the dead."""

LABELS = ("POST", "school/team-1", "/labels$", 2)
ISSUES = ("POST", "school/team-2", "/issues$", 14)
EDITS = ("PATCH", "school/team-4", "/issues/", 3)
NESTS = ("POST", "school/team-5", "/issues/[0-9]+/sub_issues$", 4)
"""The writes at which a worker is killed: which method, target and path, the how manieth of them."""

Place = tuple[str, str, str, int]


async def test_a_cohort_gets_faithful_copies_whoever_is_killed(fleet: Fleet) -> None:
    """Byte for byte, labels and milestones of the targets included; and the same message again edits nothing."""
    await fleet.sandbox.seed(a_cohort())
    held = {place: await _hold(fleet, place) for place in (LABELS, ISSUES, EDITS, NESTS)}
    fleet.start(3, **FREELY)
    fleet.publish(a_message(TARGETS))

    for place, fault in held.items():
        assert await fleet.sandbox.wait(fault=fault, timeout_seconds=150), place
        fleet.holder_of(place[1]).kill()
        await fleet.sandbox.release(fault)
        fleet.spawn(**FREELY)
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    web_url = fleet.sandbox.base_url
    for target in TARGETS:
        assert_faithful(state, target, web_url)
    assert f"done, {TICKETS} tickets for {len(TARGETS)} repositories" in final(state)
    wrote = len(await fleet.sandbox.writes())

    fleet.publish(a_message(TARGETS))
    requests = fleet.until_ended(2)

    assert [one["state"] for one in requests] == ["done", "done"]
    assert len(await fleet.sandbox.writes()) == wrote
    assert (await fleet.sandbox.state()).repositories == state.repositories


async def _hold(fleet: Fleet, place: Place) -> int:
    """Let a write arrive, and take effect when its worker is gone."""
    method, target, rest, nth = place
    path = await path_of(fleet.sandbox, target, rest)
    match = Match(api="github", method=method, path_regex=path)
    return await fleet.sandbox.add_fault(Hold(), match=match, nth=nth)
