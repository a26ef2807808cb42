"""A primary that is replaced in the middle of a migration: the fleet follows, loses nothing and doubles nothing."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import valkey

from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.process import running_sandbox
from scripts.fleet_machine.fleet import Fleet, a_fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, final
from scripts.fleet_machine.sentinels import WatchedValkey

TARGETS = ("team/a", "team/b")
HEALED_WITHIN_S = 60
"""Two quiet times of 25 s do not fit in, one does: an epoch began, and only one."""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedValkey]:
    """A primary that refuses writes once it is alone, as the documentation asks for."""
    with WatchedValkey(tmp_path / "valkey") as running:
        yield running


@pytest.fixture
async def led(watched: WatchedValkey, tmp_path: Path) -> AsyncIterator[Fleet]:
    """A fleet whose workers know the Sentinels and no server."""
    async with running_sandbox() as sandbox:
        with a_fleet(watched.primary, sandbox, tmp_path) as fleet:
            yield fleet


def follow(fleet: Fleet, watched: WatchedValkey) -> None:
    """Let the test itself look at the primary of now."""
    fleet.client.close()
    fleet.client = valkey.Valkey.from_url(watched.url, socket_timeout=10)


async def test_failover_by_hand_and_by_a_kill(led: Fleet, watched: WatchedValkey) -> None:
    """Forced while a write is under way, then by the death of the new primary: each is followed without a restart."""
    await led.sandbox.seed(a_seed(6, TARGETS))
    settings = {"VALKEY_URL": "", "MONARCH_LEASE_SECONDS": "15", **watched.environment}
    led.start(2, **settings)
    held = await _held(led, nth=3)
    led.publish(a_message(TARGETS))
    assert await led.sandbox.wait(fault=held)

    watched.failover()
    follow(led, watched)
    await led.sandbox.release(held)
    next_held = await _held(led, nth=2)
    led.until(lambda: led.subscribed() == 2)
    assert await led.sandbox.wait(fault=next_held, timeout_seconds=HEALED_WITHIN_S)
    watched.settle()
    dead = watched.kill_primary()
    follow(led, watched)
    await led.sandbox.release(next_held)
    watched.revive(dead)
    led.until(lambda: led.subscribed() == 2)
    [request] = led.until_ended(within_s=HEALED_WITHIN_S)

    state = await led.sandbox.state()
    assert request["state"] == "done"
    assert_all_copied(state, TARGETS)
    assert "done, 6 tickets for 2 repositories" in final(state)
    assert led.run("status", **settings).returncode == 0


async def _held(fleet: Fleet, *, nth: int) -> int:
    """Hold the `nth` creation of an issue from now on."""
    match = Match(api="github", method="POST", path_regex="/issues$")
    return await fleet.sandbox.add_fault(Hold(), match=match, nth=nth)
