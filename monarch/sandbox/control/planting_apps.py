"""From a seed to a world: apps and where they are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.control.seed import BadSeedError
from monarch.sandbox.github.state.model import App, Installation

if TYPE_CHECKING:
    from monarch.sandbox.control.seed import InstallationChange, SeedApp, SeedInstallation
    from monarch.sandbox.github.state.world import World

FIRST_INSTALLATION_ID = 60_000_001


def plant_app(world: World, seed: SeedApp) -> None:
    """Register an app and install it; registered again it keeps its installations."""
    world.account(seed.owner, "Organization")
    app = App(seed.id, seed.client_id, seed.slug, seed.public_key, seed.owner)
    world.apps[app.id] = app
    world.account(app.login, "Bot")
    for installation in seed.installations:
        _plant_installation(world, app, installation)


def change_installation(world: World, change: InstallationChange) -> None:
    """Carry out what an account's owner wants of an app installed there."""
    installation = world.installations.get(change.id)
    if installation is None:
        raise BadSeedError(f"there is no installation {change.id}; seed it first")
    if change.suspended is not None:
        installation.suspended_at = world.clock() if change.suspended else None
    if change.permissions is not None:
        installation.permissions = dict(change.permissions)
    if change.repositories is not None:
        installation.repositories = _names(installation.account, change.repositories)
    if change.revoke_tokens:
        for token in world.tokens.values():
            token.revoked = token.revoked or token.installation is installation


def _plant_installation(world: World, app: App, seed: SeedInstallation) -> None:
    if world.installation_on(app, seed.account) is not None:
        raise BadSeedError(f"{app.slug} is installed on {seed.account} already")
    free = max((FIRST_INSTALLATION_ID - 1, *world.installations)) + 1
    number = free if seed.id is None else seed.id
    if number in world.installations:
        raise BadSeedError(f"there is an installation {number} already")
    world.account(seed.account, "Organization")
    world.installations[number] = Installation(
        id=number,
        app_id=app.id,
        account=seed.account,
        repositories=_names(seed.account, seed.repositories),
        permissions=dict(seed.permissions),
        created_at=world.clock(),
        suspended_at=world.clock() if seed.suspended else None,
    )


def _names(account: str, repositories: tuple[str, ...] | None) -> frozenset[str] | None:
    if repositories is None:
        return None
    return frozenset(
        (name if "/" in name else f"{account}/{name}").lower() for name in repositories
    )
