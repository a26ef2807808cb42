"""A worker's sockets to Valkey: enough for all that it has in hand to ask at once."""

from monarch.sandbox.faults import Hold, Match
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied

PLACES = 8
"""The default of MONARCH_CONCURRENCY."""


async def test_all_places_may_want_a_slow_valkey_at_once(fleet: Fleet) -> None:
    """Eight answers come in while Valkey is slow: each waits for it, and none takes it for gone."""
    teams = [f"team/{number}" for number in range(PLACES)]
    await fleet.sandbox.seed(a_seed(1, teams))
    match = Match(method="POST", path_regex="/issues$")
    held = await fleet.sandbox.add_fault(Hold(), match=match, times=None)
    worker = fleet.start(MONARCH_WRITES_AT_ONCE=str(PLACES))
    fleet.publish(a_message(teams))
    assert await fleet.sandbox.wait(fault=held, hits=PLACES)

    fleet.client.execute_command("CLIENT", "PAUSE", "1000", "ALL")
    await fleet.sandbox.remove_faults()
    fleet.until_ended()

    assert "Too many connections" not in fleet.log_of(worker)
    assert "valkey.unavailable" not in fleet.log_of(worker)
    assert_all_copied(await fleet.sandbox.state(), teams)
