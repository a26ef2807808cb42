"""Labels, milestones, issue types, edits and sub-issues: what leaves, and what each answer means."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.core.copy.render import Draft
from monarch.core.outcome import (
    Accepted,
    AlreadyThere,
    Code,
    Created,
    DetailOutcome,
    Found,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    Unknown,
    Withheld,
)
from monarch.core.ticket import Label, Milestone
from tests.adapters.github.builders import TARGET, TEACHER, Always, github, issue_json, yes
from tests.schemas import assert_request_matches

LABEL = Label("Bug", "d73a4a", "Broken")
MILESTONE = Milestone("Sprint 1", "closed", "First", "2026-03-01T08:00:00Z", 9)
REPO = "/repos/org/team-a"

Write = Callable[[HttpGitHub, Callable[[], bool]], Awaitable[DetailOutcome]]

WRITES: dict[str, tuple[Write, int, dict[str, Any], DetailOutcome]] = {
    "label": (
        lambda client, may_send: client.create_label(TARGET, LABEL, may_send),
        201,
        {"id": 1, "name": "bug", "color": "d73a4a"},
        Accepted(),
    ),
    "milestone": (
        lambda client, may_send: client.create_milestone(TARGET, MILESTONE, may_send),
        201,
        {"number": 4, "title": "Sprint 1"},
        Accepted(4),
    ),
    "edit": (
        lambda client, may_send: client.edit_body(TARGET, 7, "New é", may_send),
        200,
        issue_json(7),
        Accepted(),
    ),
    "sub-issue": (
        lambda client, may_send: client.add_sub_issue(TARGET, 7, 1008, may_send),
        201,
        issue_json(7),
        Accepted(),
    ),
    "dependency": (
        lambda client, may_send: client.add_blocker(TARGET, 7, 1008, may_send),
        201,
        issue_json(7),
        Accepted(),
    ),
}
each_write = pytest.mark.parametrize("name", WRITES)
of_issues = pytest.mark.parametrize("name", ["edit", "sub-issue", "dependency"])


async def write(name: str, handler: Callable[[httpx.Request], httpx.Response]) -> DetailOutcome:
    """Do it once against this answer."""
    return await WRITES[name][0](github(handler), yes)


# ----------------------------------------------------------------------------------------- what leaves


@pytest.mark.parametrize(
    ("name", "method", "path", "template", "body"),
    [
        (
            "label",
            "POST",
            f"{REPO}/labels",
            "/repos/{owner}/{repo}/labels",
            {"name": "Bug", "color": "d73a4a", "description": "Broken"},
        ),
        (
            "milestone",
            "POST",
            f"{REPO}/milestones",
            "/repos/{owner}/{repo}/milestones",
            {
                "title": "Sprint 1",
                "state": "closed",
                "description": "First",
                "due_on": "2026-03-01T08:00:00Z",
            },
        ),
        (
            "edit",
            "PATCH",
            f"{REPO}/issues/7",
            "/repos/{owner}/{repo}/issues/{issue_number}",
            {"body": "New é"},
        ),
        ("sub-issue", "POST", f"{REPO}/issues/7/sub_issues", "", {"sub_issue_id": 1008}),
        (
            "dependency",
            "POST",
            f"{REPO}/issues/7/dependencies/blocked_by",
            "/repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by",
            {"issue_id": 1008},
        ),
    ],
)
async def test_what_leaves_is_as_github_documents_it(
    name: str, method: str, path: str, template: str, body: dict[str, Any]
) -> None:
    """Method, path and body of each write; and it is sent once."""
    answer = Always(WRITES[name][1], WRITES[name][2])

    assert await write(name, answer) == WRITES[name][3]
    [request] = answer.asked
    assert (request.method, request.url.path) == (method, path)
    assert json.loads(request.content) == body
    assert request.content.isascii()
    if template:
        assert_request_matches(method, template, body)


async def test_a_draft_with_details_leaves_as_github_documents_it() -> None:
    """Labels by name, the milestone by its number, the type by its name."""
    answer = Always(201, issue_json(1))

    await github(answer).create_issue(TARGET, Draft("T", "B", ("bug",), 3, "Task"), yes)

    body = json.loads(answer.asked[0].content)
    assert_request_matches("POST", "/repos/{owner}/{repo}/issues", body)
    assert body == {"title": "T", "body": "B", "labels": ["bug"], "milestone": 3, "type": "Task"}


async def test_what_a_label_or_a_milestone_has_not_is_not_mentioned() -> None:
    """GitHub takes no empty due date; a description may have 100 characters."""
    answer = Always(201, {"number": 1, "name": "a"})
    client = github(answer)
    await client.create_milestone(TARGET, Milestone("M"), yes)
    await client.create_label(TARGET, Label("a", "ededed", ""), yes)
    await client.create_label(TARGET, Label("a", "ededed", "x" * 101), yes)

    bodies = [json.loads(request.content) for request in answer.asked]
    assert bodies[:2] == [{"title": "M", "state": "open"}, {"name": "a", "color": "ededed"}]
    assert bodies[2]["description"] == "x" * 100


# --------------------------------------------------------------------------------------- what comes back


@each_write
async def test_a_guard_that_says_no_lets_nothing_leave(name: str) -> None:
    """As for an issue."""
    answer = Always(500)

    assert await WRITES[name][0](github(answer), lambda: False) == Withheld()
    assert answer.asked == []


@each_write
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, b"{}"),
        (204, b""),
        (201, b"<html>"),
        (200, b"<html>"),
        (201, b"{}"),
        (200, b"[]"),
        (201, b'{"name": "other", "number": "7"}'),
        (500, b'{"message": "Server Error"}'),
        (502, b"<html>"),
        (503, b'{"code": "503", "message": "Service unavailable"}'),
        (408, b""),
    ],
)
async def test_a_success_is_only_the_one_that_was_asked_for(
    name: str, status: int, body: bytes
) -> None:
    """To be unsure of a write that was done costs a call; to be sure of one that was not would lose it."""
    assert isinstance(await write(name, Always(status, body)), Unknown)


@each_write
@pytest.mark.parametrize("status", [200, 201])
async def test_the_right_body_in_another_status_is_no_success(name: str, status: int) -> None:
    """A POST that something turned into a GET is answered with a 200."""
    outcome = await write(name, Always(status, WRITES[name][2]))

    assert isinstance(outcome, Accepted if status == WRITES[name][1] else Unknown)


async def test_a_label_is_the_same_whatever_its_case() -> None:
    """GitHub answers with its own spelling, if it knows the label."""
    assert await write("label", Always(201, {"name": "BUG"})) == Accepted()
    assert isinstance(await write("label", Always(201, {"name": "other"})), Unknown)


@pytest.mark.parametrize(
    ("name", "errors", "message"),
    [
        ("label", [{"resource": "Label", "code": "already_exists", "field": "name"}], ""),
        ("milestone", [{"resource": "Milestone", "code": "already_exists", "field": "title"}], ""),
        (
            "sub-issue",
            [],
            "Issue may not contain duplicate sub-issues and Sub issue may only have one parent",
        ),
    ],
)
async def test_what_is_there_already_is_as_good_as_done(
    name: str, errors: list[Any], message: str
) -> None:
    """Another caller has made it, or we did and the answer was lost."""
    body = {"message": message or "Validation Failed", "errors": errors}

    assert await write(name, Always(422, body)) == AlreadyThere()


async def test_another_parent_is_a_refusal() -> None:
    """It is kept, and told."""
    body = {"message": "Sub issue may only have one parent"}
    outcome = await write("sub-issue", Always(422, body))

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.TICKET


@of_issues
@pytest.mark.parametrize(("status", "code"), [(404, Code.NOT_FOUND), (410, Code.ISSUES_DISABLED)])
async def test_a_missing_issue_condemns_no_repository(name: str, status: int, code: Code) -> None:
    """A person has deleted a copy; the others go on."""
    outcome = await write(name, Always(status, {"message": "This issue was deleted"}))

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.code) == (Scope.TICKET, code)
    assert "issue is gone" in outcome.reason


@pytest.mark.parametrize("name", ["label", "milestone"])
async def test_a_missing_repository_is_the_repositorys(name: str) -> None:
    """As for an issue that is to be created in it."""
    outcome = await write(name, Always(404, {"message": "Not Found"}))

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.REPOSITORY


@each_write
async def test_a_limit_is_a_limit(name: str) -> None:
    """Every write counts."""
    limited = Always(403, {"message": "secondary rate limit"}, {"Retry-After": "30"})
    outcome = await write(name, limited)

    assert isinstance(outcome, RateLimited)
    assert outcome.wait_s == 30


@each_write
async def test_a_redirect_was_not_done(name: str) -> None:
    """The repository is looked up again."""
    assert isinstance(await write(name, Always(307, {}, {"Location": "/x"})), Transient)


@each_write
async def test_without_an_answer_nobody_knows(name: str) -> None:
    """It may be done twice, so it may be sent again."""

    def drop(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("gone")

    assert isinstance(await write(name, drop), Unknown)


# ------------------------------------------------------------------------------------------ what is dropped


@pytest.mark.parametrize(
    ("shown", "dropped"),
    [
        (
            {"labels": [{"name": "BUG"}, {"name": "b"}], "milestone": {"number": 3}, "type": {"name": "task"}},
            (),
        ),
        ({"labels": ["bug"], "milestone": {"number": 3}, "type": {"name": "Task"}}, ('label "b"',)),
        (
            {"labels": [], "milestone": None, "type": None},
            ('label "Bug"', 'label "b"', "milestone", "type"),
        ),
        ({"labels": "?", "milestone": 3, "type": 0}, ('label "Bug"', 'label "b"', "milestone", "type")),
    ],
)  # fmt: skip
async def test_what_github_leaves_out_silently_is_named(
    shown: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    """Without the right to push; and what cannot be read is not there, but the issue is."""
    draft = Draft("T", "B", ("Bug", "b"), 3, "Task")
    outcome = await github(Always(201, issue_json(7) | shown)).create_issue(TARGET, draft, yes)

    assert outcome == Created(7, 1007, dropped, TEACHER)


@pytest.mark.parametrize("field", ["milestone", "type", "labels", "assignees", "title", "body"])
async def test_a_validation_names_its_fields(field: str) -> None:
    """So that the issue can be created without what GitHub does not take."""
    errors = [{"resource": "Issue", "field": field, "code": "invalid"}, {"code": "custom"}]
    body = {"message": "Validation Failed", "errors": errors}
    outcome = await github(Always(422, body)).create_issue(TARGET, Draft("T", "B"), yes)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.fields) == (Scope.TICKET, (field,))


# ------------------------------------------------------------------------------------------------ listings


def pages(*bodies: Any) -> tuple[Callable[[httpx.Request], httpx.Response], list[str]]:
    """A listing of so many pages, and the addresses that were asked for."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        number = len(asked)
        more = {"Link": f'</next-{number}>; rel="next"'} if number < len(bodies) else {}
        return httpx.Response(200, json=bodies[number - 1], headers=more)

    return answer, asked


