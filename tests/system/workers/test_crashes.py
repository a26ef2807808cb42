"""Workers that die, writes without an answer: nothing is lost, nothing doubled, the order holds."""

import re
import time

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.faults import Action, AnswerAfter, DropAfter, HangAfter, Hold, Match
from monarch.sandbox.journal import LogEntry
from monarch.sandbox.judge.findings import copies_in
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed, path_of
from scripts.fleet_machine.judge import assert_all_copied, assert_copied, final
from scripts.fleet_machine.trouble import begin_stop, stop

LEASE_S = 15
"""The shortest that the settings allow."""

TWO_AT_ONCE = {"MONARCH_LEASE_SECONDS": str(LEASE_S), "MONARCH_WRITES_AT_ONCE": "4"}
"""So that a write that is held keeps no other target from being written."""

RESUMED_WITHIN_S = 5
LATE_S = 30
"""How long the stand-in's listings keep a new issue back."""


async def test_kill_of_the_only_worker_and_a_restart(fleet: Fleet) -> None:
    """Killed with one write under way and another one done but unanswered: the next worker ends the work."""
    targets = ("team/late", "team/done", "team/fine")
    await fleet.sandbox.seed(a_seed(6, targets))
    late = await _on_write(fleet.sandbox, "team/late", Hold(), nth=3)
    done = await _on_write(fleet.sandbox, "team/done", Hold(after=True), nth=4)
    first = fleet.start(**TWO_AT_ONCE)
    fleet.publish(a_message(targets))
    for fault in (late, done):
        assert await fleet.sandbox.wait(fault=fault)

    first.kill()
    first.wait()
    await fleet.sandbox.release(late)
    assert await fleet.sandbox.wait(created=3, repo="team/late")
    fleet.start(**TWO_AT_ONCE)
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_all_copied(state, targets)
    assert "done, 6 tickets for 3 repositories" in final(state)


async def test_kill_of_one_of_two_workers(fleet: Fleet) -> None:
    """The other one takes over within a lease and five seconds, and doubles nothing."""
    targets = ("team/a", "team/b")
    await fleet.sandbox.seed(a_seed(6, targets))
    held = await _on_write(fleet.sandbox, "team/a", Hold(after=True), nth=3)
    fleet.start(2, **TWO_AT_ONCE)
    fleet.publish(a_message(targets))
    assert await fleet.sandbox.wait(fault=held)

    killed = fleet.holder_of("team/a")
    killed_at = time.time()
    killed.kill()
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "done"
    assert_all_copied(state, targets)
    resumed_at = (await _calls_after(fleet.sandbox, killed_at, "team/a"))[0].at
    assert resumed_at - killed_at < LEASE_S + RESUMED_WITHIN_S
    assert (
        len([text for text in _posted(await fleet.sandbox.log()) if "done, 6 tickets" in text]) == 1
    )


async def test_writes_that_nobody_answers_for(fleet: Fleet) -> None:
    """Response lost, 502 after the effect, no answer at all: each is done, none is doubled.

    Listings show new issues half a minute late, so a listing alone would say that nothing is there.
    """
    faults: dict[str, Action] = {
        "team/lost": DropAfter(),
        "team/bad-gateway": AnswerAfter(status=502, body="<html>Bad Gateway</html>"),
        "team/hangs": HangAfter(),
    }
    targets = (*faults, "team/fine")
    await fleet.sandbox.seed(a_seed(4, targets))
    await fleet.sandbox.settings(listing_lag_seconds=LATE_S)
    for target, action in faults.items():
        await _on_write(fleet.sandbox, target, action, nth=2)
    fleet.start(2, MONARCH_WRITES_AT_ONCE="4")

    fleet.publish(a_message(targets))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert [report.hits for report in await fleet.sandbox.faults()] == [1, 1, 1]
    assert request["state"] == "done"
    assert_all_copied(state, targets)
    assert "done, 4 tickets for 4 repositories" in final(state)


async def test_sigterm_hands_the_work_to_the_other_worker(fleet: Fleet) -> None:
    """The write in hand is answered and recorded, the rest handed back; the other goes on within 5 s."""
    await fleet.sandbox.seed(a_seed(8, ["team/a"]))
    held = await _on_write(fleet.sandbox, "team/a", Hold(), nth=3)
    fleet.start(2)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    stopped = fleet.holder_of("team/a")
    codes = begin_stop([stopped])
    fleet.until(lambda: "SIGTERM" in fleet.log_of(stopped))
    await fleet.sandbox.release(held)
    assert codes() == [0]
    stopped_at = time.time()
    fleet.until_ended()

    assert_copied(await fleet.sandbox.state(), "team/a")
    log = await fleet.sandbox.log()
    writes = [call for call in log if call.method == "POST" and call.path.endswith("/issues")]
    # The stopped worker ended with its third write, the other one went on with the fourth.
    assert len(writes) == 8
    assert writes[3].at - stopped_at < RESUMED_WITHIN_S
    assert writes[3].at - (writes[2].ended_at or 0) < RESUMED_WITHIN_S


async def test_sigterm_while_github_does_not_answer(fleet: Fleet) -> None:
    """A write that is never answered does not keep a worker from stopping in time, and is not repeated blindly."""
    await fleet.sandbox.seed(a_seed(4, ["team/a"]))
    held = await _on_write(fleet.sandbox, "team/a", HangAfter(), nth=2)
    fleet.start(2)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)
    assert await fleet.sandbox.wait(created=2)

    stopped = fleet.holder_of("team/a")
    asked_at = time.time()
    assert stop(stopped) == [0]
    stopped_at = time.time()
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert_copied(state, "team/a")
    assert len(copies_in(state.repositories["team/a"])) == 4
    resumed = await _calls_after(fleet.sandbox, asked_at, "team/a")
    assert resumed[0].at - stopped_at < RESUMED_WITHIN_S


async def _on_write(sandbox: SandboxClient, target: str, action: Action, *, nth: int) -> int:
    """Let something happen to the `nth` creation of an issue in a target, once."""
    path = await path_of(sandbox, target, "/issues$")
    match = Match(api="github", method="POST", path_regex=path)
    return await sandbox.add_fault(action, match=match, nth=nth)


async def _calls_after(sandbox: SandboxClient, at: float, target: str) -> list[LogEntry]:
    path = re.compile(await path_of(sandbox, target))
    return [call for call in await sandbox.log() if call.at > at and path.match(call.path)]


def _posted(log: list[LogEntry]) -> list[str]:
    """The texts of all posts that Slack has taken."""
    return [
        call.body["text"] for call in log if call.path == "/chat.postMessage" and call.status == 200
    ]
