"""Workers in trouble: killed, blocked, out of file descriptors, behind the times, or at the mercy of one bad ticket.

Each heals by itself, or its work goes on without it; nothing is lost, nothing doubled.
"""

import os
import resource
import time
from pathlib import Path

import httpx
import pytest

from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.ports import free_port
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed, path_of
from scripts.fleet_machine.judge import assert_all_copied, assert_copied
from scripts.fleet_machine.trouble import (
    LEASE_S,
    QUICK,
    Process,
    end_lease_of,
    lines_of,
    seconds_of,
    spawn_troubled,
    start_troubled,
)

RESUMED_WITHIN_S = 5
PATIENTLY_S = 60
DEATHS = 5
"""So many deliveries without a recorded step make an entry poison."""


@pytest.mark.slow
async def test_what_killed_workers_held_is_in_other_hands_in_time(fleet: Fleet) -> None:
    """Three die at once; each of their deliveries is the heir's within a lease and five seconds."""
    teams = ("team/a", "team/b", "team/c")
    await fleet.sandbox.seed(a_seed(2, teams))
    match = Match(method="POST", path_regex="/issues$")
    held = await fleet.sandbox.add_fault(Hold(), match=match, times=None)
    fleet.start(3, MONARCH_CONCURRENCY="1", **QUICK)
    for team in teams:
        fleet.publish(a_message([team]))
    assert await fleet.sandbox.wait(fault=held, hits=3)
    doomed = list(fleet.workers)
    heir = fleet.start(**QUICK)

    killed_at = time.time()
    for worker in doomed:
        worker.kill()
    await fleet.sandbox.remove_faults()
    fleet.until(lambda: len(_reclaimed(fleet, heir)) >= len(teams))

    waits = [seconds_of(line) - killed_at for line in _reclaimed(fleet, heir)]
    assert max(waits) < LEASE_S + RESUMED_WITHIN_S, waits
    fleet.until_ended(len(teams))
    assert_all_copied(await fleet.sandbox.state(), teams)


@pytest.mark.slow
async def test_a_blocked_event_loop_loses_its_lease_and_writes_nothing_more(fleet: Fleet) -> None:
    """Nothing answers on its health port meanwhile; another worker goes on; awake again it withholds its write."""
    await fleet.sandbox.seed(a_seed(4, ["team/a"]))
    port, gate = free_port(), fleet.logs / "gate"
    os.mkfifo(gate)
    asked = {"MONARCH_WEB_PORT": str(port), "GATE": str(gate)}
    blocked = start_troubled(fleet, "block@granted#3", **asked)
    assert (await _health(port, PATIENTLY_S)) == 200
    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: "trouble: block" in fleet.log_of(blocked))
    assert (await _health(port, 1)) is None
    heir = start_troubled(fleet, "")

    fleet.until(lambda: bool(_reclaimed(fleet, heir)))
    gate.write_bytes(b"")
    fleet.until(lambda: bool(lines_of(fleet, blocked, "lease.lost")))
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    assert_copied(await fleet.sandbox.state(), "team/a")
    log = await fleet.sandbox.log()
    assert len([c for c in log if c.method == "POST" and c.path.endswith("/issues")]) == 4
    assert (await _health(port, PATIENTLY_S)) == 200


async def test_a_worker_without_file_descriptors_heals_when_there_are_some(fleet: Fleet) -> None:
    """No connection can be made, to anybody: failures that may pass, and then they have passed."""
    await fleet.sandbox.seed(a_seed(4, ["team/a", "team/b"]))
    path = await path_of(fleet.sandbox, "team/a", "/issues$")
    match = Match(method="POST", path_regex=path)
    held = await fleet.sandbox.add_fault(Hold(after=True), match=match, nth=2)
    worker = fleet.start(**QUICK)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held, hits=1)

    usual = _allow_files(worker, 3)
    fleet.publish(a_message(["team/b"]))
    fleet.until(lambda: bool(lines_of(fleet, worker, "retry.scheduled")))
    for kind in ("normal", "pubsub"):
        fleet.client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    fleet.until(lambda: len(lines_of(fleet, worker, "valkey.unavailable")) > 4)
    await fleet.sandbox.release(held)
    assert "Too many open files" in fleet.log_of(worker)
    assert worker.poll() is None
    _allow_files(worker, usual)
    requests = fleet.until_ended(2)

    assert [request["state"] for request in requests] == ["done", "done"]
    assert_all_copied(await fleet.sandbox.state(), ["team/a", "team/b"])
    assert fleet.dead() == []


