"""Bodies: what is forgiven, and what is not."""

from typing import Any

import pytest

from monarch.adapters.github.auth.app_wire import read_installation, read_token
from monarch.adapters.github.wire import (
    CreatedIssue,
    read_created,
    read_issue,
    read_issues,
    read_labels,
    read_milestones,
    read_repository,
    read_types,
)
from monarch.core.copy.details import Details
from monarch.core.ticket import Author, Issue, Label, Milestone
from tests.adapters.github.builders import TEACHER, as_bytes, issue_json, repository_json


def test_an_issue_is_read_whole() -> None:
    """Every field of the core's issue."""
    body = issue_json(
        2,
        labels=[{"name": "bug", "color": "d73a4a", "description": "Broken"}],
        milestone={
            "title": "Sprint 1",
            "number": 1,
            "state": "closed",
            "description": None,
            "due_on": "2026-03-01T08:00:00Z",
        },
        type={"id": 1, "node_id": "IT_1", "name": "Bug", "description": None},
        url="https://api.github.example/repos/Org/Team-A/issues/2",
        parent_issue_url="https://api.github.example/repos/org/team-a/issues/1",
    )

    assert read_issue(as_bytes(body)) == Issue(
        id=1002,
        number=2,
        title="Ticket 2",
        body="Text",
        state="open",
        is_pull=False,
        author="teacher",
        author_id=5,
        association="MEMBER",
        url="https://github.example/org/team-a/issues/2",
        created_at="2026-01-02T03:04:05Z",
        labels=(Label("bug", "d73a4a", "Broken"),),
        milestone=Milestone("Sprint 1", "closed", "", "2026-03-01T08:00:00Z", 1),
        parent=1,
        type="Bug",
    )


def test_what_github_documents_as_nullable_may_be_null() -> None:
    """A deleted account, an empty body, no labels' colours."""
    body = issue_json(user=None, body=None, milestone=None, labels=[{"name": "a", "color": None}])

    issue = read_issue(as_bytes(body))

    assert issue is not None
    assert (issue.author, issue.body, issue.milestone) == (None, "", None)
    assert issue.labels == (Label("a", "ededed", ""),)


def test_labels_come_as_texts_or_objects() -> None:
    """The schema allows both; one without a name is none."""
    issue = read_issue(as_bytes(issue_json(labels=["plain", {"name": None}, {"name": "b"}])))

    assert issue is not None
    assert [label.name for label in issue.labels] == ["plain", "b"]


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": None},
        {"labels": [None]},
        {"issue_field_values": {"1": "x"}},
        {"issue_field_values": ["High", None, {"issue_field_name": None}, {"value": 3}]},
        {"issue_dependencies_summary": 3},
        {"issue_dependencies_summary": {"blocked_by": None}},
    ],
)
def test_a_detail_that_cannot_be_read_costs_no_ticket(changes: dict[str, Any]) -> None:
    """One null, or a preview that looks otherwise by now, and no page of the template could be read."""
    issues = read_issues(as_bytes([issue_json(9), issue_json() | changes]))

    assert issues is not None
    assert len(issues) == 2
    assert issues[1].blockers == 0


def test_a_null_in_a_listing_hides_no_other() -> None:
    """Of labels and of milestones."""
    milestone = {"number": 1, "title": "Sprint 1"}

    labels, milestones = (
        read_labels(as_bytes([None, {"name": "bug"}])),
        read_milestones(as_bytes([None, milestone])),
    )

    assert labels == (Label("bug", "ededed", ""),)
    assert milestones is not None
    assert [each.title for each in milestones] == ["Sprint 1"]


