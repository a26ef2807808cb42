"""Who is calling: an anonymous caller, the holder of a token, or an app with what it signed about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monarch.sandbox.github import assertion, errors

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Account, App, Token
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.http import Call


@dataclass(frozen=True)
class Caller:
    """The caller; ``token`` and ``account`` are ``None`` together."""

    token: Token | None = None
    account: Account | None = None
    app: App | None = None
    """Set for a call that an app signed, and then there is no token."""

    @property
    def name(self) -> str | None:
        """Return the login that the call is made as, ``None`` for an anonymous call."""
        if self.app is not None:
            return self.app.login
        return self.account.login if self.account else None

    @property
    def budget(self) -> str | None:
        """Name whose limits the call counts against, ``None`` for an anonymous call."""
        if self.app is not None:
            return f"app {self.app.id}"
        return self.token.budget if self.token else None

    @property
    def described(self) -> str:
        """Name the caller as the primary limit does."""
        if self.token is not None and self.token.installation is not None:
            return f"installation ID {self.token.installation.id}"
        if self.account is not None:
            return f"user ID {self.account.id}"
        return "127.0.0.1"


def caller_of(world: World, call: Call, *, as_app: bool) -> Caller:
    """Return who is calling, or refuse an unknown credential.

    Args:
        world: knows the credentials.
        call: what came in.
        as_app: whether only an app may make this call.

    """
    credential = call.bearer() or ""
    token = world.token(credential)
    if as_app or (token is None and assertion.looks_signed(credential)):
        return Caller(app=assertion.signer_of(credential, world.apps.values(), world.clock()))
    if "authorization" not in call.headers:
        return Caller()
    if token is None:
        raise errors.bad_credentials()
    return Caller(token, world.account(token.login))


def known_caller(world: World, call: Call) -> Caller:
    """Return who is calling; an unknown credential counts as anonymous."""
    try:
        return caller_of(world, call, as_app=False)
    except errors.Refusal:
        return Caller()
