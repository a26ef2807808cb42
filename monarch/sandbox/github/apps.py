"""What an app may ask for with its own signature: who it is, where it is installed, and a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monarch.sandbox.github import errors
from monarch.sandbox.github.app_bodies import app_body, installation_body, selection
from monarch.sandbox.github.bodies import Json, timestamp
from monarch.sandbox.github.repository_body import repository_body
from monarch.sandbox.github.state.model import Role
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import App, Installation, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

LEVELS = ("read", "write", "admin")
MOST_REPOSITORIES = 500


def get_app(visit: Visit, app: App) -> Reply:
    """Answer the app itself."""
    installed = sum(each.app_id == app.id for each in visit.world.installations.values())
    body = app_body(visit.world, visit.api_url, app)
    return json_reply(200, body | {"installations_count": installed})


def list_installations(visit: Visit, app: App) -> Reply:
    """Answer all installations of the app, on one page."""
    ours = [each for each in visit.world.installations.values() if each.app_id == app.id]
    return json_reply(200, [installation_body(visit.world, visit.api_url, each) for each in ours])


def get_repository_installation(visit: Visit, app: App) -> Reply:
    """Answer the installation that reaches a repository."""
    owner, name = visit.parts
    repository = visit.world.named(f"{owner}/{name}")
    if repository is None:
        visit.redirect_if_renamed(f"{owner}/{name}", "/installation")
    installation = visit.world.installation_on(app, owner)
    if repository is None or installation is None:
        raise errors.not_found()
    is_there = repository.appears_at <= visit.world.clock()
    if not is_there or not installation.reaches(repository.full_name):
        raise errors.not_found()
    return _answer(visit, installation)


def get_account_installation(visit: Visit, app: App) -> Reply:
    """Answer the installation on an organization or a user."""
    installation = visit.world.installation_on(app, visit.parts[0])
    if installation is None:
        raise errors.not_found()
    return _answer(visit, installation)


def create_token(visit: Visit, app: App) -> Reply:
    """Give an installation a token, with fewer rights than it has if asked for."""
    installation = visit.world.installations.get(int(visit.parts[0]))
    if installation is None or installation.app_id != app.id:
        raise errors.not_found()
    if installation.suspended_at is not None:
        raise errors.installation_suspended()
    wish = visit.json_object() if visit.call.body.strip() else {}
    permissions = _permissions(installation, wish)
    chosen = _chosen(visit, installation, wish)
    selected = frozenset(each.full_name.lower() for each in chosen) if chosen else None
    lifetime_s = visit.settings.installation_token_seconds / visit.settings.time_scale
    token = visit.world.add_installation_token(
        installation, permissions, selected, int(visit.world.clock() + lifetime_s)
    )
    body: Json = {
        "token": token.value,
        "expires_at": timestamp(token.expires_at or 0),
        "permissions": permissions,
        "repository_selection": selection(selected or installation.repositories),
    }
    if chosen:
        body["repositories"] = [
            repository_body(visit.world, visit.api_url, each, Role.READ) for each in chosen
        ]
    return json_reply(201, body)


def _answer(visit: Visit, installation: Installation) -> Reply:
    return json_reply(200, installation_body(visit.world, visit.api_url, installation))


def _permissions(installation: Installation, wish: dict[str, Any]) -> dict[str, str]:
    wanted = wish.get("permissions")
    if not wanted:
        return dict(installation.permissions)
    if not isinstance(wanted, dict):
        raise errors.invalid_request(f"For 'properties/permissions', {wanted!r} is not an object.")
    for name, level in wanted.items():
        granted = installation.permissions.get(name)
        if level not in LEVELS or granted is None or LEVELS.index(level) > LEVELS.index(granted):
            raise errors.refused(
                422, "The permissions requested are not granted to this installation."
            )
    return {"metadata": "read", **wanted}


def _chosen(visit: Visit, installation: Installation, wish: dict[str, Any]) -> list[Repository]:
    """Return the repositories that the token is good for, none for all; refuse any other."""
    names, ids = wish.get("repositories") or [], wish.get("repository_ids") or []
    if not isinstance(names, list) or not isinstance(ids, list):
        raise errors.invalid_request("For 'properties/repositories', an array is expected.")
    if len(names) + len(ids) > MOST_REPOSITORIES:
        raise errors.invalid_request(f"No more than {MOST_REPOSITORIES} repositories.")
    found = [visit.world.named(f"{installation.account}/{name}") for name in names]
    found += [visit.world.repositories.get(each) for each in ids]
    chosen = [each for each in found if each and installation.reaches(each.full_name)]
    if len(chosen) < len(found):
        raise errors.refused(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return chosen