def _handed_back(fleet: Fleet, worker: Process) -> int:
    settled = lines_of(fleet, worker, "delivery.settled")
    return sum(line["verdict"] == "handback" for line in settled)


async def test_an_entry_of_a_newer_version_waits_for_newer_code(fleet: Fleet) -> None:
    """Old code hands it back, uncounted, says so once, does not spin, and works on beside; newer code takes it."""
    await fleet.sandbox.seed(a_seed(2, ["team/new", "team/old"]))
    old = fleet.start(**QUICK)
    fleet.client.xadd("{monarch}:requests", {"v": "99", "payload": a_message(["team/new"])})
    began_at, spent_s = time.monotonic(), _cpu_s(old)
    fleet.publish(a_message(["team/old"]))
    fleet.until(lambda: any(one.get("state") == "done" for one in fleet.requests()))
    fleet.until(lambda: _handed_back(fleet, old) > 1)

    share = (_cpu_s(old) - spent_s) / (time.monotonic() - began_at)
    assert share < 0.5
    assert_copied(await fleet.sandbox.state(), "team/old")
    assert [line["version"] for line in lines_of(fleet, old, "entry.unsupported_version")] == [99]
    assert lines_of(fleet, old, "delivery.handed_back") == []
    assert "1 entry of a newer version" in fleet.run("status").stdout
    assert fleet.dead() == []
    start_troubled(fleet, "newer")
    # Both take it in turn, by chance, until the old one is gone.
    old.terminate()
    requests = fleet.until_ended(2)

    assert [request["state"] for request in requests] == ["done", "done"]
    assert_copied(await fleet.sandbox.state(), "team/new")


@pytest.mark.slow
async def test_a_ticket_that_crashes_its_workers_is_given_up_alone(fleet: Fleet) -> None:
    """After five workers it is dead-lettered without being run; what they held beside it is done."""
    teams = ("team/poison", "team/b", "team/c", "team/d")
    await fleet.sandbox.seed(a_seed(2, teams))
    fleet.client.xadd("{monarch}:requests", {"payload": a_message(teams)})
    died = 0
    while died <= DEATHS + 1 and not fleet.dead():
        [crasher] = spawn_troubled(fleet, ["die@handled:team/poison"])
        fleet.until(lambda crasher=crasher: crasher.poll() is not None or bool(fleet.dead()))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        if crasher.poll() is not None:
            died += 1
            end_lease_of(fleet, crasher)
            end_lease_of(fleet, crasher, "notices")
    [request] = fleet.until_ended()

    assert died == DEATHS
    [letter] = fleet.dead()
    assert (letter["code"], letter["migration"]) == ("poison", f"{request['id']}:team/poison")
    assert request["state"] == "failed"
    assert_all_copied(await fleet.sandbox.state(), teams[1:])


def _reclaimed(fleet: Fleet, worker: Process) -> list[dict[str, object]]:
    lines = lines_of(fleet, worker, "delivery.reclaimed")
    return [line for line in lines if line["stream"] == "migrations"]


def _allow_files(worker: Process, files: int) -> int:
    """Let a process open no descriptor of that number or a higher one; what was allowed before."""
    soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (files, hard))
    return soft


def _cpu_s(worker: Process) -> float:
    """The CPU seconds that a process has used."""
    stat = (Path("/proc") / str(worker.pid) / "stat").read_text(encoding="ascii")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def _health(port: int, within_s: float) -> int | None:
    """The status of `/health`; `None` where nothing answers in time."""
    async with httpx.AsyncClient(timeout=within_s, trust_env=False) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/health")).status_code
        except httpx.TimeoutException:
            return None
