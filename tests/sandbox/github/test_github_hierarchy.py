"""Sub-issues and issue types. GitHub's description of these is not in the data; issues are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from monarch.sandbox.control.planting import plant
from monarch.sandbox.control.seed import BadSeedError, Seed
from monarch.sandbox.control.views import state_view
from monarch.sandbox.github.relations.sub_issues import LEVELS, MOST
from tests.sandbox.world import BASE_URL, BOT, TEAM, Bench

if TYPE_CHECKING:
    from monarch.sandbox.http import Reply

WHY = "An error occurred while adding the sub-issue to the parent issue. "
ONE_PARENT = f"{WHY}Sub issue may only have one parent"

TYPES: dict[str, Any] = {
    "accounts": [
        {
            "login": "org",
            "kind": "Organization",
            "issue_types": [
                {"name": "Task", "description": "A piece of work", "color": "yellow"},
                {"name": "Old", "is_enabled": False},
            ],
        }
    ]
}


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """GitHub with three issues of the team's."""
    plant(bench.world, bench.workspace, Seed.model_validate(TYPES))
    for title in ("Epic", "Part", "Other"):
        bench.send("POST", f"{TEAM}/issues", {"title": title})
    return bench


def id_of(bench: Bench, number: int, repo: str = TEAM) -> int:
    """The id that GitHub wants instead of a number."""
    issue_id: int = issue(bench, number, repo)["id"]
    return issue_id


def issue(bench: Bench, number: int, repo: str = TEAM) -> dict[str, Any]:
    """An issue as anybody reads it."""
    url = f"{repo}/issues/{number}"
    found: dict[str, Any] = bench.send("GET", url, token="ghp_admin").json()
    return found


def put(bench: Bench, parent: int, child_id: object, token: str = BOT, **more: Any) -> Reply:
    """Put an issue under another one."""
    wish = {"sub_issue_id": child_id, **more}
    return bench.send("POST", f"{TEAM}/issues/{parent}/sub_issues", wish, token=token)


def numbers(bench: Bench, parent: int) -> list[int]:
    """The sub-issues of an issue."""
    return [
        each["number"] for each in bench.send("GET", f"{TEAM}/issues/{parent}/sub_issues").json()
    ]


def test_a_sub_issue_is_known_to_both_sides(bench: Bench) -> None:
    """201 with the parent; the summary counts, the part names its parent, and closing counts."""
    reply = put(bench, 1, id_of(bench, 3))
    put(bench, 1, id_of(bench, 2))
    bench.send("PATCH", f"{TEAM}/issues/2", {"state": "closed"})

    assert (reply.status, reply.json()["number"]) == (201, 1)
    assert numbers(bench, 1) == [3, 2]
    assert issue(bench, 1)["sub_issues_summary"] == {
        "total": 2,
        "completed": 1,
        "percent_completed": 50,
    }
    assert issue(bench, 3)["parent_issue_url"] == f"{BASE_URL}/github{TEAM}/issues/1"
    assert "parent_issue_url" not in issue(bench, 1)
    parent = bench.send("GET", f"{TEAM}/issues/3/parent")
    assert parent.json()["number"] == 1
    assert bench.send("GET", f"{TEAM}/issues/1/parent").status == 404
    view = state_view(bench.world, bench.workspace, {}).repositories["org/team-a"]
    assert view.issues[0].sub_issues == ("org/team-a#3", "org/team-a#2")
    assert view.issues[2].parent == "org/team-a#1"


def test_an_id_is_wanted_and_a_number_is_none(bench: Bench) -> None:
    """Numbers, strings and what cannot be seen."""
    for wrong in (2, id_of(bench, 1, "/repos/org/private"), 4711):
        refused = put(bench, 1, wrong)
        assert (refused.status, refused.json()["message"]) == (
            404,
            "The provided sub-issue does not exist",
        )
    assert put(bench, 1, str(id_of(bench, 2))).status == 422
    assert put(bench, 1, id_of(bench, 2), replace_parent="yes").status == 422
    assert put(bench, 9, id_of(bench, 2)).status == 404


def test_there_is_one_parent_unless_it_is_replaced(bench: Bench) -> None:
    """Again under the same one, under another one, and under another one at will."""
    part = id_of(bench, 2)
    put(bench, 1, part)
    again, elsewhere = put(bench, 1, part), put(bench, 3, part)

    assert again.status == elsewhere.status == 422
    assert again.json()["message"].startswith(f"{WHY}Issue may not contain duplicate sub-issues")
    assert elsewhere.json()["message"] == ONE_PARENT
    assert put(bench, 3, part, replace_parent=True).status == 201
    assert (numbers(bench, 1), numbers(bench, 3)) == ([], [2])


