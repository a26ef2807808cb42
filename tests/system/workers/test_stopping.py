"""Stopping: whatever a worker is doing, it ends within 10 s, hands back what it holds, and counts nothing for it."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from monarch.sandbox.faults import HangBefore, Hold, Match
from monarch.sandbox.program import ROOT
from scripts.fleet_machine.fleet import ENDED_WITHIN_S, Fleet, a_message, a_seed, path_of
from scripts.fleet_machine.judge import assert_all_copied, final
from scripts.fleet_machine.trouble import (
    QUICK,
    Process,
    begin_stop,
    end_lease_of,
    lines_of,
    seconds_of,
    stop,
)

RESUMED_WITHIN_S = 5
LOOK_EVERY_S = 0.05


@pytest.mark.slow
async def test_sigterm_ends_every_state_in_time_and_hands_the_work_back(fleet: Fleet) -> None:
    """In a write, in a look, waiting for the budget, in a post, idle: each ends, and nothing is counted."""
    teams = ("team/write", "team/look", "team/wait")
    await fleet.sandbox.seed(a_seed(2, teams))
    on_write = await _hang(fleet, "POST", await path_of(fleet.sandbox, "team/write", "/issues$"))
    on_look = await _hang(fleet, "GET", await path_of(fleet.sandbox, "team/look", "/issues$"))
    on_post = await _hang(fleet, "POST", "^/chat.postMessage$")
    fleet.start(5, MONARCH_CONCURRENCY="1", MONARCH_WRITE_INTERVAL_SECONDS="60", **QUICK)
    fleet.publish(a_message(["team/write", "team/look"]))
    for fault in (on_write, on_look, on_post):
        assert await fleet.sandbox.wait(fault=fault, hits=1)
    fleet.publish(a_message(["team/wait"]))
    path = await path_of(fleet.sandbox, "team/wait", "/issues$")
    looked = {"method": "GET", "path_regex": path, "status": 200}
    assert await fleet.sandbox.wait(calls=1, **looked)  # type: ignore[arg-type]  # a table of conditions

    assert stop(*fleet.workers) == [0] * len(fleet.workers)
    left = fleet.pending()
    stopped_at = time.time()
    await fleet.sandbox.remove_faults()
    heir = fleet.start(**QUICK)
    fleet.until_ended(2)

    assert_all_copied(await fleet.sandbox.state(), teams)
    assert {(consumer, count) for consumer, _, count in left} == {("released", 0)}
    assert {team for _, team, _ in left} == set(teams)
    free_since = max(stopped_at, _started_at(fleet, heir))
    taken = [seconds_of(line) - free_since for line in lines_of(fleet, heir, "delivery.reclaimed")]
    assert max(taken) < RESUMED_WITHIN_S
    _assert_nothing_counted(fleet, teams)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["frozen", "killed"])
async def test_sigterm_while_valkey_is_away(fleet: Fleet, how: str) -> None:
    """In a write, idle, and before the epoch is open: all end in time, and nothing is lost by it."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    path = await path_of(fleet.sandbox, "team/a", "/issues$")
    held = await fleet.sandbox.add_fault(Hold(), match=Match(method="POST", path_regex=path))
    writing, idle = fleet.start(**QUICK), fleet.start(**QUICK)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held, hits=1)
    if how == "frozen":
        fleet.server.freeze()
    else:
        fleet.server.kill()
    early = fleet.spawn(**QUICK)
    _wait_for_line(fleet, early, "worker.started")

    codes = begin_stop((writing, idle, early))
    # tests/stages/loop/test_stopping.py has the answer that comes when there is hardly any time left.
    _wait_for_line(fleet, writing, "worker.stopping")
    await fleet.sandbox.release(held)
    assert codes() == [0, 0, 0]
    if how == "killed":
        return  # what follows a restart of Valkey is another story, and begins with 25 s of quiet
    fleet.server.thaw()
    for dead in (writing, idle):
        end_lease_of(fleet, dead)
        end_lease_of(fleet, dead, "notices")
    fleet.start(**QUICK)
    fleet.until_ended()
    state = await fleet.sandbox.state()
    assert_all_copied(state, ["team/a"])
    assert "done, 2 tickets for 1 repository" in final(state)


async def test_an_entry_that_arrives_after_sigterm_is_handed_back_at_once(fleet: Fleet) -> None:
    """The last blocked read may still bring one: it is another worker's within 5 s, and uncounted."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    stopping = fleet.start()
    _hold_next_read_of(fleet, "monarch-reads-requests")
    codes = begin_stop([stopping])
    _wait_for_line(fleet, stopping, "worker.stopping")
    _append_and_let_read(fleet, a_message(["team/a"]))
    assert codes() == [0]

    [(consumer, _, count)] = fleet.pending("requests")
    assert (consumer, count) == ("released", 0)
    [back] = lines_of(fleet, stopping, "delivery.handed_back")
    heir = fleet.start()
    fleet.until_ended()

    [planned] = lines_of(fleet, heir, "request.planned")
    free_since = max(seconds_of(back), _started_at(fleet, heir))
    assert seconds_of(planned) - free_since < RESUMED_WITHIN_S
    assert_all_copied(await fleet.sandbox.state(), ["team/a"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_a_worker_at_once(fleet: Fleet, number: signal.Signals) -> None:
    """A person need not wait for the write in hand."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    hangs = await _hang(fleet, "POST", await path_of(fleet.sandbox, "team/a", "/issues$"))
    worker = fleet.start()
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=hangs, hits=1)

    worker.send_signal(signal.SIGTERM)
    fleet.until(lambda: bool(lines_of(fleet, worker, "worker.stopping")))
    worker.send_signal(number)

    # Well before a write without an answer would be given up.
    assert worker.wait(5) == 128 + number
    assert [count for _, _, count in fleet.pending()] == [1]


