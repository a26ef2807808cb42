"""Seeing before and checking after: `plan` against what `submit` then does, `verify` against what was done to the copies."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.control.views import RepositoryView, StateView
from monarch.sandbox.journal import LogEntry
from monarch.sandbox.judge.findings import tickets_in
from monarch.sandbox.judge.texts import body_of_copy
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed, a_target

FULL, HALF, FRESH, READ = "team/full", "team/half", "team/fresh", "team/read"
TEAMS = (FRESH, HALF, FULL, READ)
LABELS = [
    {"name": "bug", "color": "d73a4a", "description": "Something is broken"},
    {"name": "help wanted", "color": "008672"},
]
MILESTONES = [{"title": "Sprint 1", "description": "The first"}, {"title": "Sprint 2"}]


def an_issue(number: int) -> dict[str, Any]:
    """A ticket with some of everything; it refers to those around it, which have other numbers in some targets."""
    text = (
        f"After #{number - 1}, before #{number + 1}. Ask @ada. `#1` stays.\n" if number > 1 else ""
    )
    return {
        "title": f"Ticket {number}",
        "body": text,
        "labels": [LABELS[number % 2]["name"]] if number % 3 else [],
        "milestone": MILESTONES[number % 2]["title"] if number % 4 == 0 else None,
        "parent": 1 if number in {2, 3} else None,
        "blocked_by": [number - 1] if number % 5 == 0 else [],
    }


def the_source(first: int, last: int) -> dict[str, Any]:
    """The template's tickets of these numbers."""
    issues = [an_issue(number) for number in range(first, last + 1)]
    known = {"labels": LABELS, "milestones": MILESTONES} if first == 1 else {}
    return {"full_name": SOURCE, "issues": issues, **known}


async def a_cohort(fleet: Fleet) -> None:
    """A target for each case: two of four are (partly) filled by an earlier request."""
    seed = a_seed(0, []).model_dump(mode="json")
    beside = {"title": "Our own idea", "author": "student"}
    seed["repositories"] = [
        the_source(1, 6),
        {**a_target(FULL), "issues": [beside]},
        a_target(HALF),
        {**a_target(FRESH), "issues": [beside] * 2, "labels": LABELS[:1]},
        {"full_name": READ},
    ]
    await fleet.sandbox.seed(Seed.model_validate(seed))
    fleet.start()
    fleet.publish(a_message([HALF]))
    fleet.until_ended(1)
    await fleet.sandbox.seed(Seed.model_validate({"repositories": [the_source(7, 10)]}))
    fleet.publish(a_message([FULL]))
    fleet.until_ended(2)


def planned(fleet: Fleet, *targets: str, **settings: str) -> tuple[int, dict[str, Any]]:
    """`monarch plan`: its exit code and its document."""
    said = fleet.run("plan", SOURCE, *targets, "--json", **settings)
    assert said.stdout, said.stderr
    document: dict[str, Any] = json.loads(said.stdout)
    return said.returncode, document


def counted(document: dict[str, Any]) -> dict[str, Counter[str]]:
    """How many writes of each kind are foretold, for each target."""
    kinds = {
        "issues": "create",
        "labels": "labels",
        "milestones": "milestones",
        "edits": "rewrite",
        "sub_issues": "sub_issues",
        "dependencies": "dependencies",
    }
    return {
        target["target"]: +Counter({kind: len(target[key]) for kind, key in kinds.items()})
        for target in document["targets"]
    }


def written(entries: Sequence[LogEntry]) -> dict[str, Counter[str]]:
    """How many writes of each kind the stand-in's log shows, for each target."""
    told: dict[str, Counter[str]] = {target: Counter() for target in TEAMS}
    for entry in entries:
        _, _, owner, name, *rest = entry.path.split("/")
        told[f"{owner}/{name}"][_kind(entry.method, rest)] += 1
    return told


def _kind(method: str, rest: list[str]) -> str:
    if "dependencies" in rest:
        return "dependencies"
    if rest[-1] == "sub_issues":
        return rest[-1]
    return "edits" if method == "PATCH" else rest[0]


FACTS = frozenset(
    [
        "request",
        "plan",
        "migration",
        "ledger",
        "needs",
        "latest",
        "unsettled",
        "card",
        "cards",
        "cohort",
        "cohorts",
        "logins",
        "learned",
        "budget",
        "gate",
        "parked",
        "dead",
        "events",
    ]
)
"""Keys that hold facts; all others say what reads cost and how workers are."""


