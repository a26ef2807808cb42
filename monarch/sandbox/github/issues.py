"""Issues: list, create, read, change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github import errors, listing, wishes
from monarch.sandbox.github.history.happenings import renamed
from monarch.sandbox.github.issue_body import Renderer
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from typing import Any

    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply


def list_issues(visit: Visit, repository: Repository) -> Reply:
    """Answer the issues and pull requests of a repository, a page at a time."""
    _must_have_issues(visit, repository)
    listing.refuse_far_pages(visit)
    render = Renderer(visit.world, visit.api_url, repository).issue
    issues = listing.visible_issues(visit, repository)
    return listing.paged(visit, f"/repositories/{repository.id}/issues", issues, render)


def create_issue(visit: Visit, repository: Repository) -> Reply:
    """Create an issue; every account that can read the repository may.

    Everything is checked before anything is changed.
    """
    token = visit.must_write_issues(repository)
    wish = visit.json_object()
    if not repository.has_issues:
        raise errors.issues_disabled()
    visit.must_have_content_budget("issues")
    wishes.check_shape(wish)
    title, body = wishes.title_of(wish), wishes.body_of(wish)
    details = wishes.details_of(visit, repository, wish)
    issue = visit.world.add_issue(repository, title, body, token.login)
    issue.app = token.installation.app_id if token.installation else None
    wishes.apply_details(visit, repository, issue, details)
    visit.world.created_by_api.append((repository.id, issue.number))
    visit.created("issues")
    rendered = Renderer(visit.world, visit.api_url, repository).issue(issue)
    return json_reply(201, rendered, ("Location", rendered["url"]))


def get_issue(visit: Visit, repository: Repository) -> Reply:
    """Answer one issue by number: always its present state, whatever lists show."""
    _must_have_issues(visit, repository)
    issue = issue_of(visit, repository)
    return json_reply(200, Renderer(visit.world, visit.api_url, repository).issue(issue))


def update_issue(visit: Visit, repository: Repository) -> Reply:
    """Change an issue; allowed for its author and for accounts that may push."""
    token = visit.must_write_issues(repository)
    wish = visit.json_object()
    issue = issue_of(visit, repository)
    if issue.author != token.login and not visit.may_push(repository):
        raise errors.no_admin_rights()
    visit.must_have_content_budget("edits")
    wishes.check_shape(wish)
    changes: dict[str, Any] = wishes.details_of(visit, repository, wish)
    title = wishes.title_of(wish) if "title" in wish else issue.title
    body = wishes.body_of(wish) if "body" in wish else issue.body
    _set_state(visit, issue, wish)
    wishes.apply_details(visit, repository, issue, changes)
    renamed(issue, title, token.login, visit.world.clock())
    issue.change(title, body, visit.world.clock())
    visit.created("edits")
    return json_reply(200, Renderer(visit.world, visit.api_url, repository).issue(issue))


def _set_state(visit: Visit, issue: Issue, wish: dict[str, Any]) -> None:
    state = wish.get("state", issue.state)
    if state not in {"open", "closed"}:
        raise errors.invalid("Issue", "state", "invalid", value=state)
    if state != issue.state:
        reason, by = wish.get("state_reason"), visit.token
        visit.world.set_state(issue, state, reason, None if by is None else by.login)


def _must_have_issues(visit: Visit, repository: Repository) -> None:
    visit.must_read_issues(repository)
    if not repository.has_issues:
        raise errors.issues_disabled()


def issue_of(visit: Visit, repository: Repository) -> Issue:
    """Find the issue that the path names; refuse what was deleted, redirect what moved."""
    number = int(visit.parts[0])
    if number in repository.transferred:
        elsewhere, its_number = repository.transferred[number]
        url = f"{visit.api_url}/repositories/{elsewhere}/issues/{its_number}"
        raise errors.moved(301, url)
    if number in repository.removed:
        raise errors.issue_deleted()
    if number not in repository.issues:
        raise errors.not_found()
    return repository.issues[number]