def test_nothing_is_above_itself(bench: Bench) -> None:
    """Neither at once nor by way of others."""
    put(bench, 1, id_of(bench, 2))
    put(bench, 2, id_of(bench, 3))

    assert put(bench, 1, id_of(bench, 1)).status == 422
    assert put(bench, 3, id_of(bench, 1)).status == 422


def test_both_have_one_owner_and_neither_is_a_pull_request(bench: Bench) -> None:
    """Another repository of the owner will do, another owner will not."""
    more = {
        "repositories": [
            {"full_name": "else/where", "issues": [{"title": "x"}]},
            {"full_name": "org/public", "issues": [{"title": "x"}]},
        ]
    }
    plant(bench.world, bench.workspace, Seed.model_validate(more))

    assert put(bench, 1, id_of(bench, 1, "/repos/else/where")).status == 422
    assert put(bench, 1, id_of(bench, 2, "/repos/org/template")).status == 422
    assert put(bench, 1, id_of(bench, 1, "/repos/org/public")).status == 201


def test_a_hundred_is_the_most(bench: Bench) -> None:
    """Closed ones count; the list has pages."""
    for _ in range(MOST):
        made = bench.send("POST", f"{TEAM}/issues", {"title": "x"}).json()
        put(bench, 1, made["id"])
    refused = put(bench, 1, id_of(bench, 2))

    assert refused.json()["message"] == f"{WHY}Parent cannot have more than 100 sub-issues"
    page = bench.send("GET", f"{TEAM}/issues/1/sub_issues")
    assert len(page.json()) == 30
    assert 'rel="next"' in (page.header("Link") or "")


def test_what_is_taken_out_is_by_itself(bench: Bench) -> None:
    """By request, by deletion of either side; what is no part cannot be taken out."""
    url, part = f"{TEAM}/issues/1/sub_issue", id_of(bench, 2)
    put(bench, 1, part)
    taken = bench.send("DELETE", url, {"sub_issue_id": part})

    assert (taken.status, taken.json()["sub_issues_summary"]["total"]) == (200, 0)
    assert bench.send("DELETE", url, {"sub_issue_id": part}).status == 404
    put(bench, 1, part)
    put(bench, 2, id_of(bench, 3))
    team = bench.world.named("org/team-a")
    assert team is not None
    bench.world.delete_issue(team, 2)
    assert numbers(bench, 1) == []
    assert "parent_issue_url" not in issue(bench, 3)


@pytest.mark.parametrize(
    ("token", "status"), [("ghp_noscope", 404), ("github_pat_reader", 403), ("ghs_app", 201)]
)
def test_arranging_is_writing(bench: Bench, token: str, status: int) -> None:
    """An account that may not write issues may not arrange them, nor may an issue's author."""
    assert put(bench, 1, id_of(bench, 2), token).status == status
    more = {"repositories": [{"full_name": "org/public", "issues": [{"title": "x"}] * 2}]}
    plant(bench.world, bench.workspace, Seed.model_validate(more))
    wish = {"sub_issue_id": id_of(bench, 2, "/repos/org/public")}
    assert bench.send("POST", "/repos/org/public/issues/1/sub_issues", wish).status == 403


def test_sub_issues_and_edits_count_as_content_when_told(bench: Bench) -> None:
    """Each kind by itself, and refused ones not at all."""
    bench.now += 3600
    bench.settings = bench.settings.changed_by(
        {"content_per_hour": 2, "content_kinds": ["sub_issues", "edits"]}
    )
    assert put(bench, 1, 2).status == 404
    assert put(bench, 1, id_of(bench, 2)).status == 201
    assert bench.send("PATCH", f"{TEAM}/issues/1", {"title": ""}).status == 422
    assert bench.send("PATCH", f"{TEAM}/issues/1", {"body": "B"}).status == 200
    for limited in (
        put(bench, 1, id_of(bench, 3)),
        bench.send("PATCH", f"{TEAM}/issues/1", {"body": "C"}),
    ):
        assert "blocked from content creation" in limited.json()["message"]
    assert bench.send("POST", f"{TEAM}/issues", {"title": "x"}).status == 201


