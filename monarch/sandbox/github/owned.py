"""The repositories of an owner, and new ones made from a template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monarch.sandbox.github import errors, listing
from monarch.sandbox.github.repository_body import full_body, repository_body
from monarch.sandbox.github.state.model import Role
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Account, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
SORTS = ("created", "updated", "pushed", "full_name")


def list_organization_repositories(visit: Visit) -> Reply:
    """Answer the repositories of an organization that the caller may see; the newest first."""
    owner = _owner(visit)
    if owner.kind != "Organization":
        raise errors.not_found()
    found = [each for each in _of(visit, owner) if visit.role(each) >= Role.READ]
    return _listed(visit, f"/organizations/{owner.id}/repos", found, SORTS)


def list_user_repositories(visit: Visit) -> Reply:
    """Answer the public repositories of a user, or of an organization; by name."""
    owner = _owner(visit)
    found = [each for each in _of(visit, owner) if not each.private]
    return _listed(visit, f"/user/{owner.id}/repos", found, ("full_name", *SORTS))


def generate(visit: Visit, template: Repository) -> Reply:
    """Create a repository from a template: its files and none of its issues, labels or milestones."""
    account = visit.account
    if visit.token is None or account is None:
        raise errors.requires_authentication()
    wish = visit.json_object()
    if not template.is_template:
        raise errors.not_found()
    owner, name = wish.get("owner", account.login), wish.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise errors.invalid("Repository", "name", "missing_field" if not name else "invalid")
    if not isinstance(owner, str):
        raise errors.invalid("Repository", "owner", "invalid")
    if owner.lower() not in {account.login.lower(), *account.member_of}:
        raise errors.could_not_clone(f"{account.login} cannot create a repository for {owner}.")
    if visit.world.named(f"{owner}/{name}") is not None:
        raise errors.could_not_clone("Name already exists on this account")
    made = _made(visit, template, f"{owner}/{name}", wish)
    made.collaborators[account.login.lower()] = Role.ADMIN
    body = full_body(visit, made)
    return json_reply(201, body, ("Location", body["url"]))


def _made(visit: Visit, template: Repository, full_name: str, wish: dict[str, Any]) -> Repository:
    made = visit.world.add_repository(full_name, visit.world.clock())
    made.template, made.private = template.id, wish.get("private") is True
    made.description = wish.get("description")
    return made


def _owner(visit: Visit) -> Account:
    """Find the owner by name or, as links have it, by id."""
    asked = visit.parts[0].lower()
    for login, account in visit.world.accounts.items():
        if asked in {login, str(account.id)}:
            return account
    raise errors.not_found()


def _of(visit: Visit, owner: Account) -> list[Repository]:
    now, login = visit.world.clock(), owner.login.lower()
    return [
        each
        for each in visit.world.repositories.values()
        if each.owner.lower() == login and each.appears_at <= now
    ]


def _listed(visit: Visit, path: str, found: list[Repository], sorts: tuple[str, ...]) -> Reply:
    """A page of what was found, without what only a repository's own address shows."""
    sort = listing.chosen(visit, "sort", sorts, "Repository")
    by_name = sort == "full_name"
    orders = ("asc", "desc") if by_name else ("desc", "asc")
    direction = listing.chosen(visit, "direction", orders, "Repository")
    found.sort(
        key=lambda each: (each.full_name.lower() if by_name else each.created_at, each.id),
        reverse=direction == "desc",
    )
    return listing.paged(
        visit,
        path,
        found,
        lambda each: repository_body(visit.world, visit.api_url, each, visit.role(each)),
    )
