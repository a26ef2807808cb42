"""Sub-issues: what an issue consists of, and what it is a part of.

GitHub asks for the *id* of a sub-issue, not for its number, and both must have one owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github import errors, listing
from monarch.sandbox.github.history.happenings import happened
from monarch.sandbox.github.issue_body import Renderer
from monarch.sandbox.github.issues import issue_of
from monarch.sandbox.github.state.model import Role
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from monarch.sandbox.github.bodies import Json
    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

MOST = 100
"""Sub-issues of one parent, closed ones included."""

LEVELS = 8
"""Of sub-issues below one issue (docs.github.com, "Adding sub-issues": "up to eight levels of nested sub-issues")."""


def list_sub_issues(visit: Visit, repository: Repository) -> Reply:
    """Answer the sub-issues that the caller may see, in their order, a page at a time."""
    visit.must_read_issues(repository)
    parent = issue_of(visit, repository)
    children = [visit.world.issues[each] for each in visit.world.hierarchy.children_of(parent.id)]
    seen = [(where, issue) for where, issue in children if visit.role(where) >= Role.READ]
    path = f"/repositories/{repository.id}/issues/{parent.number}/sub_issues"
    return listing.paged(visit, path, seen, lambda each: _body(visit, *each))


def get_parent(visit: Visit, repository: Repository) -> Reply:
    """Answer the issue that this one is a part of."""
    visit.must_read_issues(repository)
    parent_id = visit.world.hierarchy.parent_of(issue_of(visit, repository).id)
    if parent_id is None:
        raise errors.not_found()
    where, parent = visit.world.issues[parent_id]
    visit.must_see(where)
    return json_reply(200, _body(visit, where, parent))


def add_sub_issue(visit: Visit, repository: Repository) -> Reply:
    """Put an issue under this one and answer this one."""
    must_arrange(visit, repository)
    wish = visit.json_object()
    parent, child = issue_of(visit, repository), _wished(visit, wish)
    replace = wish.get("replace_parent", False)
    if not isinstance(replace, bool):
        raise errors.invalid_request("For 'properties/replace_parent', a boolean is expected.")
    visit.must_have_content_budget("sub_issues")
    _check(visit, repository, parent, child, replace=replace)
    visit.world.hierarchy.put_under(parent.id, child[1].id)
    _note(visit, parent, child[1], "added")
    visit.created("sub_issues")
    body = _body(visit, repository, parent)
    return json_reply(201, body, ("Location", body["url"]))


def remove_sub_issue(visit: Visit, repository: Repository) -> Reply:
    """Take an issue out of this one and answer this one."""
    must_arrange(visit, repository)
    parent = issue_of(visit, repository)
    _, child = _wished(visit, visit.json_object())
    if visit.world.hierarchy.parent_of(child.id) != parent.id:
        raise errors.unknown_sub_issue()
    visit.world.hierarchy.take_out(child.id)
    _note(visit, parent, child, "removed")
    body = _body(visit, repository, parent)
    return json_reply(200, body, ("Location", body["url"]))


def _note(visit: Visit, parent: Issue, child: Issue, what: str) -> None:
    """Write into both timelines that the child was added or removed."""
    by, now = visit.token.login if visit.token else None, visit.world.clock()
    happened(parent, f"sub_issue_{what}", by, now, sub_issue={"id": child.id})
    happened(child, f"parent_issue_{what}", by, now, parent_issue={"id": parent.id})


def must_arrange(visit: Visit, repository: Repository) -> None:
    """Refuse a caller that may neither push nor triage."""
    visit.must_write_issues(repository)
    if not visit.may_push(repository) and visit.role(repository) < Role.TRIAGE:
        raise errors.no_admin_rights()


def _wished(visit: Visit, wish: Json) -> tuple[Repository, Issue]:
    """Find the issue with that id; refuse if there is none, or the caller may not see it."""
    wanted = wish.get("sub_issue_id")
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise errors.invalid_request(
            f"For 'properties/sub_issue_id', {wanted!r} is not an integer."
        )
    found = visit.world.issues.get(wanted)
    if found is None or visit.role(found[0]) < Role.READ:
        raise errors.unknown_sub_issue()
    return found


def _check(
    visit: Visit,
    repository: Repository,
    parent: Issue,
    child: tuple[Repository, Issue],
    *,
    replace: bool,
) -> None:
    where, issue = child
    hierarchy = visit.world.hierarchy
    children, old_parent = hierarchy.children_of(parent.id), hierarchy.parent_of(issue.id)
    if issue.id == parent.id:
        raise errors.bad_sub_issue("Sub issue cannot be the same as the parent issue")
    if where.owner.lower() != repository.owner.lower():
        raise errors.bad_sub_issue("Sub issue must have the same owner as the parent issue")
    if issue.pull_request or parent.pull_request:
        raise errors.bad_sub_issue("Sub issue cannot be a pull request")
    if issue.id in children:
        raise errors.bad_sub_issue(
            "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
        )
    if old_parent is not None and not replace:
        raise errors.bad_sub_issue("Sub issue may only have one parent")
    if hierarchy.is_above(issue.id, parent.id):
        raise errors.bad_sub_issue("Sub issue cannot be above the parent issue")
    above, below = hierarchy.levels_above(parent.id), hierarchy.levels_below(issue.id)
    if above + 1 + below > LEVELS:
        raise errors.bad_sub_issue(f"Sub issue cannot be nested more than {LEVELS} levels deep")
    if len(children) >= MOST:
        raise errors.bad_sub_issue(f"Parent cannot have more than {MOST} sub-issues")


def _body(visit: Visit, repository: Repository, issue: Issue) -> Json:
    return Renderer(visit.world, visit.api_url, repository).issue(issue)