def test_an_organization_has_types_and_an_issue_has_one(bench: Bench) -> None:
    """Listed by repository and by organization; whole in the issue; only enabled ones are taken."""
    listed = bench.send("GET", f"{TEAM}/issue-types").json()
    made = bench.send("POST", f"{TEAM}/issues", {"title": "x", "type": "Task"})

    assert [(each["name"], each["is_enabled"]) for each in listed] == [
        ("Task", True),
        ("Old", False),
    ]
    assert issue(bench, 4)["type"] == made.json()["type"] == listed[0]
    for wrong in ("Old", "task", "Epic"):
        refused = bench.send("POST", f"{TEAM}/issues", {"title": "x", "type": wrong})
        [error] = refused.json()["errors"]
        assert (error["resource"], error["field"], error["code"]) == ("Issue", "type", "invalid")
    cleared = bench.send("PATCH", f"{TEAM}/issues/4", {"type": None})
    assert cleared.json()["type"] is None


def test_types_are_for_organizations_and_for_those_who_may_read_them(bench: Bench) -> None:
    """A user has none; the organization's own list needs another scope."""
    more = {
        "accounts": [{"login": "alice"}],
        "tokens": [{"token": "ghp_org", "login": "bot", "scopes": ["repo", "read:org"]}],
        "repositories": [{"full_name": "alice/things", "collaborators": {"bot": "write"}}],
    }
    plant(bench.world, bench.workspace, Seed.model_validate(more))
    url = "/orgs/org/issue-types"

    assert len(bench.send("GET", url, token="ghp_org").json()) == 2
    assert bench.send("GET", url).status == 404
    assert bench.send("GET", url, token="ghs_app").status == 403
    assert bench.send("GET", url, token=None).status == 401
    assert bench.send("GET", "/orgs/alice/issue-types", token="ghp_org").status == 404
    assert bench.send("GET", "/orgs/nobody/issue-types", token="ghp_org").status == 404
    assert bench.send("GET", "/repos/alice/things/issue-types").status == 404
    typed = {"title": "x", "type": "Task"}
    assert bench.send("POST", "/repos/alice/things/issues", typed).status == 422


def test_a_template_can_be_seeded_with_hierarchy_and_types(bench: Bench) -> None:
    """A parent may come later in the list than its parts."""
    issues = [{"title": "Part", "parent": 2, "type": "Task"}, {"title": "Epic", "type": "Epic"}]
    template = {"full_name": "org/new", "issue_types": ["Epic"], "issues": issues}
    plant(bench.world, bench.workspace, Seed.model_validate({"repositories": [template]}))

    part, epic = issue(bench, 1, "/repos/org/new"), issue(bench, 2, "/repos/org/new")
    assert part["parent_issue_url"] == epic["url"]
    assert (part["type"]["name"], epic["type"]["name"]) == ("Task", "Epic")


@pytest.mark.parametrize(
    "wrong",
    [
        {"repositories": [{"full_name": "org/x", "issues": [{"title": "x", "parent": 1}]}]},
        {"repositories": [{"full_name": "org/x", "issues": [{"title": "x", "parent": 7}]}]},
        {"repositories": [{"full_name": "org/x", "issues": [{"title": "x", "type": "Epic"}]}]},
        {"accounts": [{"login": "alice", "issue_types": [{"name": "Epic"}]}]},
    ],
)
def test_a_seed_that_contradicts_itself_is_refused(bench: Bench, wrong: dict[str, Any]) -> None:
    """An issue above itself or under nothing, an unknown type, types of a person."""
    with pytest.raises(BadSeedError):
        plant(bench.world, bench.workspace, Seed.model_validate(wrong))


def test_eight_levels_and_no_more(bench: Bench) -> None:
    """Whichever end is put under the other; the answer names the parent."""
    chain = [
        bench.send("POST", f"{TEAM}/issues", {"title": f"Level {n}"}).json()["number"]
        for n in range(LEVELS + 2)
    ]
    for parent, child in pairwise(chain[: LEVELS + 1]):
        reply = put(bench, parent, id_of(bench, child))
        assert reply.status == 201
        assert dict(reply.headers)["Location"].endswith(f"{TEAM}/issues/{parent}")

    assert put(bench, chain[LEVELS], id_of(bench, chain[LEVELS + 1])).status == 422
    assert put(bench, chain[LEVELS + 1], id_of(bench, chain[0])).status == 422


def test_an_older_enterprise_server_has_no_addresses_for_it(bench: Bench) -> None:
    """Nor for issue types; the issue itself names type and parent."""
    put(bench, 1, id_of(bench, 2))
    bench.settings = bench.settings.changed_by({"enterprise_server": True})

    assert put(bench, 1, id_of(bench, 3)).status == 404
    assert bench.send("GET", f"{TEAM}/issues/1/sub_issues").status == 404
    assert bench.send("GET", f"{TEAM}/issue-types").status == 404
    assert issue(bench, 2)["parent_issue_url"].endswith("/issues/1")
    assert bench.send("GET", TEAM, headers={"x-github-api-version": "2026-03-10"}).status == 400
