"""An issue's timeline, as GitHub shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from monarch.sandbox.github import errors, listing
from monarch.sandbox.github.bodies import account_body, node_id, timestamp
from monarch.sandbox.github.issue_body import Renderer, association
from monarch.sandbox.github.issues import issue_of

if TYPE_CHECKING:
    from monarch.sandbox.github.bodies import Json
    from monarch.sandbox.github.history.happenings import Happening
    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply


def list_timeline(visit: Visit, repository: Repository) -> Reply:
    """Answer everything that has happened to an issue, oldest first, a page at a time."""
    visit.must_read_issues(repository)
    if not repository.has_issues:
        raise errors.issues_disabled()
    issue = issue_of(visit, repository)
    path = f"/repositories/{repository.id}/issues/{issue.number}/timeline"
    numbered = list(enumerate(issue.timeline, start=1))
    return listing.paged(visit, path, numbered, partial(_body, visit, repository, issue))


def _body(
    visit: Visit, repository: Repository, issue: Issue, numbered: tuple[int, Happening]
) -> Json:
    which, one = numbered
    number = 10_000_000 * (issue.id % 1_000_000) + which
    url = f"{visit.api_url}/repos/{repository.full_name}/issues"
    actor = (
        None if one.actor is None else account_body(visit.api_url, visit.world.account(one.actor))
    )
    render = Renderer(visit.world, visit.api_url, repository)
    if one.event == "cross-referenced":
        source = {"type": "issue", "issue": render.issue(repository.issues[one.about["source"]])}
        return {
            "actor": actor,
            "created_at": timestamp(one.at),
            "updated_at": timestamp(one.at),
            "source": source,
            "event": one.event,
        }
    common = {
        "id": number,
        "node_id": node_id("IssueEvent", number),
        "actor": actor,
        "event": one.event,
        "created_at": timestamp(one.at),
    }
    if one.event == "commented":
        return common | {
            "url": f"{url}/comments/{number}",
            "html_url": f"{render.issue(issue)['html_url']}#issuecomment-{number}",
            "issue_url": f"{url}/{issue.number}",
            "user": actor,
            "updated_at": timestamp(one.at),
            "author_association": association(visit.world, repository, issue),
            "body": one.about.get("body", ""),
            "performed_via_github_app": None,
        }
    return common | {
        "url": f"{url}/events/{number}",
        "commit_id": None,
        "commit_url": None,
        "performed_via_github_app": None,
        **_about(visit, repository, one),
    }


def _about(visit: Visit, repository: Repository, one: Happening) -> Json:
    """What an event says beside who did it and when."""
    about = dict(one.about)
    if "label" in about:
        label = repository.labels[about["label"]]
        about["label"] = {"name": label.name, "color": label.color}
    if "milestone" in about:
        about["milestone"] = {"title": repository.milestones[about["milestone"]].title}
    if "assignee" in about:
        about["assignee"] = account_body(visit.api_url, visit.world.account(about["assignee"]))
    return about