def remembered(fleet: Fleet) -> dict[str, bytes]:
    """What Valkey knows, byte for byte."""
    names = sorted(key.decode() for key in fleet.client.scan_iter(match="{monarch}:*"))
    kinds = {name: name.removeprefix("{monarch}:").partition(":")[0] for name in names}
    return {name: fleet.client.dump(name) for name in names if kinds[name] in FACTS}


async def test_a_plan_writes_nothing_and_is_what_a_request_then_does(fleet: Fleet) -> None:
    """For a fresh target, a half-filled one, a complete one and one that may only be read."""
    await a_cohort(fleet)
    state, before = await fleet.sandbox.state(), len(await fleet.sandbox.log())
    keys, kept = sorted(fleet.client.keys()), remembered(fleet)
    assert any(":ledger:" in name for name in kept)

    code, document = planned(fleet, *TEAMS)

    asked = (await fleet.sandbox.log())[before:]
    assert {entry.method for entry in asked if entry.api == "github"} == {"GET"}
    assert await fleet.sandbox.state() == state
    assert (sorted(fleet.client.keys()), remembered(fleet)) == (keys, kept)
    assert code == 0, document
    assert document["valkey_problem"] == ""
    foretold = counted(document)
    assert foretold[FULL] == Counter()
    assert foretold[FRESH]["issues"] == foretold[READ]["issues"] == 10
    assert foretold[HALF]["issues"] == 4
    assert foretold[FRESH]["labels"] == 1
    assert set(foretold[READ]) <= {"issues", "edits"}
    assert foretold[FRESH]["edits"] > 0

    ended = fleet.run("submit", SOURCE, *TEAMS, "--wait")

    assert ended.returncode == 0, ended.stderr
    done = await fleet.sandbox.writes()
    done = [entry for entry in done if entry.n > before]
    assert written(done) == foretold
    assert len(done) == document["writes"]
    assert_foretold(await fleet.sandbox.state(), document)
    code, document = planned(fleet, *TEAMS)
    assert (code, document["writes"], document["seconds"]) == (0, 0, 0.0)


def assert_foretold(state: StateView, document: dict[str, Any]) -> None:
    """Every copy has the number that it was said to get."""
    for target in document["targets"]:
        titles = {
            issue.number: issue.title for issue in state.repositories[target["target"]].issues
        }
        assert all(titles[copy["number"]] == copy["title"] for copy in target["create"])


async def test_a_plan_is_told_without_valkey(fleet: Fleet) -> None:
    """From GitHub alone: what is there is known by its markers, and the budget is taken for unused."""
    await a_cohort(fleet)

    code, document = planned(fleet, HALF, FULL, VALKEY_URL="valkey://127.0.0.1:1/0")

    assert code == 0, document
    assert document["valkey_problem"]
    assert [len(target["create"]) for target in document["targets"]] == [4, 0]


async def test_a_plan_says_what_is_in_the_way(fleet: Fleet) -> None:
    """One target that cannot be done hides no other, and the command fails."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    shut = [
        {**a_target("team/old"), "archived": True},
        {**a_target("team/quiet"), "has_issues": False},
        {**a_target("team/now"), "formerly": ["team/then"]},
    ]
    await fleet.sandbox.seed(Seed.model_validate({"repositories": shut}))
    allowed = {"MONARCH_ALLOWED_TARGETS": "team/*"}

    code, document = planned(
        fleet, "team/a", "team/old", "team/quiet", "team/gone", "team/then", "other/b", **allowed
    )

    assert code == 1
    told = {target["asked"]: (target["code"], target["problem"]) for target in document["targets"]}
    assert told["team/a"] == (None, "")
    assert told["team/then"] == (None, "")
    assert told["team/old"][0] == "repository_archived"
    assert told["team/quiet"][0] == "issues_disabled"
    assert told["team/gone"][0] == "repository_not_found"
    assert "waits 120 s" in told["team/gone"][1]
    assert told["other/b"][0] == "target_not_allowed"
    assert not any("replay" in problem for _, problem in told.values())
    assert document["writes"] == 4
    assert await fleet.sandbox.writes() == []


# ------------------------------------------------------------------------------------------- verifying


async def edit(fleet: Fleet, target: str, number: int, **changes: str) -> None:
    """A person's hand on an issue."""
    url = f"{fleet.sandbox.github_url}/repos/{target}/issues/{number}"
    async with httpx.AsyncClient(headers={"Authorization": "token ghp_monarch"}) as client:
        answer = await client.patch(url, json=changes)
    assert answer.status_code == 200, answer.text


