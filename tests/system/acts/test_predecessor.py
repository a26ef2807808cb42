"""A cohort that the predecessor has filled is adopted, updated, recalled and undone, and ends as it began.

The worker is killed in the middle of each of these acts, and another one takes over.

The issues are written as the predecessor wrote them: `$` before the text and a line end after it, in a random order, by the
account that Monarch signs in as, without labels, milestones and parents, with references and mentions as they stand.
"""

import json
import random
import subprocess
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from monarch.sandbox.control.seed import IssueChange, Seed
from monarch.sandbox.faults import Hold, Match
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed, a_target, path_of
from scripts.fleet_machine.trouble import end_lease_of
from tests.system.acts.test_adoption import writes

TEAMS: Final = ("team/a", "team/b", "team/c")
TEXTS: Final = (
    "## Story 1\n\nAs @octocat I want #3, so that ${body} works.",
    "- [ ] first\r\n- [ ] second, see #1\r\n",
    "```\n#3\n```",
    "$5 a month",
    "The same.",
    "The same.",
    "  Spaces around it \n\n",
    "Ends with a line end, 日本.\n",
)
DIFFERS_BY_NATURE: Final = {
    # GitHub keeps it of every write, and no call sets it back.
    "updated_at",
    # GitHub says "reopened" of an issue that was opened again, where it said nothing before.
    "state_reason",
}
"""Fields of an issue that no one can bring back once it was closed and opened."""


def a_ticket(number: int) -> dict[str, Any]:
    """Tickets 5 and 6 say the same; each has a label and a milestone."""
    title = "Twice" if number in {5, 6} else f"Ticket {number}"
    return {
        "title": title,
        "body": TEXTS[number - 1],
        "labels": ["story"],
        "milestone": "Sprint 1",
    }


def by_the_predecessor(number: int) -> dict[str, Any]:
    """Its `str.format` of `${body}` and a line end (docs/operating.md, Coming from the predecessor)."""
    ticket = a_ticket(number)
    return {"title": ticket["title"], "body": f"${ticket['body']}\n", "author": "monarch-bot"}


def a_cohort() -> Seed:
    """Each team has its tickets in an order of its own."""
    dice = random.Random(12)  # noqa: S311 - the order of a set, and no secret
    seed = a_seed(0, []).model_dump(mode="json")
    numbers = range(1, len(TEXTS) + 1)
    source = {
        "full_name": SOURCE,
        "labels": [{"name": "story", "color": "d73a4a"}],
        "milestones": [{"title": "Sprint 1"}],
        "issues": [a_ticket(number) for number in numbers],
    }
    teams = [
        {
            **a_target(team),
            "issues": [by_the_predecessor(number) for number in dice.sample(numbers, len(numbers))],
        }
        for team in TEAMS
    ]
    seed["repositories"] = [source, *teams]
    return Seed.model_validate(seed)


