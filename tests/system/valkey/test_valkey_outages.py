"""Valkey away, full, frozen, cut off or emptied in the middle of a migration: the fleet heals by itself.

In none of these is a worker restarted. Each test ends with the judge: every ticket once, in order, and the truth told.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Final

import anyio

from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.judge.findings import copies_in
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, assert_copied, final, posts
from tests.system.valkey.black_hole import a_black_hole

Process = subprocess.Popen[bytes]

LEASE_S: Final = 15
SOCKET_TIMEOUT_S: Final = 5
LEASE: Final = {"MONARCH_LEASE_SECONDS": str(LEASE_S)}
QUIET_S: Final = 25
"""How long nothing is written after Valkey's memory may have gone back."""

LOOK_EVERY_S: Final = 0.1
ENDED_WITHIN_S: Final = QUIET_S + 30


async def test_a_restart_by_kill_and_a_clean_one(fleet: Fleet) -> None:
    """Killed while a write is under way, started, stopped, started: what was written to disk is all there."""
    await fleet.sandbox.seed(a_seed(6, ["team/a"]))
    fleet.start(2, **LEASE)
    held = await _held_write(fleet, nth=3)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    fleet.server.kill()
    fleet.server.start()
    fleet.until(lambda: fleet.subscribed() == 2)
    fleet.server.restart()
    await fleet.sandbox.release(held)
    [request] = fleet.until_ended(within_s=ENDED_WITHIN_S)

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_copied(state, "team/a")
    assert "done, 6 tickets" in final(state)
    assert fleet.subscribed() == 2


async def test_out_of_memory(fleet: Fleet) -> None:
    """What GitHub has done is recorded, nothing new is written, and it goes on when there is memory again."""
    await fleet.sandbox.seed(a_seed(5, ["team/a"]))
    worker = fleet.start(1, **LEASE)
    held = await _held_write(fleet, nth=2)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    fleet.client.config_set("maxmemory", "1mb")
    await fleet.sandbox.release(held)
    fleet.until(_said(fleet, worker, "OutOfMemoryError"))
    fleet.until(lambda: len(_ledger(fleet, "created #")) == 2)
    assert not _ledger(fleet, "intended")
    assert len(copies_in((await fleet.sandbox.state()).repositories["team/a"])) == 2
    fleet.client.config_set("maxmemory", "0")
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_copied(state, "team/a")
    assert "done, 5 tickets" in final(state)


async def test_flushall_and_the_message_once_more(fleet: Fleet) -> None:
    """Valkey knows nothing any more; GitHub does, so the same message tops the target up."""
    await fleet.sandbox.seed(a_seed(5, ["team/a"]))
    fleet.start(2, **LEASE)
    held = await _held_write(fleet, nth=3)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    fleet.client.flushall()
    fleet.publish(a_message(["team/a"]))
    await fleet.sandbox.release(held)
    requests = fleet.until_ended(within_s=ENDED_WITHIN_S)

    state = await fleet.sandbox.state()
    assert [request["state"] for request in requests] == ["done"]
    assert_copied(state, "team/a")
    assert "done" in posts(state)[-1]


async def test_a_newcomer_beside_a_living_fleet_whose_valkey_came_back_empty(fleet: Fleet) -> None:
    """To the newcomer it is a new server, and a write of the fleet is under way: nothing is copied twice."""
    await fleet.sandbox.seed(a_seed(4, ["team/a"]))
    fleet.start(1, **LEASE)
    held = await _held_write(fleet, nth=2)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    fleet.server.stop()
    shutil.rmtree(fleet.server.directory)
    fleet.server.start()
    fleet.start(1, **LEASE)
    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: "epoch.began" in [one["event"] for one in fleet.events()])
    await fleet.sandbox.release(held)
    requests = fleet.until_ended(within_s=ENDED_WITHIN_S)

    state = await fleet.sandbox.state()
    assert {request["state"] for request in requests} == {"done"}
    assert_copied(state, "team/a")


async def test_deleted_groups_and_a_deleted_stream(fleet: Fleet) -> None:
    """The group is made again from the beginning: what it had handed out comes again, and is not done twice."""
    await fleet.sandbox.seed(a_seed(5, ["team/a", "team/b"]))
    fleet.start(2, **LEASE)
    held = await _held_write(fleet, nth=2)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    fleet.client.xgroup_destroy("{monarch}:migrations", "workers")
    fleet.client.xgroup_destroy("{monarch}:notices", "workers")
    fleet.client.delete("{monarch}:requests")
    await fleet.sandbox.release(held)
    fleet.publish(a_message(["team/b"]))
    requests = fleet.until_ended(2)

    assert [request["state"] for request in requests] == ["done", "done"]
    assert_all_copied(await fleet.sandbox.state(), ["team/a", "team/b"])


