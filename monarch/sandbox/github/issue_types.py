"""The types that an organization has for its issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github import errors
from monarch.sandbox.github.bodies import issue_type_body
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Account, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

READ_ORGANIZATION = {"read:org", "write:org", "admin:org"}


def list_repository_types(visit: Visit, repository: Repository) -> Reply:
    """Answer the types that issues of a repository may have; only organizations have any."""
    return _types(visit.world.account(repository.owner))


def list_organization_types(visit: Visit) -> Reply:
    """Answer an organization's types; needs the right to read organizations."""
    if visit.token is None:
        raise errors.requires_authentication()
    if visit.token.kind == "installation":
        raise errors.not_accessible(visit.token)
    if visit.token.kind == "classic" and not READ_ORGANIZATION & set(visit.token.scopes):
        raise errors.not_found()
    account = visit.world.accounts.get(visit.parts[0].lower())
    if account is None:
        raise errors.not_found()
    return _types(account)


def _types(account: Account) -> Reply:
    if account.kind != "Organization":
        raise errors.not_found()
    return json_reply(200, [issue_type_body(each) for each in account.issue_types.values()])