@pytest.mark.slow
async def test_a_rolling_restart_of_all_workers_during_a_run(fleet: Fleet) -> None:
    """Each of three workers is replaced while it works: nothing lost, doubled or counted."""
    teams = tuple(f"team/{name}" for name in "abcdef")
    await fleet.sandbox.seed(a_seed(8, teams))
    await fleet.sandbox.settings(latency_seconds=0.15)
    fleet.start(3, MONARCH_CONCURRENCY="2", **QUICK)
    old = list(fleet.workers)
    for team in teams:
        fleet.publish(a_message([team]))

    for number, worker in enumerate(old, start=1):
        assert await fleet.sandbox.wait(created=4 * number)
        assert stop(worker) == [0]
        fleet.start(MONARCH_CONCURRENCY="2", **QUICK)
    handed_back = [line for w in old for line in lines_of(fleet, w, "delivery.handed_back")]
    assert handed_back, "nobody was restarted in the middle of anything"
    await fleet.sandbox.settings(latency_seconds=0)
    requests = fleet.until_ended(len(teams))

    assert_all_copied(await fleet.sandbox.state(), teams)
    assert [request["state"] for request in requests] == ["done"] * len(teams)
    _assert_nothing_counted(fleet, teams)


def _assert_nothing_counted(fleet: Fleet, teams: Sequence[str]) -> None:
    """No attempt, and no delivery that would bring an entry nearer to being poison."""
    migrations = [fleet.migration(r, team) for r in fleet.requests() for team in teams]
    assert {m["attempts"] for m in migrations if m} == {"0"}
    taken = [line for w in fleet.workers for line in lines_of(fleet, w, "delivery.reclaimed")]
    assert {line["since_progress"] for line in taken} <= {0, 1}
    assert {line["delivery"] for line in taken} == {1}
    assert fleet.dead() == []


async def _hang(fleet: Fleet, method: str, path: str) -> int:
    match = Match(method=method, path_regex=path)
    return await fleet.sandbox.add_fault(HangBefore(), match=match, times=None)


def _started_at(fleet: Fleet, worker: Process) -> float:
    """When there was a place to work in: a busy machine may take seconds to start a process."""
    [started] = lines_of(fleet, worker, "worker.started")
    return seconds_of(started)


def _hold_next_read_of(fleet: Fleet, name: str) -> None:
    """Until Valkey has the next read of the client of that name, and keeps it back as it keeps back every write."""
    heard: list[int] = []

    def waits() -> bool:
        heard.append(_waiting_after(fleet, name))
        return heard[-1] > 0

    fleet.until(waits)
    fleet.client.execute_command("CLIENT PAUSE", 60_000, "WRITE")
    fleet.until(lambda: _waiting_after(fleet, name) > heard[-1])


def _waiting_after(fleet: Fleet, name: str) -> int:
    """How many bytes the client of that name had sent to Valkey when it began to wait; 0 if it does not wait."""
    found = [c for c in fleet.client.client_list() if c["name"] == name and "b" in c["flags"]]
    return sum(int(c["tot-net-in"]) for c in found)


def _append_and_let_read(fleet: Fleet, message: bytes) -> None:
    """Append a request, and let Valkey answer what it kept back: both in one go, so the read finds the entry."""
    with fleet.client.pipeline(transaction=False) as pipe:
        pipe.execute_command("CLIENT UNPAUSE")
        pipe.xadd("{monarch}:requests", {"payload": message})
        pipe.execute()


def _wait_for_line(fleet: Fleet, worker: Process, event: str) -> None:
    """Without Valkey, which may be away."""
    give_up, ended = time.monotonic() + ENDED_WITHIN_S, worker.poll()
    while not lines_of(fleet, worker, event):
        assert time.monotonic() < give_up, fleet.log_of(worker)
        assert ended is None
        with suppress(subprocess.TimeoutExpired):
            ended = worker.wait(LOOK_EVERY_S)


@pytest.mark.parametrize(("command", "status"), [("run", 0), ("status", 143)])
def test_sigterm_is_heeded_from_the_first_instruction(command: str, status: int) -> None:
    """Process 1 of a container has no default for it; so it is ignored here, as it is there, until a handler is set."""
    loading = (
        "import signal, sys, threading\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "import monarch.__main__ as program\n"
        "class Stuck:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('monarch.cli.commands', 'monarch.cli.run'):\n"
        "            print('loading', flush=True)\n"
        "            threading.Event().wait(60)\n"
        "sys.meta_path.insert(0, Stuck())\n"
        "program.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", loading, command], stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loading\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=ENDED_WITHIN_S) == status
