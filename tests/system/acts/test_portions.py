"""In portions, with real workers: a part of the template now, the rest on its date, whatever dies meanwhile."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from monarch.sandbox.control.seed import Seed
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_target

TEAM = "team/a"
SPRINTS = ("Sprint 1", "Sprint 2")


def the_seed() -> Seed:
    """A template of two sprints, whose tickets refer to one another."""
    issues: list[dict[str, Any]] = [
        {"title": "One", "body": "Before #2.", "milestone": "Sprint 1"},
        {"title": "Two", "body": "After #1 and #3.", "milestone": "Sprint 2"},
        {"title": "Three", "body": "After #2.", "milestone": "Sprint 1"},
    ]
    source = {"full_name": SOURCE, "issues": issues, "milestones": [{"title": s} for s in SPRINTS]}
    return Seed.model_validate(
        {
            "accounts": [{"login": "monarch-bot", "kind": "User"}],
            "tokens": [{"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic"}],
            "repositories": [source, a_target(TEAM)],
            "slack": {
                "tokens": [{"token": "xoxb-monarch"}],
                "channels": [{"id": "C06GHMZB3M3", "name": "cohort"}],
            },
        }
    )


def a_portion(**keys: object) -> bytes:
    """The platform's message, with these keys beside the usual ones."""
    return json.dumps({**json.loads(a_message([TEAM])), **keys}).encode()


async def issues_of(fleet: Fleet) -> list[tuple[str, str]]:
    """The titles of the team's issues, and their texts above the marker."""
    state = await fleet.sandbox.state()
    found = state.repositories[TEAM].issues
    return [(one.title, (one.body or "").partition("\n\n<!--")[0]) for one in found]


async def test_a_sprint_waits_for_its_date_while_its_worker_is_killed(fleet: Fleet) -> None:
    """The first sprint is copied at once; the second one on its date, by another worker, and both refer to each other."""
    await fleet.sandbox.seed(the_seed())
    worker = fleet.start()
    fleet.publish(a_portion(milestones=["Sprint 1"]))
    fleet.until_ended()
    before = await issues_of(fleet)
    next_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wanted = ("--milestone", "Sprint 2", "--not-before", next_hour, "--json")
    plan = json.loads(fleet.run("plan", SOURCE, TEAM, *wanted).stdout)
    date = (datetime.now(timezone(timedelta(hours=1))) + timedelta(seconds=4)).isoformat()
    fleet.publish(a_portion(milestones=["Sprint 2"], not_before=date))
    # Known as soon as the planner has looked at it, whether it waits or, on a busy machine, need not any more.
    fleet.until(
        lambda: (
            "not_before_ms" in fleet.requests()[-1] and not fleet.client.xlen("{monarch}:notices")
        )
    )
    worker.kill()
    worker.wait()
    fleet.start()
    requests = fleet.until_ended(2)

    assert [title for title, _ in before] == ["One", "Three"]
    # It promised an end before the date.
    assert plan["writes"] > 0
    assert plan["seconds"] > 3_500
    assert [one["state"] for one in requests] == ["done", "done"]
    assert int(requests[1]["planned_ms"]) >= int(requests[1]["not_before_ms"])
    assert await issues_of(fleet) == [
        ("One", "Before #3."),
        ("Three", "After #3."),
        ("Two", "After #1 and #2."),
    ]


async def test_a_milestone_that_does_not_exist_is_told_with_those_that_do(fleet: Fleet) -> None:
    """By the server's own listing; and replayed once a person has made it."""
    await fleet.sandbox.seed(the_seed())
    fleet.start()
    fleet.publish(a_portion(milestones=["Sprint 3"]))
    fleet.until_ended()

    [letter] = fleet.dead()
    planned = fleet.run("plan", SOURCE, TEAM, "--milestone", "Sprint 3")

    assert letter["code"] == "milestone_not_found"
    assert 'no milestone "Sprint 3": it has "Sprint 1", "Sprint 2"' in letter["reason"]
    assert planned.returncode == 1
    assert 'it has "Sprint 1", "Sprint 2"' in " ".join(planned.stdout.split())
    assert await issues_of(fleet) == []
