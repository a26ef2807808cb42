"""GitHub's JSON about apps: the app itself, an installation of it, a token of an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github.bodies import (
    Json,
    account_body,
    node_id,
    timestamp,
    timestamp_or_none,
)

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import App, Installation
    from monarch.sandbox.github.state.world import World

BORN = 1_600_000_000.0
PERMISSIONS = {"issues": "write", "metadata": "read"}


def app_body(world: World, api_url: str, app: App) -> Json:
    """Render an app as anyone may see it."""
    web = api_url.removesuffix("/github")
    return {
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "node_id": node_id("Integration", app.id),
        "owner": account_body(api_url, world.account(app.owner)),
        "name": app.slug,
        "description": None,
        "external_url": web,
        "html_url": f"{web}/apps/{app.slug}",
        "created_at": timestamp(BORN),
        "updated_at": timestamp(BORN),
        "permissions": PERMISSIONS,
        "events": [],
    }


def installation_body(world: World, api_url: str, installation: Installation) -> Json:
    """Render an installation as its app sees it."""
    app, account = world.app_of(installation), world.account(installation.account)
    url = f"{api_url}/app/installations/{installation.id}"
    is_suspended = installation.suspended_at is not None
    return {
        "id": installation.id,
        "client_id": app.client_id,
        "account": account_body(api_url, account),
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": account.kind,
        "repository_selection": selection(installation.repositories),
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{api_url}/installation/repositories",
        "html_url": f"{api_url.removesuffix('/github')}/settings/installations/{installation.id}",
        "permissions": installation.permissions,
        "events": [],
        "single_file_name": None,
        "created_at": timestamp(installation.created_at),
        "updated_at": timestamp(installation.created_at),
        "suspended_by": account_body(api_url, account) if is_suspended else None,
        "suspended_at": timestamp_or_none(installation.suspended_at),
    }


def selection(repositories: frozenset[str] | None) -> str:
    """Say whether repositories were picked."""
    return "all" if repositories is None else "selected"