def test_the_key_alone_makes_a_pull_request() -> None:
    """As GitHub documents it."""
    issue = read_issue(as_bytes(issue_json(pull_request={"url": "x"})))

    assert issue is not None
    assert issue.is_pull


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"id": True},
        {"id": 0},
        {"id": 2**63},
        {"number": None},
        {"number": 1.5},
        {"title": None},
        {"state": 1},
        {"user": "teacher"},
        {"labels": {}},
        {"html_url": None},
    ],
)
def test_what_is_needed_has_to_be_there_and_of_its_type(changes: dict[str, Any]) -> None:
    """A guess would be taken for evidence."""
    broken = issue_json() | changes

    assert read_issue(as_bytes(broken)) is None
    assert read_issues(as_bytes([issue_json(9), broken])) is None


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff\xfe", b"<html>", b"[" * 100000])
def test_bytes_that_are_none_of_it_are_none(body: bytes) -> None:
    """And raise nothing."""
    assert read_issue(body) is None
    assert read_repository(body) is None
    assert read_created(body) is None
    assert read_labels(body) in (None, ())
    assert read_milestones(body) in (None, ())
    assert read_types(body) in (None, ())
    assert read_installation(body) is None
    assert read_token(body) is None


@pytest.mark.parametrize(
    "details",
    [
        b'"labels": null, "milestone": null, "type": null',
        b'"labels": {"name": "bug"}, "milestone": "M1", "type": ["Bug"], "assignees": {"login": "a"}',
        b'"labels": [null, 7, {"name": 7}, {}], "milestone": {"number": "1"}, "type": {"name": 1}',
        b'"title": "caf\xe9"',
    ],
)
def test_no_detail_hides_that_an_issue_was_created(details: bytes) -> None:
    """Only its number and id count; what cannot be read of the rest is not there."""
    body = b'{"number": 4, "id": 44, ' + details + b"}"

    assert read_created(body) == CreatedIssue(44, 4, Details())


def test_what_was_created_is_read_with_its_details() -> None:
    """So that it can be compared with what was asked for."""
    body = issue_json(
        4,
        labels=["a", {"name": "b"}],
        milestone={"number": 3},
        type={"name": "T"},
        assignees=[{"login": "ada"}, None, 7],
    )

    assert read_created(as_bytes(body)) == CreatedIssue(
        1004, 4, Details(("a", "b"), 3, "T", ("ada",)), TEACHER
    )


@pytest.mark.parametrize(
    ("user", "author"),
    [
        ({"login": "school[bot]", "id": 77, "type": "Bot"}, Author("school[bot]", 77, is_bot=True)),
        ({"login": "teacher"}, Author("teacher")),
        (None, None),
        ("teacher", None),
        ({"login": 3}, None),
        ({"login": "teacher", "id": "five"}, None),
    ],
)
def test_whom_a_201_names_as_the_author_never_hides_that_the_issue_is_there(
    user: object, author: Author | None
) -> None:
    """Our login is learned from it; what cannot be read names no account."""
    created = read_created(as_bytes(issue_json(4, user=user)))

    assert created is not None
    assert created.author == author


def test_a_bots_issue_says_so() -> None:
    """A person cannot have such an account."""
    bot = {"login": "school[bot]", "id": 77, "type": "Bot"}

    issue = read_issue(as_bytes(issue_json(user=bot)))

    assert issue is not None
    assert issue.by == Author("school[bot]", 77, is_bot=True)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (None, None),
        ("", None),
        ("https://api.github.example/repos/org/team-a/issues/12", 12),
        ("https://api.github.example/repos/ORG/team-A/issues/12", 12),
        ("https://api.github.example/repos/org/other/issues/12", None),
        ("https://elsewhere.example/repos/org/team-a/issues/12", None),
        ("https://api.github.example/repos/org/team-a/issues/twelve", None),
        ("https://api.github.example/repos/org/team-a/issues/12/", None),
    ],
)
def test_a_parent_counts_where_it_is_in_the_same_repository(
    parent: str | None, expected: int | None
) -> None:
    """Its number means nothing in another one."""
    here = "https://api.github.example/repos/org/team-a/issues/2"
    issue = read_issue(as_bytes(issue_json(2, url=here, parent_issue_url=parent)))

    assert issue is not None
    assert issue.parent == expected


def test_types_that_are_switched_off_are_not_offered() -> None:
    """An organisation may keep one without using it."""
    body = [{"name": "Bug"}, {"name": "Epic", "is_enabled": False}]

    assert read_types(as_bytes(body)) == ("Bug",)


@pytest.mark.parametrize("token", ["ghs_16C7e42F292c6912E7710c838347Ae178B4a", "a.b.c" * 300, "x"])
def test_a_token_may_look_like_anything_that_fits_into_a_header(token: str) -> None:
    """GitHub has changed their form before, and says that it will again."""
    body = {"token": token, "expires_at": "2026-01-01T01:00:00Z", "permissions": {}}
    given = read_token(as_bytes(body))

    assert given is not None
    assert (given.token, given.ends_at_s) == (token, 1767229200)


@pytest.mark.parametrize(
    "changes", [{"token": "two words"}, {"token": ""}, {"token": None}, {"expires_at": "soon"}]
)
def test_a_token_that_cannot_be_used_is_none(changes: dict[str, Any]) -> None:
    """A guess at its end would be found out in the middle of a write."""
    body = {"token": "ghs_x", "expires_at": "2026-01-01T01:00:00Z"} | changes

    assert read_token(as_bytes(body)) is None


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [({"push": True}, True), ({"push": False}, False), ({}, None), (None, None)],
)
def test_whether_we_may_push_is_not_known_where_github_does_not_say(
    permissions: object, expected: bool | None
) -> None:
    """A reduced answer has no permissions."""
    repository = read_repository(as_bytes(repository_json(permissions=permissions)))

    assert repository is not None
    assert repository.may_push is expected