@pytest.mark.timeout(
    400
)  # four deaths in the middle of a change, each of which takes 20 s to settle
async def test_what_the_predecessor_filled_is_adopted_updated_recalled_and_undone(
    fleet: Fleet,
) -> None:
    """Each act says before what it then does; whatever GitHub holds of the issues is at the end what it was."""
    await fleet.sandbox.seed(a_cohort())
    commented = IssueChange(repo=TEAMS[1], number=2, further_comments=1)
    await fleet.sandbox.update_issue(commented)
    first = everything(fleet)
    reading = Match(method="GET", path_regex=await path_of(fleet.sandbox, TEAMS[0], "/issues"))
    writing = Match(method="PATCH", path_regex=await path_of(fleet.sandbox, TEAMS[1], "/issues/5"))
    worker = fleet.start()

    worker = await killed(fleet, worker, reading, lambda: fleet.publish(a_message(TEAMS)))
    [request] = fleet.until_ended()
    await edit_the_template(fleet, "Do it otherwise.")
    worker = await killed(fleet, worker, reading, lambda: given(fleet, "update", request["id"]))
    *_, update = fleet.until_ended(2)
    assert fleet.run("show", update["id"]).stdout.count("(not written by Monarch)") == len(TEAMS)
    await edit_the_template(fleet, TEXTS[2])
    again = fleet.run("update", "--source", SOURCE, "--wait")
    assert again.returncode == 0, again.stderr
    assert "left #" not in again.stdout
    assert everything(fleet) == first
    assert await writes(fleet) == 0

    told = json.loads(fleet.run("recall", request["id"], "--dry-run", "--json").stdout)
    worker = await killed(fleet, worker, writing, lambda: given(fleet, "recall", request["id"]))
    until_acted(fleet, request, "recall")
    recalled = fleet.run("show", request["id"]).stdout
    assert f"{TEAMS[1]}: 7 recalled, 1 left as they are" in recalled
    assert "left #2 (commented)" in recalled
    closed = {
        team: {one["number"] for one in issues if one["state"] == "closed"}
        for team, issues in everything(fleet).items()
    }
    assert closed == {one["target"]: set(one["changes"]) for one in told["targets"]}
    assert sum(map(len, closed.values())) == len(TEAMS) * len(TEXTS) - 1

    wrote = await writes(fleet)
    fleet.publish(a_message(TEAMS))
    fleet.until_ended(4)
    assert await writes(fleet) == wrote

    undo = ("recall", request["id"], "--undo")
    await killed(fleet, worker, writing, lambda: given(fleet, *undo))
    until_acted(fleet, request, "undo")
    last = everything(fleet)
    assert but_for(last, DIFFERS_BY_NATURE) == but_for(first, DIFFERS_BY_NATURE)
    assert last[TEAMS[1]][-2] == first[TEAMS[1]][-2]
    assert {one["state_reason"] for issues in last.values() for one in issues} == {
        None,
        "reopened",
    }
    assert history(fleet, TEAMS[1], 5) == ["closed monarch-bot", "reopened monarch-bot"]
    assert history(fleet, TEAMS[1], 2) == []


async def killed(
    fleet: Fleet, worker: "subprocess.Popen[bytes]", where: Match, begin: Callable[[], object]
) -> "subprocess.Popen[bytes]":
    """Begin an act, kill the worker while GitHub has this call of it in hand, and start another."""
    held = await fleet.sandbox.add_fault(Hold(), match=where)
    begin()
    assert await fleet.sandbox.wait(fault=held)
    worker.kill()
    worker.wait()
    await fleet.sandbox.release(held)
    for stream in ("requests", "migrations", "notices"):
        end_lease_of(fleet, worker, stream)
    return fleet.start()


def given(fleet: Fleet, *words: str) -> None:
    """A command is taken; what it asks for goes on without it."""
    said = fleet.run(*words, "--by", "ada")
    assert (said.returncode, said.stderr) == (0, "")


def until_acted(fleet: Fleet, request: dict[str, str], act: str) -> None:
    """Wait for the end of an act in every team."""
    fleet.until(
        lambda: (
            all(fleet.migration(request, team).get("acted") == act for team in TEAMS)
            and fleet.is_idle()
        )
    )


def everything(fleet: Fleet) -> dict[str, list[dict[str, Any]]]:
    """All that GitHub shows of each team's issues, newest first."""
    return {team: _read(fleet, f"/repos/{team}/issues?state=all&per_page=100") for team in TEAMS}


def but_for(
    shown: dict[str, list[dict[str, Any]]], fields: set[str]
) -> dict[str, list[dict[str, Any]]]:
    """The same without these fields."""
    return {
        team: [{key: value for key, value in one.items() if key not in fields} for one in issues]
        for team, issues in shown.items()
    }


def history(fleet: Fleet, team: str, number: int) -> list[str]:
    """What was done to an issue, and by whom."""
    happened = _read(fleet, f"/repos/{team}/issues/{number}/timeline")
    deeds = [one for one in happened if one["event"] != "commented"]
    return [f"{one['event']} {one['actor']['login']}" for one in deeds]


def _read(fleet: Fleet, address: str) -> Any:
    url = f"{fleet.sandbox.github_url.rstrip('/')}{address}"
    answer = httpx.get(url, headers={"Authorization": "Bearer ghp_monarch"})
    answer.raise_for_status()
    return answer.json()


async def edit_the_template(fleet: Fleet, text: str) -> None:
    """Its third ticket says something else."""
    await fleet.sandbox.update_issue(IssueChange(repo=SOURCE, number=3, body=text))
