"""GitHub's full repository body: mostly addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github.bodies import Json, account_body, html_url, node_id, timestamp
from monarch.sandbox.github.state.model import Role

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Repository
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.github.visit import Visit

TEMPLATED_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "statuses_url": "/statuses/{sha}",
    "trees_url": "/git/trees{/sha}",
}
PLAIN_URLS = (
    *("contributors", "deployments", "downloads", "events", "forks", "hooks", "languages"),
    *("merges", "stargazers", "subscribers", "subscription", "tags", "teams"),
)


def full_body(visit: Visit, repository: Repository) -> Json:
    """Render what a repository's own address shows: also what it was made from, if the caller may see that."""
    body = repository_body(visit.world, visit.api_url, repository, visit.role(repository))
    template = visit.world.repositories.get(repository.template or 0)
    role = Role.NONE if template is None else visit.role(template)
    if template is None or role < Role.READ:
        return {**body, "template_repository": None}
    shown = repository_body(visit.world, visit.api_url, template, role)
    return {**body, "template_repository": shown}


def repository_body(world: World, api_url: str, repository: Repository, role: Role) -> Json:
    """Render a repository as seen with a role."""
    return {
        **_identity(world, api_url, repository),
        **_urls(api_url, repository),
        **_flags(repository),
        **_counts(repository),
        "created_at": timestamp(repository.created_at),
        "updated_at": timestamp(repository.created_at),
        "pushed_at": timestamp(repository.created_at),
        "permissions": {
            "admin": role >= Role.ADMIN,
            "maintain": role >= Role.MAINTAIN,
            "push": role >= Role.WRITE,
            "triage": role >= Role.TRIAGE,
            "pull": role >= Role.READ,
        },
    }


def _identity(world: World, api_url: str, repository: Repository) -> Json:
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": account_body(api_url, world.account(repository.owner)),
        "description": repository.description,
        "default_branch": "main",
        "language": None,
        "license": None,
        "homepage": None,
        "mirror_url": None,
        "topics": [],
    }


def _urls(api_url: str, repository: Repository) -> Json:
    url, html = f"{api_url}/repos/{repository.full_name}", html_url(api_url, repository)
    return {
        "url": url,
        "html_url": html,
        "clone_url": f"{html}.git",
        "git_url": f"git://sandbox.example/{repository.full_name}.git",
        "ssh_url": f"git@sandbox.example:{repository.full_name}.git",
        "svn_url": html,
        **{key: url + rest for key, rest in TEMPLATED_URLS.items()},
        **{f"{name}_url": f"{url}/{name}" for name in PLAIN_URLS},
    }


def _flags(repository: Repository) -> Json:
    return {
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "archived": repository.archived,
        "disabled": False,
        "fork": repository.fork,
        "is_template": repository.is_template,
        "has_issues": repository.has_issues,
        "has_projects": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "has_downloads": True,
    }


def _counts(repository: Repository) -> Json:
    open_issues = sum(issue.state == "open" for issue in repository.issues.values())
    none = ("forks", "forks_count", "network_count", "size", "stargazers_count")
    more = ("subscribers_count", "watchers", "watchers_count")
    return {
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        **dict.fromkeys((*none, *more), 0),
    }