async def test_all_labels_are_listed() -> None:
    """Every page, with colours and descriptions."""
    handler, asked = pages(
        [{"name": "a", "color": "123456", "description": "x"}], [{"name": "b", "color": "654321"}]
    )
    answer = await github(handler).list_labels(TARGET)

    assert answer == Found((Label("a", "123456", "x"), Label("b", "654321", "")))
    assert asked == [f"{REPO}/labels?per_page=100", "/next-1"]


async def test_closed_milestones_are_listed_too() -> None:
    """Their titles are taken all the same."""
    handler, asked = pages(
        [{"number": 2, "title": "Old", "state": "closed", "description": None, "due_on": None}]
    )
    answer = await github(handler).list_milestones(TARGET)

    assert answer == Found((Milestone("Old", "closed", "", "", 2),))
    assert asked == [f"{REPO}/milestones?state=all&per_page=100"]


async def test_issue_types_are_those_of_the_organisation() -> None:
    """By name; one that is switched off is none."""
    handler, _ = pages([{"name": "Bug"}, {"name": "Task"}, {"name": "Old", "is_enabled": False}])

    assert await github(handler).list_issue_types(TARGET) == Found(("Bug", "Task"))


async def test_a_type_that_is_null_hides_no_other() -> None:
    """GitHub's description allows it in the listing."""
    handler, _ = pages([None, {"name": "Bug"}])

    assert await github(handler).list_issue_types(TARGET) == Found(("Bug",))


async def test_a_server_without_a_listing_of_issue_types_says_so() -> None:
    """It may have types all the same: an older Enterprise Server answers 404."""
    answer = await github(Always(404, {"message": "Not Found"})).list_issue_types(TARGET)

    assert isinstance(answer, Permanent)
    assert answer.code is Code.NOT_FOUND


async def test_sub_issues_are_listed_in_their_order() -> None:
    """By id, which is what a plan knows; a server without them answers 404."""
    handler, asked = pages([issue_json(7, id=70), issue_json(3, id=30)])

    assert await github(handler).list_sub_issues(TARGET, 5) == Found((70, 30))
    assert asked == [f"{REPO}/issues/5/sub_issues?per_page=100"]


@pytest.mark.parametrize("what", ["list_labels", "list_milestones", "list_issue_types"])
@pytest.mark.parametrize("status", [401, 403, 500])
async def test_half_a_listing_is_none(what: str, status: int) -> None:
    """What is missing would be made again."""
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if asked == 1:
            return httpx.Response(200, json=[], headers={"Link": '</next>; rel="next"'})
        return httpx.Response(status, json={"message": "no"})

    assert not isinstance(await getattr(github(answer), what)(TARGET), Found)
