"""From the world to GitHub's documented JSON: issues and milestones of one repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github.app_bodies import app_body
from monarch.sandbox.github.bodies import (
    Json,
    account_body,
    html_url,
    issue_type_body,
    label_body,
    node_id,
    timestamp,
    timestamp_or_none,
)
from monarch.sandbox.github.state.model import Role

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Issue, Milestone, Repository
    from monarch.sandbox.github.state.world import World


class Renderer:
    """Renders what belongs to one repository."""

    def __init__(self, world: World, api_url: str, repository: Repository) -> None:
        """Bind what every body needs."""
        self._world = world
        self._api_url = api_url
        self._repository = repository
        self._url = f"{api_url}/repos/{repository.full_name}"
        self._html_url = html_url(api_url, repository)

    def milestone(self, milestone: Milestone) -> Json:
        """Render a milestone with its counts."""
        issues = [i for i in self._repository.issues.values() if i.milestone == milestone.number]
        open_issues = sum(issue.state == "open" for issue in issues)
        url = f"{self._url}/milestones/{milestone.number}"
        return {
            "url": url,
            "html_url": f"{self._html_url}/milestone/{milestone.number}",
            "labels_url": f"{url}/labels",
            "id": milestone.id,
            "node_id": node_id("Milestone", milestone.id),
            "number": milestone.number,
            "title": milestone.title,
            "description": milestone.description,
            "creator": self._account(milestone.creator),
            "open_issues": open_issues,
            "closed_issues": len(issues) - open_issues,
            "state": milestone.state,
            "created_at": timestamp(milestone.created_at),
            "updated_at": timestamp(milestone.created_at),
            "due_on": timestamp_or_none(milestone.due_on),
            "closed_at": timestamp_or_none(milestone.closed_at),
        }

    def issue(self, issue: Issue) -> Json:
        """Render an issue or a pull request seen as one."""
        return {
            **self._issue_urls(issue),
            "id": issue.id,
            "node_id": node_id("Issue", issue.id),
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "locked": issue.locked,
            "active_lock_reason": None,
            "comments": issue.comments,
            "created_at": timestamp(issue.created_at),
            "updated_at": timestamp(issue.updated_at),
            "closed_at": timestamp_or_none(issue.closed_at),
            "performed_via_github_app": self._app(issue),
            **self._issue_people(issue),
            **self._issue_details(issue),
        }

    def _issue_urls(self, issue: Issue) -> Json:
        url, kind = f"{self._url}/issues/{issue.number}", "pull" if issue.pull_request else "issues"
        return {
            "url": url,
            "repository_url": self._url,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": f"{self._html_url}/{kind}/{issue.number}",
        }

    def _issue_people(self, issue: Issue) -> Json:
        assignees = [self._account(login) for login in issue.assignees]
        return {
            "user": self._account(issue.author),
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "author_association": association(self._world, self._repository, issue),
            "closed_by": self._account(issue.closed_by),
        }

    def _issue_details(self, issue: Issue) -> Json:
        labels = [self._repository.labels[key] for key in issue.labels]
        milestone = self._repository.milestones.get(issue.milestone or 0)
        details: Json = {
            "labels": [label_body(self._api_url, self._repository, label) for label in labels],
            "milestone": self.milestone(milestone) if milestone else None,
            "type": self._type(issue),
            "reactions": _reactions(
                f"{self._url}/issues/{issue.number}/reactions", issue.reactions
            ),
            "sub_issues_summary": self._summary(issue),
            "issue_dependencies_summary": self._dependencies(issue),
        }
        parent_id = self._world.hierarchy.parent_of(issue.id)
        if parent_id is not None:
            details["parent_issue_url"] = self._issue_url(parent_id)
        if issue.pull_request:
            details["draft"], details["pull_request"] = False, self._pull_request(issue)
        return details

    def _pull_request(self, issue: Issue) -> Json:
        html = f"{self._html_url}/pull/{issue.number}"
        return {
            "url": f"{self._url}/pulls/{issue.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": None,
        }

    def _summary(self, issue: Issue) -> Json:
        children = self._world.hierarchy.children_of(issue.id)
        closed = sum(self._world.issues[each][1].state == "closed" for each in children)
        percent = 100 * closed // len(children) if children else 0
        return {"total": len(children), "completed": closed, "percent_completed": percent}

    def _dependencies(self, issue: Issue) -> Json:
        of = self._world.dependencies
        blockers, blocked = of.of(issue.id), of.blocked_by(issue.id)
        return {
            "blocked_by": sum(self._world.issues[each][1].state == "open" for each in blockers),
            "total_blocked_by": len(blockers),
            "blocking": sum(self._world.issues[each][1].state == "open" for each in blocked),
            "total_blocking": len(blocked),
        }

    def _issue_url(self, issue_id: int) -> str:
        repository, issue = self._world.issues[issue_id]
        return f"{self._api_url}/repos/{repository.full_name}/issues/{issue.number}"

    def _type(self, issue: Issue) -> Json | None:
        kinds = self._world.account(self._repository.owner).issue_types
        return issue_type_body(kinds[issue.type]) if issue.type in kinds else None

    def _app(self, issue: Issue) -> Json | None:
        app = self._world.apps.get(issue.app or 0)
        return None if app is None else app_body(self._world, self._api_url, app)

    def _account(self, login: str | None) -> Json | None:
        return None if login is None else account_body(self._api_url, self._world.account(login))


def association(world: World, repository: Repository, issue: Issue) -> str:
    """Work out how the author stands to the repository."""
    if issue.author_association is not None:
        return issue.author_association
    if issue.author is None:
        return "NONE"
    login = issue.author.lower()
    if login == repository.owner.lower():
        return "OWNER"
    if repository.owner.lower() in world.account(issue.author).member_of:
        return "MEMBER"
    if repository.collaborators.get(login, Role.NONE) > Role.NONE:
        return "COLLABORATOR"
    return "NONE"


def _reactions(url: str, hearts: int) -> Json:
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": url, "total_count": hearts, **dict.fromkeys(kinds, 0), "heart": hearts}
