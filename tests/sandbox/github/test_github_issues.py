"""Issues as GitHub documents them: every reply is held against its OpenAPI description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from monarch.sandbox.github.wishes import MAX_BODY, MAX_TITLE
from tests.sandbox.world import BASE_URL, BOT, TEAM, TEMPLATE, Bench
from tests.schemas import assert_request_matches

if TYPE_CHECKING:
    from monarch.sandbox.http import Reply

ISSUES = "/repos/{owner}/{repo}/issues"
ISSUE = f"{ISSUES}/{{issue_number}}"


def create(bench: Bench, repo: str = TEAM, *, token: str | None = BOT, **wish: Any) -> Reply:
    """POST an issue, a plain one unless told otherwise."""
    body = {"title": "Copy", **wish}
    return bench.send("POST", f"{repo}/issues", body, token=token)


def titles(reply: Reply) -> list[str]:
    """The titles of a list."""
    return [issue["title"] for issue in reply.json()]


def error_of(reply: Reply) -> dict[str, Any]:
    """The one validation error of a 422."""
    assert reply.status == 422
    [error] = reply.json()["errors"]
    return dict(error)


def test_issues_and_pull_requests_share_one_sequence_of_numbers(bench: Bench) -> None:
    """A pull request takes a number and is listed, with ``pull_request``."""
    issues = bench.send("GET", f"{TEMPLATE}/issues?direction=asc").json()

    assert [(issue["number"], "pull_request" in issue) for issue in issues] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    assert all(issue["id"] > 2_000_000_000 for issue in issues)


def test_a_list_is_open_and_newest_first_unless_asked_otherwise(bench: Bench) -> None:
    """The documented defaults."""
    plain = bench.send("GET", f"{TEMPLATE}/issues")
    closed = bench.send("GET", f"{TEMPLATE}/issues?state=closed")
    everything = bench.send("GET", f"{TEMPLATE}/issues?state=all")
    labelled = bench.send("GET", f"{TEMPLATE}/issues?labels=BUG")

    assert titles(plain) == ["Third", "A pull request", "First"]
    assert titles(closed) == ["Done"]
    assert len(everything.json()) == 4
    assert titles(labelled) == ["First"]


def test_since_asks_for_what_was_updated(bench: Bench) -> None:
    """An edit moves an old issue into the window."""
    create(bench)
    bench.now += 100
    bench.send("PATCH", f"{TEAM}/issues/1", {"body": "new"})
    create(bench, title="Later")
    since = "2026-09-21T14:14:30Z"

    found = bench.send("GET", f"{TEAM}/issues?since={since}")

    assert titles(found) == ["Later", "Copy"]


@pytest.mark.parametrize("query", ["state=some", "sort=title", "direction=up", "since=yesterday"])
def test_a_list_refuses_values_outside_its_sets(bench: Bench, query: str) -> None:
    """A misspelt query is not taken for the default."""
    reply = bench.send("GET", f"{TEMPLATE}/issues?{query}")

    assert reply.status == 422


def test_a_filter_that_the_stand_in_does_not_know_is_not_ignored(bench: Bench) -> None:
    """Silence would let a wrong test pass."""
    assert bench.send("GET", f"{TEMPLATE}/issues?assignee=bot").status == 501


@pytest.mark.parametrize("cursors", [False, True])
def test_following_links_finds_everything_once(bench: Bench, cursors: bool) -> None:
    """Pages are followed by ``Link`` alone, with page numbers or with cursors."""
    bench.settings = bench.settings.changed_by({"cursor_links": cursors})
    for number in range(7):
        create(bench, title=str(number))
    url: str | None = f"{TEAM}/issues?per_page=3&direction=asc"
    seen: list[str] = []
    links: dict[str, str] = {}
    while url:
        reply = bench.send("GET", url)
        seen += titles(reply)
        links = relations(reply)
        url = links.get("next")

    assert seen == list("0123456")
    assert set(links) == {"first", "prev"}
    assert ("after=" in links["first"]) is cursors
    assert links["first"].startswith(f"{BASE_URL}/github/repositories/")


def relations(reply: Reply) -> dict[str, str]:
    """The ``Link`` header by relation."""
    parts = [part.split("; ") for part in (reply.header("Link") or "").split(", ") if part]
    return {rel[5:-1]: url[1:-1] for url, rel in parts}


def test_one_page_has_no_link_and_a_hundred_is_the_most(bench: Bench) -> None:
    """``per_page`` is capped, not refused."""
    for number in range(101):
        create(bench, title=str(number))

    assert bench.send("GET", f"{TEMPLATE}/issues").header("Link") is None
    assert len(bench.send("GET", f"{TEAM}/issues?per_page=1000").json()) == 100
    assert len(bench.send("GET", f"{TEAM}/issues").json()) == 30


def test_far_pages_are_refused(bench: Bench) -> None:
    """Large lists want cursors; a client should not make up page numbers."""
    reply = bench.send("GET", f"{TEMPLATE}/issues?page=100")

    assert reply.status == 422
    assert "cursor" in reply.json()["message"]


def test_lists_lag_but_numbers_do_not(bench: Bench) -> None:
    """A young issue is absent from lists and there by number."""
    bench.settings = bench.settings.changed_by({"listing_lag_seconds": 5})
    create(bench)

    assert bench.send("GET", f"{TEAM}/issues").json() == []
    assert bench.send("GET", f"{TEAM}/issues/1").status == 200
    bench.now += 5
    assert titles(bench.send("GET", f"{TEAM}/issues")) == ["Copy"]


def test_a_list_can_show_a_newer_issue_without_an_older_one(bench: Bench) -> None:
    """Seen in the wild, and the reason for probing by number."""
    repository = bench.world.named("org/team-a")
    assert repository is not None
    repository.hidden_from_lists = {1}
    create(bench, title="Older")
    create(bench, title="Newer")

    assert titles(bench.send("GET", f"{TEAM}/issues")) == ["Newer"]
    assert bench.send("GET", f"{TEAM}/issues/1").json()["title"] == "Older"


def test_created_issue_is_answered_whole(bench: Bench) -> None:
    """201, ``Location``, and everything that was asked for, unknown labels in grey."""
    milestone = bench.send("POST", f"{TEAM}/milestones", {"title": "Sprint"}).json()["number"]
    wish = {"body": "B", "labels": ["New", "new"], "milestone": milestone, "assignees": ["bot"]}
    assert_request_matches("POST", ISSUES, {"title": "Copy", **wish})
    reply = create(bench, **wish)
    issue = reply.json()

    assert reply.status == 201
    assert reply.header("Location") == issue["url"] == f"{BASE_URL}/github{TEAM}/issues/1"
    assert [(label["name"], label["color"]) for label in issue["labels"]] == [("New", "ededed")]
    assert issue["milestone"]["title"] == "Sprint"
    assert issue["user"]["login"] == issue["assignee"]["login"] == "bot"
    assert issue["author_association"] == "COLLABORATOR"


def test_without_push_access_details_are_dropped_in_silence(bench: Bench) -> None:
    """Even those that would be refused with it."""
    reply = create(bench, "/repos/org/public", labels=["bug"], milestone=99, assignees=["x"])
    issue = reply.json()

    assert reply.status == 201
    assert (issue["labels"], issue["milestone"], issue["assignees"]) == ([], None, [])


def test_without_push_access_a_new_label_refuses_the_whole_call(bench: Bench) -> None:
    """It would have to be made, and that is not theirs to do: nothing is created."""
    reply = create(bench, "/repos/org/public", labels=["bug", "new"])

    assert reply.status == 403
    assert bench.world.created_by_api == []


@pytest.mark.parametrize(
    ("wish", "field", "code"),
    [
        ({"title": ""}, "title", "missing_field"),
        ({"title": "x" * (MAX_TITLE + 1)}, "title", "custom"),
        ({"body": "x" * (MAX_BODY + 1)}, "body", "custom"),
        ({"milestone": 7}, "milestone", "invalid"),
        ({"assignees": ["nobody"]}, "assignees", "invalid"),
        ({"type": "Epic"}, "type", "invalid"),
        ({"labels": ["x" * 51]}, "name", "custom"),
    ],
)
def test_values_that_cannot_be_are_422(
    bench: Bench, wish: dict[str, Any], field: str, code: str
) -> None:
    """With the documented error, and nothing is created."""
    error = error_of(create(bench, **wish))

    assert (error["field"], error["code"]) == (field, code)
    assert bench.world.created_by_api == []


def test_limits_are_counted_in_characters(bench: Bench) -> None:
    """What just fits is taken, however many bytes it has."""
    reply = create(bench, title="ü" * MAX_TITLE, body="🦋" * MAX_BODY)

    assert reply.status == 201


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "Problems parsing JSON"),
        (b"\xff", 400, "Problems parsing JSON"),
        (b"[]", 400, "Body should be a JSON object"),
        (b"{}", 422, "title"),
        (b'{"title": ["x"]}', 422, "title"),
        (b'{"title": "x", "labels": "bug"}', 422, "labels"),
        (b'{"title": "x", "labels": [1]}', 422, "1"),
    ],
)
def test_bodies_of_the_wrong_shape(bench: Bench, body: bytes, status: int, message: str) -> None:
    """JSON first, then an object, then the types."""
    reply = bench.send("POST", f"{TEAM}/issues", body)

    assert reply.status == status
    assert message in reply.json()["message"]


@pytest.mark.parametrize(
    ("repo", "token", "status", "message"),
    [
        ("/repos/org/archived", "ghp_bot", 403, "Repository was archived so is read-only."),
        ("/repos/org/no-issues", "ghp_bot", 410, "Issues are disabled for this repo"),
        ("/repos/org/nowhere", "ghp_bot", 404, "Not Found"),
        ("/repos/org/private", "ghs_app", 404, "Not Found"),
        (TEAM, "ghp_noscope", 404, "Not Found"),
        (TEAM, "github_pat_reader", 403, "Resource not accessible by personal access token"),
        ("/repos/org/public", "ghs_app", 403, "Resource not accessible by integration"),
        (TEAM, "ghp_revoked", 401, "Bad credentials"),
        (TEAM, "ghp_unknown", 401, "Bad credentials"),
        (TEAM, None, 401, "Requires authentication"),
    ],
)
def test_who_may_not_create(
    bench: Bench, repo: str, token: str | None, status: int, message: str
) -> None:
    """Each refusal in its documented words."""
    reply = create(bench, repo, token=token)

    assert (reply.status, reply.json()["message"]) == (status, message)
    assert bench.world.created_by_api == []


def test_an_installation_creates_where_it_is_installed(bench: Bench) -> None:
    """Names of the selected repositories compare without case."""
    assert create(bench, token="ghs_app").json()["user"]["type"] == "Bot"


def test_a_member_a_stranger_and_a_ghost(bench: Bench) -> None:
    """Who wrote an issue, and how they stand to the repository."""
    first = bench.send("GET", f"{TEMPLATE}/issues/1").json()
    second = bench.send("GET", f"{TEMPLATE}/issues/2").json()
    third = bench.send("GET", f"{TEMPLATE}/issues/3").json()
    fourth = bench.send("GET", f"{TEMPLATE}/issues/4").json()

    assert (first["author_association"], first["milestone"]["title"]) == ("MEMBER", "Sprint 1")
    assert second["author_association"] == "NONE"
    assert (third["user"], third["body"]) == (None, None)
    assert (fourth["state"], fourth["author_association"]) == ("closed", "CONTRIBUTOR")
    assert create(bench, token="ghp_admin").json()["author_association"] == "OWNER"


def test_a_number_that_is_gone_moved_or_never_was(bench: Bench) -> None:
    """410, 301 with where it is now, 404."""
    source, target = bench.world.named("org/template"), bench.world.named("org/team-a")
    assert source is not None
    assert target is not None
    bench.world.delete_issue(source, 1)
    bench.world.transfer_issue(source, 3, target)

    gone = bench.send("GET", f"{TEMPLATE}/issues/1")
    moved = bench.send("GET", f"{TEMPLATE}/issues/3")
    never = bench.send("GET", f"{TEMPLATE}/issues/99")

    assert (gone.status, moved.status, never.status) == (410, 301, 404)
    location = moved.header("Location")
    assert location is not None
    assert bench.send("GET", location).json()["title"] == "Third"


def test_a_patch_changes_what_it_names(bench: Bench) -> None:
    """Title, body, state and details; the rest stays."""
    create(bench, body="old", labels=["a"])
    wish = {"body": None, "state": "closed", "state_reason": "not_planned", "labels": ["b"]}
    assert_request_matches("PATCH", ISSUE, wish)
    bench.now += 60
    issue = bench.send("PATCH", f"{TEAM}/issues/1", wish).json()

    assert (issue["title"], issue["body"], issue["state"]) == ("Copy", None, "closed")
    assert issue["state_reason"] == "not_planned"
    assert [label["name"] for label in issue["labels"]] == ["b"]
    assert issue["created_at"] < issue["updated_at"] == issue["closed_at"]
    reopened = bench.send("PATCH", f"{TEAM}/issues/1", {"state": "open"})
    assert reopened.json()["state_reason"] == "reopened"


@pytest.mark.parametrize(
    ("url", "wish", "status"),
    [
        (f"{TEMPLATE}/issues/1", {"title": "mine"}, 403),
        (f"{TEAM}/issues/9", {"title": "x"}, 404),
        (f"{TEAM}/issues/1", {"title": " "}, 422),
        (f"{TEAM}/issues/1", {"state": "ajar"}, 422),
        ("/repos/org/archived/issues/1", {"title": "x"}, 403),
    ],
)
def test_a_patch_that_may_not_be(bench: Bench, url: str, wish: dict[str, Any], status: int) -> None:
    """Another account's issue, no issue, bad values, an archive: and nothing has changed."""
    create(bench)
    reply = bench.send("PATCH", url, wish)

    assert reply.status == status
    assert titles(bench.send("GET", f"{TEAM}/issues")) == ["Copy"]


def test_an_author_may_edit_an_own_issue_but_not_its_details(bench: Bench) -> None:
    """Without push access: text and state yes; labels and the like are dropped in silence."""
    public = "/repos/org/public"
    create(bench, public)
    wish = {"title": "Mine", "body": "B", "state": "closed", "labels": ["bug"], "milestone": 9}
    reply = bench.send("PATCH", f"{public}/issues/1", wish)
    issue = reply.json()

    assert (reply.status, issue["title"], issue["body"]) == (200, "Mine", "B")
    assert (issue["state"], issue["labels"], issue["milestone"]) == ("closed", [], None)
