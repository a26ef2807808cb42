"""A recall takes the untouched copies back, by real workers that are killed in between, and its undoing opens exactly those."""

import json
from typing import Any, Final

from monarch.sandbox.control.seed import IssueChange
from monarch.sandbox.control.views import IssueView, RepositoryView
from monarch.sandbox.faults import DropBefore, Hold, Match
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed, path_of
from scripts.fleet_machine.judge import posts

TEAM: Final = "team/a"
TOUCHES: Final[dict[int, dict[str, Any]]] = {
    1: {"further_comments": 1},
    2: {"body": "We do something else."},
    3: {"labels": ("later",)},
    4: {"assignees": ("student",)},
    5: {"state": "closed"},
    6: {"named_in": 1},
    7: {"further_reactions": 1},
    8: {"title": "Another title"},
}
"""What students do to the first eight of twelve copies."""

WORDS: Final = {
    1: ["commented"],
    2: ["edited"],
    3: ["labelled"],
    4: ["assigned"],
    5: ["closed or reopened"],
    6: ["linked"],
    7: ["reacted to"],
    8: ["edited"],
}


async def test_a_recall_that_is_killed_closes_what_nobody_touched_and_undo_reopens_it(
    fleet: Fleet,
) -> None:
    """The dry run says so before; each kind of touch is left and listed; running it again does nothing."""
    await fleet.sandbox.seed(a_seed(12, [TEAM]))
    worker = fleet.start()
    request = await _copied(fleet)
    for number, deed in TOUCHES.items():
        await fleet.sandbox.update_issue(IssueChange(repo=TEAM, number=number, **deed))
    before = await _team(fleet)

    # GitHub's names have no case.
    named = ("--target", TEAM.upper())
    plan = json.loads(fleet.run("recall", request, *named, "--dry-run", "--json").stdout)
    assert await _team(fleet) == before
    [told] = plan["targets"]
    assert told["changes"] == [9, 10, 11, 12]
    assert {one["number"]: one["touches"] for one in told["left"]} == WORDS

    path = await path_of(fleet.sandbox, TEAM, "/issues/11")
    closing = Match(method="PATCH", path_regex=path)
    held = await fleet.sandbox.add_fault(Hold(), match=closing)
    said = fleet.run("recall", request, *named, "--by", "ada")
    assert (said.returncode, said.stderr) == (0, "")
    assert await fleet.sandbox.wait(fault=held)
    worker.kill()
    worker.wait()
    await fleet.sandbox.release(held)
    fleet.start()
    _until(fleet, request, "recall")

    after = await _team(fleet)
    assert _closed_by_us(after) == [9, 10, 11, 12]
    assert [_but_state(one) for one in after.issues] == [_but_state(one) for one in before.issues]
    assert after.issues[:8] == before.issues[:8]
    shown = fleet.run("show", request).stdout
    assert f"{TEAM}: 4 recalled, 8 left as they are" in shown
    assert "left #3 (labelled): http" in shown
    assert f"/{TEAM}/issues/3" in shown

    writes = len(await fleet.sandbox.writes(TEAM))
    fleet.run("recall", request, "--wait")
    fleet.publish(a_message([TEAM]))
    fleet.until_ended(2)
    assert len(await fleet.sandbox.writes(TEAM)) == writes
    assert await _team(fleet) == after

    await fleet.sandbox.update_issue(IssueChange(repo=TEAM, number=12, further_comments=1))
    before = await _team(fleet)
    plan = json.loads(fleet.run("recall", request, "--undo", "--dry-run", "--json").stdout)
    assert await _team(fleet) == before
    [told] = plan["targets"]
    assert told["changes"] == [9, 10, 11]
    assert [(one["number"], one["touches"]) for one in told["left"]] == [(12, ["commented"])]
    undone = fleet.run("recall", request, "--undo", "--wait", "--by", "bob")
    assert "3 reopened, 1 left as they are" in undone.stdout
    assert _closed_by_us(await _team(fleet)) == [12]
    assert any("recalled" in text for text in posts(await fleet.sandbox.state()))


async def test_a_close_that_was_never_answered_is_seen_and_not_lost(fleet: Fleet) -> None:
    """The connection breaks before and after GitHub closed it: both are closed once, and both are opened again."""
    await fleet.sandbox.seed(a_seed(3, [TEAM]))
    fleet.start()
    request = await _copied(fleet)
    path = await path_of(fleet.sandbox, TEAM, "/issues/2")
    closing = Match(method="PATCH", path_regex=path)
    await fleet.sandbox.add_fault(DropBefore(), match=closing)

    fleet.run("recall", request, "--wait")

    assert _closed_by_us(await _team(fleet)) == [1, 2, 3]
    fleet.run("recall", request, "--undo", "--wait")
    assert all(issue.state == "open" for issue in (await _team(fleet)).issues)


async def test_a_healing_reopens_what_a_recall_has_closed(fleet: Fleet) -> None:
    """`verify` shows it as recalled and as nothing to worry about; with `--heal` it is open again."""
    await fleet.sandbox.seed(a_seed(3, [TEAM]))
    fleet.start()
    request = await _copied(fleet)
    fleet.run("recall", request, "--wait")

    shown = fleet.run("verify", request, "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["summary"]["recalled"] == 3

    await fleet.sandbox.delete_issue(TEAM, 2)
    healed = fleet.run("verify", request, "--heal", "--wait")
    assert healed.returncode == 0, healed.stderr
    issues = (await _team(fleet)).issues
    assert [(one.number, one.state) for one in issues] == [(1, "open"), (3, "open"), (4, "open")]


async def _copied(fleet: Fleet) -> str:
    """All tickets are in the team's repository."""
    fleet.publish(a_message([TEAM]))
    [request] = fleet.until_ended()
    assert request["state"] == "done"
    return str(request["id"])


def _until(fleet: Fleet, request: str, act: str) -> None:
    """Wait until the act is over."""

    def is_over() -> bool:
        shown = json.loads(fleet.run("show", request, "--json").stdout)
        return bool(
            shown["view"]["state"] == "done" and shown["view"]["migrations"][0]["acted"] == act
        )

    fleet.until(is_over)


async def _team(fleet: Fleet) -> RepositoryView:
    return await fleet.sandbox.repository(TEAM)


def _closed_by_us(team: RepositoryView) -> list[int]:
    return [one.number for one in team.issues if one.state_reason == "not_planned"]


def _but_state(issue: IssueView) -> IssueView:
    fields = {"state": "open", "state_reason": None, "closed_by": None, "closed_at": None}
    return issue.model_copy(update={**fields, "timeline": ()})
