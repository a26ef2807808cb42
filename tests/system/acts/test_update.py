"""Later edits of the template reach the copies that are still as Monarch wrote them, by real workers, killed in between."""

import json
from typing import Any, Final

import httpx

from monarch.sandbox.control.seed import IssueChange, Seed
from monarch.sandbox.control.views import IssueView
from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.ports import free_port
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed, path_of

TEAM: Final = "team/a"


async def test_an_update_that_is_killed_edits_what_is_ours_and_copies_what_is_new(
    fleet: Fleet,
) -> None:
    """The dry run shows the difference and writes nothing; what a student edited stays; once more edits nothing.

    What the template has closed stays open until a person asks for it.
    """
    await fleet.sandbox.seed(a_seed(4, [TEAM]))
    port = free_port()
    worker = fleet.start(MONARCH_WEB_PORT=str(port))
    request = _copied(fleet)
    await _edit(fleet, 1, body="Do part 1 better, after #3.\n")
    await _edit(fleet, 2, title="Ticket two", labels=("hard",), by="teacher")
    await _edit(fleet, 3, body="Do part 3 better.\n")
    await _edit(fleet, 4, state="closed", by="teacher")
    await fleet.sandbox.update_issue(IssueChange(repo=TEAM, number=3, body="We do it our way."))
    await fleet.sandbox.seed(_one_more())
    before = await _issues(fleet)

    named = ("--target", TEAM.upper())
    plan = json.loads(fleet.run("update", request, *named, "--dry-run", "--json").stdout)
    assert _on_the_page(port, request) == plan
    assert await _issues(fleet) == before
    [told] = plan["targets"]
    assert told["new"] == [5]
    assert [(one["number"], one["left"]) for one in told["copies"]] == [
        (1, ""),
        (2, ""),
        (3, "edited"),
    ]
    assert "+Do part 1 better, after #3." in told["copies"][0]["difference"]
    assert "-We do it our way." in told["copies"][2]["difference"]

    path = await path_of(fleet.sandbox, TEAM, "/issues/2")
    held = await fleet.sandbox.add_fault(Hold(), match=Match(method="PATCH", path_regex=path))
    said = fleet.run("update", request, "--by", "ada")
    assert (said.returncode, said.stderr) == (0, "")
    assert await fleet.sandbox.wait(fault=held)
    worker.kill()
    worker.wait()
    await fleet.sandbox.release(held)
    fleet.start()
    fleet.until_ended(2)

    one, two, three, four, five = await _issues(fleet)
    assert (one.body or "").startswith("Do part 1 better, after #3.\n")
    assert (two.title, two.labels) == ("Ticket two", ("hard",))
    assert three == before[2]
    assert four == before[3]
    assert five.title == "Ticket 5"
    assert "left #3 (edited)" in fleet.run("show", said.stdout.strip()).stdout

    # What it has edited is not taken for people's deed by those who go by the request of before.
    assert json.loads(fleet.run("verify", request, "--json").stdout)["summary"]["edited"] == 1
    recall = json.loads(fleet.run("recall", request, "--dry-run", "--json").stdout)
    assert recall["targets"][0]["changes"] == [1, 2, 4]

    writes = len(await fleet.sandbox.writes(TEAM))
    again = fleet.run("update", "--source", SOURCE, "--wait")
    assert again.returncode == 0, again.stderr
    assert len(await fleet.sandbox.writes(TEAM)) == writes
    shown = fleet.run("show", again.stdout.split()[0]).stdout
    assert "#4: closed in the template since; their copies stay open" in shown

    await _edit(fleet, 2, state="closed", by="teacher")
    await fleet.sandbox.update_issue(IssueChange(repo=TEAM, number=2, further_comments=1))
    two = (await _issues(fleet))[1]
    told = fleet.run("update", "--source", SOURCE, "--close", "--dry-run", "--json")
    [target] = json.loads(told.stdout)["targets"]
    closed = [(one["ticket"], one["close"], one["touches"]) for one in target["closed"]]
    assert closed == [(2, False, ["commented"]), (4, True, [])]
    assert await _issues(fleet) == (one, two, three, four, five)
    ended = fleet.run("update", "--source", SOURCE, "--close", "--wait")
    assert ended.returncode == 0, ended.stderr
    assert "left #2 (commented)" in ended.stdout
    issues = list(await _issues(fleet))
    assert issues.pop(3).state_reason == "not_planned"
    assert issues == [one, two, three, five]
    shown = fleet.run("show", ended.stdout.split()[0]).stdout
    assert "#4: closed in the template since, and their copies with them" in shown


def _copied(fleet: Fleet) -> str:
    fleet.publish(a_message([TEAM]))
    [request] = fleet.until_ended()
    assert request["state"] == "done"
    return str(request["id"])


async def _edit(fleet: Fleet, number: int, **change: Any) -> None:
    await fleet.sandbox.update_issue(IssueChange(repo=SOURCE, number=number, **change))


async def _issues(fleet: Fleet) -> tuple[IssueView, ...]:
    return (await fleet.sandbox.repository(TEAM)).issues


def _one_more() -> Seed:
    issue = {"title": "Ticket 5", "body": "Do part 5.\n"}
    return Seed.model_validate({"repositories": [{"full_name": SOURCE, "issues": [issue]}]})


def _on_the_page(port: int, request: str) -> object:
    """What a program reads at the address where people see the difference."""
    address = f"http://127.0.0.1:{port}/requests/{request}/update"
    shown = httpx.get(address, headers={"Accept": "application/json"}, trust_env=False, timeout=60)
    shown.raise_for_status()
    return shown.json()
