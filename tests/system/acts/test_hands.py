"""What people do to running work: it is carried out, said truthfully, and loses and doubles nothing."""

import json
import subprocess
from collections import Counter
from typing import Any

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.faults import Action, HangBefore, Hold, Match
from monarch.sandbox.judge.findings import copies_in
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed, a_target, path_of
from scripts.fleet_machine.judge import (
    assert_all_copied,
    assert_copied,
    card,
    endings,
    final,
    posts,
)

IMPATIENT = {"MONARCH_TARGET_PATIENCE_SECONDS": "1"}
"""A target that does not exist is given up soon."""


async def test_a_paused_fleet_ends_what_it_has_begun_and_begins_nothing(fleet: Fleet) -> None:
    """Through the death of its only worker, too; what was heard meanwhile is done after the resume."""
    await fleet.sandbox.seed(a_seed(5, ["team/a", "team/b"]))
    held = await _at_write(fleet.sandbox, "team/a", 3, Hold())
    worker = fleet.start()
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    said = fleet.run("pause", "--by", "ada")

    assert (said.returncode, said.stderr) == (0, "")
    assert "paused by ada" in said.stdout
    assert "runs on to its end: 1" in said.stdout
    _until_paused(fleet, worker)
    fleet.publish(a_message(["team/b"]))
    fleet.until(lambda: len(fleet.requests()) == 2)
    assert await fleet.sandbox.wait(slack_text="ada has paused all migrations")
    await fleet.sandbox.release(held)
    fleet.until(lambda: fleet.requests()[0]["state"] == "done")
    fleet.until(lambda: _all_is_told(fleet))

    worker.kill()
    worker.wait()
    _until_paused(fleet, fleet.start())
    assert "was paused already, by ada" in fleet.run("pause").stdout
    assert fleet.requests()[1]["state"] == "queued"
    assert fleet.client.xlen("{monarch}:requests") == 1
    assert copies_in((await fleet.sandbox.state()).repositories["team/b"]) == []

    assert "it was paused by ada" in fleet.run("resume", "--by", "bob").stdout
    requests = fleet.until_ended(2)

    state = await fleet.sandbox.state()
    assert [request["state"] for request in requests] == ["done", "done"]
    assert_all_copied(state, ["team/a", "team/b"])
    assert ": done, 5 tickets for 2 repositories" in endings(state)[-1]
    assert _said(posts(state), "paused") == 0


async def test_a_cancelled_request_copies_no_further_and_a_replay_undoes_it(fleet: Fleet) -> None:
    """The write in hand is finished and recorded, and nothing after it; undone, all is there once."""
    targets = ("team/a", "team/b", "team/c")
    await fleet.sandbox.seed(a_seed(6, targets))
    held = await _at_write(fleet.sandbox, "team/b", 3, Hold())
    fleet.start(MONARCH_WRITES_AT_ONCE="1")
    fleet.publish(a_message(targets))
    assert await fleet.sandbox.wait(fault=held)
    before = await _how_many(fleet, targets)
    [running] = fleet.requests()

    said = fleet.run("cancel", running["id"], "--by", "ada")
    await fleet.sandbox.release(held)
    [request] = fleet.until_ended()

    assert (said.returncode, said.stderr) == (0, "")
    assert "cancelled by ada" in said.stdout
    assert request["state"] == "cancelled"
    assert await _how_many(fleet, targets) == before + Counter({"team/b": 1})
    state = await fleet.sandbox.state()
    assert "cancelled by ada" in final(state)
    assert "dead replay --request" in final(state)
    letters = fleet.dead()
    assert {letter["code"] for letter in letters} == {"cancelled"}
    assert all("cancelled by ada" in letter["reason"] for letter in letters)
    again = fleet.run("cancel", request["id"])
    assert again.returncode == 1
    assert "has ended" in again.stderr

    replayed = fleet.run("dead", "replay", "--request", request["id"], "--by", "bob")
    _until_state(fleet, "done")

    state = await fleet.sandbox.state()
    assert replayed.returncode == 0
    assert len(replayed.stdout.splitlines()) == len(letters)
    assert_all_copied(state, targets)
    assert _said(endings(state), ": done (run 2), 6 tickets for 3 repositories") == 1
    assert fleet.dead() == []


