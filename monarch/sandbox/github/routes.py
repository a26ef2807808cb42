"""Which handler answers which address; an address in neither table is not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from monarch.sandbox.github import (
    accounts,
    apps,
    details,
    errors,
    issue_types,
    issues,
    owned,
)
from monarch.sandbox.github.history import timeline
from monarch.sandbox.github.relations import dependencies, sub_issues
from monarch.sandbox.github.visit import Visit
from monarch.sandbox.http import Reply

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import App, Repository
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.http import Call

Route = tuple[str, re.Pattern[str], Callable[..., Reply]]
"""Method, pattern of the whole path, handler."""

PLAIN: list[Route] = [
    ("GET", re.compile("/user"), accounts.get_user),
    ("GET", re.compile("/rate_limit"), accounts.get_rate_limit),
    ("GET", re.compile(r"/orgs/([^/]+)/issue-types"), issue_types.list_organization_types),
    ("GET", re.compile(r"/orgs/([^/]+)/repos"), owned.list_organization_repositories),
    ("GET", re.compile(r"/users/([^/]+)/repos"), owned.list_user_repositories),
    # Where the links of these two lead.
    ("GET", re.compile(r"/organizations/(\d+)/repos"), owned.list_organization_repositories),
    ("GET", re.compile(r"/user/(\d+)/repos"), owned.list_user_repositories),
]
AS_APP: list[Route] = [
    ("GET", re.compile("/app"), apps.get_app),
    ("GET", re.compile("/app/installations"), apps.list_installations),
    ("GET", re.compile(r"/repos/([^/]+)/([^/]+)/installation"), apps.get_repository_installation),
    ("GET", re.compile(r"/orgs/([^/]+)/installation"), apps.get_account_installation),
    ("GET", re.compile(r"/users/([^/]+)/installation"), apps.get_account_installation),
    ("POST", re.compile(r"/app/installations/(\d+)/access_tokens"), apps.create_token),
]
BELOW_REPOSITORY: list[Route] = [
    ("GET", re.compile(""), accounts.get_repository),
    ("POST", re.compile("/generate"), owned.generate),
    ("GET", re.compile("/issues"), issues.list_issues),
    ("POST", re.compile("/issues"), issues.create_issue),
    ("GET", re.compile(r"/issues/(\d+)"), issues.get_issue),
    ("PATCH", re.compile(r"/issues/(\d+)"), issues.update_issue),
    ("GET", re.compile(r"/issues/(\d+)/sub_issues"), sub_issues.list_sub_issues),
    ("POST", re.compile(r"/issues/(\d+)/sub_issues"), sub_issues.add_sub_issue),
    ("DELETE", re.compile(r"/issues/(\d+)/sub_issue"), sub_issues.remove_sub_issue),
    ("GET", re.compile(r"/issues/(\d+)/parent"), sub_issues.get_parent),
    ("GET", re.compile(r"/issues/(\d+)/timeline"), timeline.list_timeline),
    ("GET", re.compile(r"/issues/(\d+)/dependencies/blocked_by"), dependencies.list_blockers),
    ("POST", re.compile(r"/issues/(\d+)/dependencies/blocked_by"), dependencies.add_blocker),
    (
        "DELETE",
        re.compile(r"/issues/(\d+)/dependencies/blocked_by/(\d+)"),
        dependencies.remove_blocker,
    ),
    ("GET", re.compile(r"/issues/(\d+)/dependencies/blocking"), dependencies.list_blocked),
    ("GET", re.compile("/issue-types"), issue_types.list_repository_types),
    ("GET", re.compile("/assignees"), details.list_assignees),
    ("GET", re.compile("/labels"), details.list_labels),
    ("POST", re.compile("/labels"), details.create_label),
    ("GET", re.compile("/milestones"), details.list_milestones),
    ("POST", re.compile("/milestones"), details.create_milestone),
]
NOT_ON_ENTERPRISE = re.compile(r"/issue-types|/issues/\d+/(sub_issues?|parent|dependencies/.+)")
"""What the descriptions of Enterprise Server 3.17 to 3.19 do not list."""
BY_NAME = re.compile(r"/repos/([^/]+/[^/]+)(/.*)?")
BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")


def is_for_apps(call: Call) -> bool:
    """Whether only an app may make this call, with what it signed about itself."""
    return _found(AS_APP, call.method, call.path) is not None


def path_by_name(world: World, path: str) -> str:
    """Return a path with the name of its repository in place of the id.

    A repository that has had other names keeps its id: a name would say less.
    """
    by_id = BY_ID.fullmatch(path)
    found = world.repositories.get(int(by_id[1])) if by_id else None
    if by_id is None or found is None or found.id in world.former_names.values():
        return path
    return f"/repos/{found.full_name}{by_id[2] or ''}"


def route(visit: Visit) -> Reply:
    """Find the handler and let it answer; raises ``Refusal``."""
    method, path = visit.call.method, visit.call.path
    if visit.caller.app is not None:
        return _as_app(visit, visit.caller.app)
    if plain := _found(PLAIN, method, path):
        handler, parts = plain
        return handler(replace(visit, parts=parts))
    repository, rest = _repository(visit)
    visit.must_see(repository)
    if visit.settings.enterprise_server and NOT_ON_ENTERPRISE.fullmatch(rest):
        raise errors.not_found()
    if below := _found(BELOW_REPOSITORY, method, rest):
        handler, parts = below
        return handler(replace(visit, parts=parts), repository)
    raise errors.not_found()


def _as_app(visit: Visit, app: App) -> Reply:
    found = _found(AS_APP, visit.call.method, visit.call.path)
    if found is None:
        # Not observed: what an app's signature gets where a token is wanted.
        raise errors.refused(403, "Resource not accessible by integration")
    handler, parts = found
    return handler(replace(visit, parts=parts), app)


def _found(
    routes: list[Route], method: str, path: str
) -> tuple[Callable[..., Reply], tuple[str, ...]] | None:
    for wanted, pattern, handler in routes:
        match = pattern.fullmatch(path)
        if match and method == wanted:
            return handler, match.groups()
    return None


def _repository(visit: Visit) -> tuple[Repository, str]:
    """Find the repository that the path is about, and what of the path is left."""
    by_id, by_name = BY_ID.fullmatch(visit.call.path), BY_NAME.fullmatch(visit.call.path)
    found, rest = None, ""
    if by_id:
        found, rest = visit.world.repositories.get(int(by_id[1])), by_id[2]
    elif by_name:
        found, rest = visit.world.named(by_name[1]), by_name[2]
        if found is None:
            visit.redirect_if_renamed(by_name[1], rest or "")
    if found is None:
        raise errors.not_found()
    return found, rest or ""