def verified(fleet: Fleet, request: str, *options: str) -> tuple[int, dict[str, Any]]:
    """`monarch verify`: its exit code and its document."""
    said = fleet.run("verify", request, "--json", *options)
    assert said.stdout, said.stderr
    document: dict[str, Any] = json.loads(said.stdout)
    return said.returncode, document


def marks_in(document: dict[str, Any], target: str) -> dict[int, list[str]]:
    """What is said of each ticket of a target, by its number, where it is more than present."""
    (found,) = (one for one in document["targets"] if one["target"] == target)
    return {one["ticket"]: one["marks"] for one in found["tickets"] if one["marks"] != ["present"]}


async def test_a_healing_restores_what_was_deleted_and_nothing_else(fleet: Fleet) -> None:
    """What people have edited, closed, added or deleted of their own stays as it is."""
    await fleet.sandbox.seed(a_seed(5, ["team/a", "team/b"]))
    fleet.start()
    fleet.publish(a_message(["team/a", "team/b"]))
    [request] = fleet.until_ended()
    assert verified(fleet, request["id"])[0] == 0
    await fleet.sandbox.delete_issue("team/a", 2)
    await fleet.sandbox.delete_issue("team/a", 4)
    await edit(fleet, "team/a", 3, title="Our own words")
    await edit(fleet, "team/a", 5, state="closed")
    before, writes = await fleet.sandbox.state(), len(await fleet.sandbox.writes())

    code, document = verified(fleet, request["id"])

    assert code == 1
    assert await fleet.sandbox.state() == before
    assert marks_in(document, "team/a") == {
        2: ["missing"],
        3: ["edited"],
        4: ["missing"],
        5: ["closed"],
    }
    assert marks_in(document, "team/b") == {}
    assert document["summary"]["missing"] == 2

    code, document = verified(fleet, request["id"], "--heal", "--wait", "--by", "ada")

    assert (code, [one["refused"] for one in document["healing"]]) == (0, [""])
    after = await fleet.sandbox.state()
    made = [issue for issue in after.repositories["team/a"].issues if issue.number > 5]
    assert [issue.title for issue in made] == ["Ticket 2", "Ticket 4"]
    wanted = [
        ticket
        for ticket in tickets_in(after.repositories[SOURCE])
        if ticket.title in {"Ticket 2", "Ticket 4"}
    ]
    here = after.repositories["team/a"]
    assert [issue.body for issue in made] == [body_of_copy(one, here, SOURCE) for one in wanted]
    assert without(after.repositories["team/a"], 6, 7) == before.repositories["team/a"]
    assert after.repositories["team/b"] == before.repositories["team/b"]
    assert len(await fleet.sandbox.writes()) == writes + 2
    code, document = verified(fleet, request["id"])
    assert (code, document["summary"]["missing"]) == (0, 0)
    assert marks_in(document, "team/a") == {3: ["edited"], 5: ["closed"]}
    code, document = verified(fleet, request["id"], "--heal")
    assert (code, document["healing"]) == (0, [])
    assert len(await fleet.sandbox.writes()) == writes + 2


def without(repository: RepositoryView, *numbers: int) -> RepositoryView:
    """The repository as it would be without these issues."""
    kept = tuple(issue for issue in repository.issues if issue.number not in numbers)
    return repository.model_copy(update={"issues": kept})


async def test_a_verification_needs_a_plan(fleet: Fleet) -> None:
    """What has expired, or never was, is said clearly."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    fleet.start()
    fleet.publish(a_message(["team/a"]))
    [request] = fleet.until_ended()
    fleet.client.delete(f"{{monarch}}:plan:{request['id']}")

    gone, never = fleet.run("verify", request["id"]), fleet.run("verify", "1-1")

    assert (gone.returncode, never.returncode) == (1, 1)
    assert "the plan of request" in gone.stderr
    assert "no request 1-1 is known" in never.stderr