async def test_a_replay_helps_once_its_reason_is_put_right(fleet: Fleet) -> None:
    """Replayed too early it ends as before, and says so; replayed after the repair it is done."""
    await fleet.sandbox.seed(a_seed(4, ["team/a"]))
    fleet.start(**IMPATIENT)
    fleet.publish(a_message(["team/a", "team/late"]))
    [request] = fleet.until_ended()
    assert request["state"] == "failed"

    too_early = fleet.run("dead", "replay", "--target", "TEAM/late", "--json")
    _until_state(fleet, "failed", run=2)

    assert json.loads(too_early.stdout)["replayed"] == 1
    assert _said(endings(await fleet.sandbox.state()), FAILED_AGAIN) == 1
    assert [letter["code"] for letter in fleet.dead()] == ["repository_not_found"]

    await fleet.sandbox.seed(Seed.model_validate({"repositories": [a_target("team/late")]}))
    fleet.run("dead", "replay", "--request", request["id"])
    _until_state(fleet, "done", run=3)

    state = await fleet.sandbox.state()
    assert_all_copied(state, ["team/a", "team/late"])
    assert _said(endings(state), ": done (run 3), 4 tickets for 2 repositories") == 1
    assert "|team/a> 4/4" in card(state)
    assert fleet.dead() == []


async def test_two_people_who_replay_everything_replay_each_letter_once(fleet: Fleet) -> None:
    """Each letter goes back by one of them; the other reads that it is gone."""
    targets = [f"team/{number}" for number in range(8)]
    await fleet.sandbox.seed(a_seed(2, ()))
    fleet.start(MONARCH_WRITES_AT_ONCE="8", **IMPATIENT)
    fleet.publish(a_message(targets))
    fleet.until_ended()
    letters = len(fleet.dead())
    await fleet.sandbox.seed(Seed.model_validate({"repositories": list(map(a_target, targets))}))

    people = [_started(fleet, "dead", "replay", "--all", "--json") for _ in range(2)]
    told = [json.loads(person.communicate(timeout=50)[0])["letters"] for person in people]
    _until_state(fleet, "done")

    work = [one["work"] for one in (*told[0], *told[1]) if not one["refused"]]
    assert letters == len(targets)
    assert len(work) == len(set(work)) == letters
    events = [event for event in fleet.events() if event["event"] == "migration.replayed"]
    assert len(events) == letters
    assert_all_copied(await fleet.sandbox.state(), targets)
    assert fleet.dead() == []


async def test_poison_that_is_replayed_is_done_once_it_kills_nobody(fleet: Fleet) -> None:
    """What seemed to kill its workers is given up unrun; a person may send it back all the same."""
    await fleet.sandbox.seed(a_seed(3, ["team/a"]))
    path = await path_of(fleet.sandbox, "team/a", "/issues")
    match = Match(api="github", method="GET", path_regex=path)
    held = await fleet.sandbox.add_fault(HangBefore(), match=match)
    first = fleet.start()
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)
    fleet.until(lambda: _all_is_told(fleet))
    first.kill()
    first.wait()
    await fleet.sandbox.remove_faults()
    _as_if_delivered(fleet, 9)

    fleet.start()
    [request] = fleet.until_ended()
    assert [letter["code"] for letter in fleet.dead()] == ["poison"]
    assert "workers in a row ended" in final(await fleet.sandbox.state())
    replayed = fleet.run("dead", "replay", "--code", "poison")
    _until_state(fleet, "done")

    assert (request["state"], replayed.returncode) == ("failed", 0)
    assert_copied(await fleet.sandbox.state(), "team/a")


