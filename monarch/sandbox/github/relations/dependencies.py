"""Dependencies: which issues block which. GitHub asks for the *id* of a blocker, as it does for sub-issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github import errors, listing
from monarch.sandbox.github.history.happenings import happened
from monarch.sandbox.github.issue_body import Renderer
from monarch.sandbox.github.issues import issue_of
from monarch.sandbox.github.relations.sub_issues import must_arrange
from monarch.sandbox.github.state.model import Role
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monarch.sandbox.github.bodies import Json
    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

MOST = 50
"""Of each relation of one issue (github.blog, changelog of 2025-08-21)."""


def list_blockers(visit: Visit, repository: Repository) -> Reply:
    """Answer the issues that block this one, as far as the caller may see them."""
    visit.must_read_issues(repository)
    issue = issue_of(visit, repository)
    return _listed(visit, repository, issue, "blocked_by", visit.world.dependencies.of(issue.id))


def list_blocked(visit: Visit, repository: Repository) -> Reply:
    """Answer the issues that this one blocks, as far as the caller may see them."""
    visit.must_read_issues(repository)
    issue = issue_of(visit, repository)
    blocked = visit.world.dependencies.blocked_by(issue.id)
    return _listed(visit, repository, issue, "blocking", blocked)


def add_blocker(visit: Visit, repository: Repository) -> Reply:
    """Have an issue block this one and answer this one."""
    must_arrange(visit, repository)
    issue = issue_of(visit, repository)
    wanted = visit.json_object().get("issue_id")
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise errors.invalid_request(f"For 'properties/issue_id', {wanted!r} is not an integer.")
    found = visit.world.issues.get(wanted)
    if found is None or visit.role(found[0]) < Role.READ:
        raise errors.not_found()
    visit.must_have_content_budget("dependencies")
    _check(visit, issue, found[1])
    visit.world.dependencies.block(issue.id, wanted)
    by, now = visit.token.login if visit.token else None, visit.world.clock()
    happened(issue, "blocked_by_added", by, now, blocked_by={"id": wanted})
    happened(found[1], "blocking_added", by, now, blocking={"id": issue.id})
    visit.created("dependencies")
    body = _body(visit, repository, issue)
    return json_reply(201, body, ("Location", f"{body['url']}/dependencies/blocked_by"))


def remove_blocker(visit: Visit, repository: Repository) -> Reply:
    """Let this issue no longer be blocked by another and answer this one."""
    must_arrange(visit, repository)
    issue = issue_of(visit, repository)
    if int(visit.parts[1]) not in visit.world.dependencies.of(issue.id):
        raise errors.not_found()
    visit.world.dependencies.unblock(issue.id, int(visit.parts[1]))
    return json_reply(200, _body(visit, repository, issue))


def _check(visit: Visit, issue: Issue, blocker: Issue) -> None:
    there = visit.world.dependencies.of(issue.id)
    if blocker.id == issue.id:
        raise errors.bad_dependency("An issue cannot be blocked by itself")
    if blocker.id in there:
        raise errors.bad_dependency("The issue is already blocked by that issue")
    if len(there) >= MOST:
        raise errors.bad_dependency(f"An issue cannot be blocked by more than {MOST} issues")


def _listed(
    visit: Visit, repository: Repository, issue: Issue, name: str, ids: Sequence[int]
) -> Reply:
    found = [visit.world.issues[each] for each in ids]
    seen = [(where, other) for where, other in found if visit.role(where) >= Role.READ]
    path = f"/repositories/{repository.id}/issues/{issue.number}/dependencies/{name}"
    return listing.paged(visit, path, seen, lambda each: _body(visit, *each))


def _body(visit: Visit, repository: Repository, issue: Issue) -> Json:
    return Renderer(visit.world, visit.api_url, repository).issue(issue)
