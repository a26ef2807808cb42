"""A burst on the channel, and a rolling redeploy in the middle of it: what any worker heard is kept."""

import signal

from monarch.sandbox.fleet import CHANNEL
from scripts.fleet_machine.fleet import Fleet

BURST = 2_000


async def test_a_burst_and_a_rolling_redeploy_lose_nothing_that_was_heard(fleet: Fleet) -> None:
    """2,000 messages at once, and each worker is replaced before it can have appended all of them."""
    fleet.client.set("{monarch}:paused", "the test")
    fleet.start(2)
    old = list(fleet.workers)
    payloads = [b'"message %d"' % number for number in range(BURST)]
    pipe = fleet.client.pipeline(transaction=False)
    for payload in payloads:
        pipe.publish(CHANNEL, payload)
    assert set(pipe.execute()) == {2}

    for worker in old:
        worker.send_signal(signal.SIGTERM)
    fleet.start(2)
    for worker in old:
        assert worker.wait(15) == 0

    entries = fleet.client.xrange("{monarch}:requests")
    assert {fields[b"payload"] for _, fields in entries} == set(payloads)
    assert not any("messages.dropped" in fleet.log_of(worker) for worker in old)
