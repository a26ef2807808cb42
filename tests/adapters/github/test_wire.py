"""Bodies: what is forgiven, and what is not."""

from typing import Any

import pytest

from monarch.adapters.github.wire import read_created, read_issue, read_issues, read_repository
from monarch.core.outcome import Created
from monarch.core.ticket import Issue, Label
from tests.adapters.github.builders import as_bytes, issue_json, repository_json


def test_an_issue_is_read_whole() -> None:
    """Every field of the core's issue."""
    body = issue_json(
        2,
        labels=[{"name": "bug", "color": "d73a4a", "description": "Broken"}],
        milestone={"title": "Sprint 1", "number": 1},
    )

    assert read_issue(as_bytes(body)) == Issue(
        id=1002,
        number=2,
        title="Ticket 2",
        body="Text",
        state="open",
        is_pull=False,
        author="teacher",
        association="MEMBER",
        url="https://github.example/org/team-a/issues/2",
        created_at="2026-01-02T03:04:05Z",
        labels=(Label("bug", "d73a4a", "Broken"),),
        milestone="Sprint 1",
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


def test_a_created_issue_needs_only_its_number_and_id() -> None:
    """Whatever else GitHub changes must not hide that it was created."""
    assert read_created(b'{"number": 4, "id": 44, "title": null}') == Created(4, 44)


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