async def test_every_connection_killed_refused_and_paused(fleet: Fleet) -> None:
    """One after the other: killed and not let in again, forgotten scripts, writes paused, everything paused."""
    await fleet.sandbox.seed(a_seed(6, ["team/a"]))
    worker = fleet.start(1, **LEASE)
    held = await _held_write(fleet, nth=3)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    fleet.client.script_flush()
    fleet.client.config_set("maxclients", "1")
    for kind in ("normal", "pubsub"):
        fleet.client.execute_command("CLIENT", "KILL", "TYPE", kind)
    fleet.until(_said(fleet, worker, "max number of clients reached"))
    fleet.client.config_set("maxclients", "1000")
    fleet.until(lambda: fleet.subscribed() == 1)
    held = await _step(fleet, held)
    fleet.client.client_pause(LEASE_S * 1000, all=False)
    fleet.until(_said(fleet, worker, "TimeoutError"))
    fleet.client.client_unpause()
    held = await _step(fleet, held)
    fleet.client.client_pause((SOCKET_TIMEOUT_S + 2) * 1000)
    await fleet.sandbox.release(held)
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_copied(state, "team/a")
    assert "done, 6 tickets" in final(state)
    assert fleet.subscribed() == 1


async def test_a_frozen_valkey(fleet: Fleet) -> None:
    """Silent for longer than the lease, so that every lease has ended when it answers again."""
    await fleet.sandbox.seed(a_seed(5, ["team/a"]))
    fleet.start(2, **LEASE)
    held = await _held_write(fleet, nth=3)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)
    holder = fleet.holder_of("team/a")

    fleet.server.freeze()
    await fleet.sandbox.release(held)
    # Each takes the socket's timeout, so after three of them the lease is over.
    await _until_said(fleet, holder, "renewal", times=3)
    assert len(copies_in((await fleet.sandbox.state()).repositories["team/a"])) == 3
    fleet.server.thaw()
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_copied(state, "team/a")
    assert "done, 5 tickets" in final(state)


async def test_a_valkey_that_may_forget_is_doubted_at_the_start(fleet: Fleet) -> None:
    """The log says so before it is too late, with what to do."""
    fleet.client.config_set("appendfsync", "everysec")
    worker = fleet.start(1, **LEASE)

    fleet.until(lambda: "Set `appendfsync always`" in fleet.log_of(worker))
    assert fleet.log_of(worker).count("valkey.unsafe") == 1


async def test_a_black_hole_between_one_worker_and_valkey(fleet: Fleet) -> None:
    """Reads, renewals and the subscription notice it by their timeouts; the other worker goes on meanwhile."""
    await fleet.sandbox.seed(a_seed(5, ["team/a", "team/b"]))
    with a_black_hole(fleet.server.port) as hole:
        cut_off = fleet.start(1, **LEASE, VALKEY_URL=hole.url)
        back = _said(fleet, cut_off, "subscribed again")
        held = await _held_write(fleet, nth=2)
        fleet.publish(a_message(["team/a"]))
        assert await fleet.sandbox.wait(fault=held)
        fleet.start(1, **LEASE)

        hole.silent.set()
        silent_at = time.monotonic()
        notices = [_said(fleet, cut_off, where) for where in ("renewal", "reading migrations")]
        fleet.until(lambda: all(noticed() for noticed in notices))
        assert time.monotonic() - silent_at < LEASE_S / 4 + SOCKET_TIMEOUT_S + 2
        await fleet.sandbox.release(held)
        fleet.until_ended()
        hole.silent.clear()
        fleet.until(back)
        fleet.publish(a_message(["team/b"]))
        requests = fleet.until_ended(2)

    assert [request["state"] for request in requests] == ["done", "done"]
    assert_all_copied(await fleet.sandbox.state(), ["team/a", "team/b"])


async def _held_write(fleet: Fleet, *, nth: int) -> int:
    """Hold the `nth` creation of an issue from now on until it is released."""
    match = Match(api="github", method="POST", path_regex="/issues$")
    return await fleet.sandbox.add_fault(Hold(), match=match, nth=nth)


async def _step(fleet: Fleet, held: int) -> int:
    """Let one write go and hold the next one."""
    following = await _held_write(fleet, nth=1)
    await fleet.sandbox.release(held)
    assert await fleet.sandbox.wait(fault=following)
    return following


def _ledger(fleet: Fleet, beginning: str) -> list[bytes]:
    """What is on record of tickets, and begins so."""
    [key] = fleet.client.keys("{monarch}:ledger:*")
    return [value for value in fleet.client.hvals(key) if value.startswith(beginning.encode())]


def _said(fleet: Fleet, worker: Process, text: str) -> Callable[[], bool]:
    """Whether a worker has said this in its log since now."""
    before = len(fleet.log_of(worker))
    return lambda: text in fleet.log_of(worker)[before:]


async def _until_said(fleet: Fleet, worker: Process, text: str, *, times: int) -> None:
    """Wait for lines of a log, with Valkey away."""
    before = len(fleet.log_of(worker))
    with anyio.fail_after(ENDED_WITHIN_S):
        while fleet.log_of(worker)[before:].count(text) < times:  # noqa: ASYNC110  # nothing to wait for but a file
            await anyio.sleep(LOOK_EVERY_S)
