"""Real workers and every command against the stand-in, through a proxy that judges both sides.

What leaves is what GitHub documents, and what comes back is what GitHub would answer: on github.com and Enterprise Cloud
with all their addresses, and on each Enterprise Server without those that it has not.
"""

from typing import Any, Final

import pytest

from monarch.sandbox.control.seed import InstallationChange, IssueChange, Seed
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed, a_target
from tests.conformance.descriptions import CLOUD, ENTERPRISE, Exchange, description
from tests.conformance.proxy import recording
from tests.keys import an_rsa_key, public_part

GOOD: Final = ("school/good", "school/again")
BAD: Final = ("school/archived", "school/off", "school/missing", "school/reads", "school/former")


def a_school() -> Seed:
    """A template with all that a ticket can have, names in many scripts, and targets of every kind."""
    seed = a_seed(2, []).model_dump(mode="json")
    template = seed["repositories"][0]
    template |= {
        "issue_types": ["Task", "Bug"],
        "labels": [
            {"name": "good first issue", "color": "7057ff"},
            {"name": "ünïcode ☕", "color": "00ff00", "description": "Ελληνικά"},
            {"name": "задача/100%", "color": "0000ff"},
        ],
        "milestones": [{"title": "Sprint №1", "due_on": "2026-03-01T00:00:00Z"}],
    }
    template["issues"] += [
        {
            "title": "All of it",
            "body": "After #1, before #4.",
            "labels": ["ünïcode ☕", "задача/100%"],
        },
        {"title": "A part", "type": "Task", "parent": 3, "milestone": "Sprint №1"},
        {"title": "Another part", "type": "Bug", "parent": 3, "labels": ["good first issue"]},
        {"title": "A pull request", "pull_request": True},
        {"title": "Closed", "state": "closed"},
        {"title": "By nobody", "author": None, "body": None},
        {"title": "Somebody's", "assignees": ["monarch-bot", "stranger"]},
        {"title": "Later", "blocked_by": [1, 3], "comments": 2, "locked": True},
    ]
    seed["repositories"] += [
        a_target(GOOD[0]),
        # Numbers differ, so that references are put right in a second pass.
        a_target(GOOD[1]) | {"issues": [{"title": "Our own"}]},
        a_target("school/archived") | {"archived": True},
        a_target("school/off") | {"has_issues": False},
        {"full_name": "school/reads"},
        a_target("school/now") | {"formerly": ["school/former"]},
        a_target("school/unheard") | {"generated_from": SOURCE},
    ]
    return Seed.model_validate(seed)


async def a_day(fleet: Fleet, address: str, **settings: str) -> None:
    """Everything that a worker and a person do: copy, again, plan, verify, heal, doctor."""
    settings = {
        "GITHUB_API_URL": address,
        "MONARCH_COPY_ASSIGNEES": "true",
        "MONARCH_WRITES_PER_HOUR": "0",
        "MONARCH_TARGET_PATIENCE_SECONDS": "1",
        **settings,
    }
    fleet.start(**settings)
    fleet.run("plan", SOURCE, *GOOD, *BAD, **settings)
    fleet.publish(a_message((*GOOD, *BAD)))
    [request] = fleet.until_ended()
    fleet.publish(a_message(GOOD))
    fleet.until_ended(2)
    await fleet.sandbox.delete_issue(GOOD[0], 3)
    fleet.run("verify", request["id"], "--heal", "--wait", "--by", "ada", **settings)
    fleet.run("verify", request["id"], **settings)
    fleet.run("missed", "school", "--submit", **settings)
    fleet.until_ended(3)
    fleet.run("doctor", **settings)


async def a_recall(fleet: Fleet, address: str) -> None:
    """Students touch some copies in every way, the others are closed and opened again."""
    [first, *_] = fleet.requests()
    deeds: tuple[dict[str, Any], ...] = (
        {"further_comments": 1, "further_reactions": 1, "named_in": 2},
        {"labels": ("later",), "assignees": ("monarch-bot",), "title": "Ours"},
    )
    for number, deed in enumerate(deeds, start=1):
        await fleet.sandbox.update_issue(IssueChange(repo=GOOD[0], number=number, **deed))
    for more in ("--dry-run",), ("--wait",), ("--undo", "--wait"):
        fleet.run("recall", first["id"], "--target", GOOD[0], *more, GITHUB_API_URL=address)


