"""Teams that the predecessor has filled are asked for again, by real processes against the stand-in."""

import json
from typing import Any

import pytest

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.control.views import IssueView
from monarch.sandbox.faults import Hold, Match
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed, a_target, path_of

TEAM, HALF = "team/filled", "team/half"
ORDER = (5, 3, 6, 1, 4, 2)
"""The predecessor kept its work in a set."""

TEXTS = {
    1: "## Story 1\n\nAs @octocat I want #2.",
    2: "Windows\r\n\r\n- [ ] #1\r\n",
    3: "$5 a month, and `$body` or ${body}.",
    4: "The same.",
    5: "```\n#3\n```",
    6: "The same.",
}


def a_ticket(number: int) -> dict[str, Any]:
    """Tickets 4 and 6 say the same."""
    title = "Twice" if number in {4, 6} else f"Ticket {number}"
    return {"title": title, "body": TEXTS[number]}


def by_the_predecessor(number: int) -> dict[str, Any]:
    """`$` before the text, a line end after it, no labels, and by the account that we use now."""
    ticket = a_ticket(number)
    return {**ticket, "body": f"${ticket['body']}\n", "author": "monarch-bot"}


async def a_cohort(fleet: Fleet) -> None:
    """One team has everything, and one has half of it beside a student's own issue of the same words."""
    seed = a_seed(0, []).model_dump(mode="json")
    labels = [{"name": "bug", "color": "d73a4a"}]
    tickets = [{**a_ticket(number), "labels": ["bug"]} for number in range(1, 7)]
    students = {**a_ticket(1), "author": "student"}
    seed["repositories"] = [
        {"full_name": SOURCE, "issues": tickets, "labels": labels},
        {**a_target(TEAM), "issues": [by_the_predecessor(number) for number in ORDER]},
        {**a_target(HALF), "issues": [students, *map(by_the_predecessor, ORDER[:3])]},
    ]
    await fleet.sandbox.seed(Seed.model_validate(seed))


async def issues_of(fleet: Fleet, target: str) -> tuple[IssueView, ...]:
    """All that it holds."""
    return (await fleet.sandbox.state()).repositories[target].issues


async def writes(fleet: Fleet) -> int:
    """How often anything at all was asked to change."""
    log = await fleet.sandbox.log()
    return sum(call.api == "github" and call.method not in {"GET", "HEAD"} for call in log)


async def test_migrate_again_copies_nothing_and_plan_says_so_before(fleet: Fleet) -> None:
    """Nor when it is pressed twice."""
    await a_cohort(fleet)
    before = await issues_of(fleet, TEAM)
    fleet.start()

    told = json.loads(fleet.run("plan", SOURCE, TEAM, "--json").stdout)
    [target] = told["targets"]
    assert told["writes"] == 0
    assert target["create"] == []
    assert [(one["ticket"], one["number"]) for one in target["adopted"]] == [
        (1, 4),
        (2, 6),
        (3, 2),
        (4, 3),
        (5, 1),
        (6, 5),
    ]
    fleet.publish(a_message([TEAM]))
    fleet.until_ended(1)
    fleet.publish(a_message([TEAM]))
    requests = fleet.until_ended(2)

    assert [request["state"] for request in requests] == ["done", "done"]
    assert await writes(fleet) == 0
    assert await issues_of(fleet, TEAM) == before
    assert fleet.dead() == []
    assert fleet.run("verify", requests[-1]["id"]).returncode == 0
    again = json.loads(fleet.run("plan", SOURCE, TEAM, "--json").stdout)
    assert again["targets"][0]["adopted"] == []
    assert len(again["targets"][0]["present"]) == 6


async def test_a_worker_is_killed_while_it_fills_up_what_the_predecessor_left(
    fleet: Fleet,
) -> None:
    """What is missing is copied once, in order; what was there is untouched; and Valkey's loss changes nothing."""
    await a_cohort(fleet)
    before = await issues_of(fleet, HALF)
    path = await path_of(fleet.sandbox, HALF, "/issues$")
    match = Match(api="github", method="POST", path_regex=path)
    held = await fleet.sandbox.add_fault(Hold(after=True), match=match, nth=2)
    first = fleet.start(MONARCH_LEASE_SECONDS="15")
    fleet.publish(a_message([HALF, TEAM]))
    assert await fleet.sandbox.wait(fault=held)

    first.kill()
    first.wait()
    second = fleet.start(MONARCH_LEASE_SECONDS="15")
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    after = await issues_of(fleet, HALF)
    assert after[:4] == before
    assert [issue.title for issue in after[4:]] == ["Ticket 1", "Ticket 2", "Twice"]
    assert "- [ ] #5" in (after[5].body or "")
    assert "stray.found" not in fleet.log_of(second)

    second.terminate()
    second.wait(timeout=20)
    fleet.client.flushdb()
    wrote = await writes(fleet)
    fleet.start()
    fleet.publish(a_message([HALF, TEAM]))
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    assert await writes(fleet) == wrote
    assert await issues_of(fleet, HALF) == after


@pytest.mark.parametrize("how", ["off", "another account"])
async def test_what_is_not_to_be_adopted_is_copied(fleet: Fleet, how: str) -> None:
    """Switched off, or the predecessor wrote under an account that is not ours."""
    await a_cohort(fleet)
    token = {"token": "ghp_other", "login": "other-bot", "kind": "classic"}
    other = {"full_name": TEAM, "collaborators": {"other-bot": "write"}}
    accounts = [{"login": "other-bot", "kind": "User"}]
    seed = {"accounts": accounts, "tokens": [token], "repositories": [other]}
    await fleet.sandbox.seed(Seed.model_validate(seed))
    fleet.start(**({"MONARCH_ADOPT": "false"} if how == "off" else {"GH_PAT": "ghp_other"}))

    fleet.publish(a_message([TEAM]))
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    assert len(await issues_of(fleet, TEAM)) == 12