async def test_migrations_that_somebody_removes_are_put_back(fleet: Fleet) -> None:
    """XDEL of one entry, then DEL of the whole stream, in mid-run: each is missed, and put back once."""
    targets = ("team/a", "team/b", "team/c")
    await fleet.sandbox.seed(a_seed(4, targets))
    first = await _at_write(fleet.sandbox, "team/a", 2, Hold())
    second = await _at_write(fleet.sandbox, "team/b", 2, Hold())
    fleet.start(MONARCH_CONCURRENCY="1")
    fleet.publish(a_message(targets))

    assert await fleet.sandbox.wait(fault=first)
    [request] = fleet.requests()
    entry = fleet.migration(request, "team/c")["entry"]
    assert fleet.client.xdel("{monarch}:migrations", entry) == 1
    await fleet.sandbox.release(first)
    assert await fleet.sandbox.wait(fault=second)
    assert fleet.client.delete("{monarch}:migrations") == 1
    await fleet.sandbox.release(second)
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_all_copied(state, targets)
    assert "done, 4 tickets for 3 repositories" in final(state)
    assert fleet.dead() == []
    restored = {e["migration"].rpartition(":")[2] for e in fleet.events() if _is_restored(e)}
    assert {"team/b", "team/c"} <= restored


async def test_a_last_word_that_somebody_removes_is_said_all_the_same(fleet: Fleet) -> None:
    """DEL of the notices while the last of them is being said, by a worker that dies over it."""
    await fleet.sandbox.seed(a_seed(3, ["team/a"]))
    match = Match(api="slack", path_regex="chat.postMessage", body_regex="thread_ts")
    held = await fleet.sandbox.add_fault(HangBefore(), match=match)
    worker = fleet.start()
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    assert fleet.client.delete("{monarch}:notices") == 1
    worker.kill()
    worker.wait()
    fleet.start()
    assert await fleet.sandbox.wait(slack_messages=2)
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_copied(state, "team/a")
    assert "done, 3 tickets for 1 repository" in final(state)


# ------------------------------------------------------------------------------------- small parts


async def _at_write(sandbox: SandboxClient, target: str, nth: int, action: Action) -> int:
    path = await path_of(sandbox, target, "/issues$")
    match = Match(api="github", method="POST", path_regex=path)
    return await sandbox.add_fault(action, match=match, nth=nth)


async def _how_many(fleet: Fleet, targets: tuple[str, ...]) -> Counter[str]:
    """How many copies each target has."""
    repositories = (await fleet.sandbox.state()).repositories
    return Counter({target: len(copies_in(repositories[target])) for target in targets})


def _until_paused(fleet: Fleet, worker: "subprocess.Popen[bytes]") -> None:
    """Until a worker has said that it knows."""
    fleet.until(lambda: '"fleet.paused"' in fleet.log_of(worker))


def _all_is_told(fleet: Fleet) -> bool:
    """Whether no notice is under way: one that a dead worker holds is posted when its lease is over, and not before."""
    return int(fleet.client.xlen("{monarch}:notices")) == 0


def _until_state(fleet: Fleet, state: str, run: int = 2) -> None:
    """Until the first request has ended so, in this run, and its channel was told."""

    def ended() -> bool:
        request = fleet.requests()[0]
        return (request["state"], request["run"]) == (state, str(run)) and fleet.is_idle()

    fleet.until(ended)


FAILED_AGAIN = "1 of 2 repositories failed (run 2), 1 done"


def _said(texts: list[str], part: str) -> int:
    return sum(part in text for text in texts)


def _started(fleet: Fleet, *arguments: str) -> "subprocess.Popen[str]":
    """A command that is under way."""
    return subprocess.Popen(
        [*fleet.program, *arguments],
        env=fleet.environment(),
        stdout=subprocess.PIPE,
        text=True,
        cwd=fleet.logs,
    )


def _as_if_delivered(fleet: Fleet, times: int) -> None:
    """Let the one migration look as if it had been handed out so often, and its lease be over."""
    stream, group = "{monarch}:migrations", "workers"
    [found] = fleet.client.xpending_range(stream, group, "-", "+", 10)
    fleet.client.xclaim(
        stream,
        group,
        found["consumer"],
        0,
        [found["message_id"]],
        idle=86_400_000,
        retrycount=times,
        justid=True,
    )


def _is_restored(event: dict[str, Any]) -> bool:
    return bool(event["event"] == "migration.restored")