async def an_update(fleet: Fleet, address: str) -> None:
    """The template gets another title, text, label, milestone and type, a new ticket, and one that is closed."""
    [first, *_] = fleet.requests()
    deeds: tuple[dict[str, Any], ...] = (
        {"number": 1, "title": "Another title", "body": "Another text, after #4."},
        {"number": 4, "labels": ("задача/100%",), "type": "Bug"},
        {"number": 5, "milestone": "Sprint №1"},
        {"number": 10, "body": "Later, after #3.", "labels": ("good first issue",)},
        {"number": 8, "state": "closed"},
    )
    for deed in deeds:
        await fleet.sandbox.update_issue(IssueChange(repo=SOURCE, **deed))
    issue = {"title": "New", "body": "After #1.", "milestone": "Sprint №1", "type": "Task"}
    seed = {"repositories": [{"full_name": SOURCE, "issues": [issue]}]}
    await fleet.sandbox.seed(Seed.model_validate(seed))
    for more in ("--dry-run",), ("--close", "--wait"):
        fleet.run("update", first["id"], "--target", GOOD[1], *more, GITHUB_API_URL=address)


def notes(fleet: Fleet) -> list[str]:
    """What people were told that was not copied."""
    return [event.get("note", "") for event in fleet.events()]


def patches(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    """What was sent with each edit of an issue."""
    sent = [each.body for each in exchanges if each.method == "PATCH"]
    return [body for body in sent if isinstance(body, dict)]


def breaches(exchanges: list[Exchange], *names: str) -> list[str]:
    """Everything that is not documented, each once."""
    found = {
        line for each in exchanges for name in names for line in description(name).violations(each)
    }
    return sorted(found)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_day_on_github_com_is_as_documented(fleet: Fleet) -> None:
    """And on Enterprise Cloud."""
    await fleet.sandbox.seed(a_school())
    with recording(fleet.sandbox.github_url) as (recorder, address):
        await a_day(fleet, address)
        await an_update(fleet, address)
        await a_recall(fleet, address)

    assert {key for each in patches(recorder.exchanges) for key in each} == {
        "title",
        "body",
        "labels",
        "milestone",
        "type",
        "state",
        "state_reason",
    }
    calls = {(each.method, each.status) for each in recorder.exchanges}
    assert calls >= {("GET", 200), ("GET", 301), ("GET", 404), ("GET", 410)}
    assert calls >= {("POST", 201), ("PATCH", 200)}
    assert {each.path.rpartition("/")[2] for each in recorder.exchanges} >= {
        "issues",
        "labels",
        "milestones",
        "sub_issues",
        "issue-types",
        "timeline",
        "repos",
        "assignees",
        "blocked_by",
        "user",
    }
    assert breaches(recorder.exchanges, *CLOUD) == []


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_day_on_an_enterprise_server_is_as_documented(fleet: Fleet) -> None:
    """Which has no addresses for sub-issues and issue types."""
    await fleet.sandbox.seed(a_school())
    await fleet.sandbox.settings(enterprise_server=True)
    with recording(fleet.sandbox.github_url) as (recorder, address):
        await a_day(fleet, address)
        await an_update(fleet, address)
        await a_recall(fleet, address)

    assert {"milestone", "state_reason"} <= {
        k for each in patches(recorder.exchanges) for k in each
    }
    assert breaches(recorder.exchanges, *ENTERPRISE) == []
    here = (await fleet.sandbox.state()).repositories[GOOD[1]]
    # It has types in its issues all the same, and is not asked for what it has not.
    assert "Task" in {issue.type for issue in here.issues}
    assert not [
        each
        for each in recorder.exchanges
        if each.path.endswith("sub_issues") and each.method == "POST"
    ]
    assert any("this server has no API for it" in note for note in notes(fleet))


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_day_of_an_app_is_as_documented(fleet: Fleet) -> None:
    """Its signature, its installations and its tokens, one of which is revoked on the way."""
    seed = a_school().model_dump(mode="json")
    app: dict[str, Any] = {
        "id": 1001,
        "client_id": "Iv23liMonarch",
        "public_key": public_part(),
        "installations": [{"id": 5001, "account": "school"}],
    }
    await fleet.sandbox.seed(Seed.model_validate(seed | {"apps": [app]}))
    signed_in = {"GITHUB_APP_ID": "1001", "GITHUB_APP_PRIVATE_KEY": an_rsa_key(), "GH_PAT": ""}
    with recording(fleet.sandbox.github_url) as (recorder, address):
        await a_day(fleet, address, **signed_in)
        here = (await fleet.sandbox.state()).repositories[GOOD[1]]
        await fleet.sandbox.update_installation(InstallationChange(id=5001, revoke_tokens=True))
        fleet.publish(a_message(GOOD))
        fleet.until_ended(3)

    assert breaches(recorder.exchanges, *CLOUD) == []
    # With the documented permissions, which say nothing of pushing, everything is copied.
    labels = {name for issue in here.issues for name in issue.labels}
    assert {"ünïcode ☕", "задача/100%", "good first issue"} <= labels
    assert {"Task", "Bug"} <= {issue.type for issue in here.issues}
    assert any(issue.parent for issue in here.issues)
    assert any(issue.milestone for issue in here.issues)
