"""Reads GitHub's answers to an App: bytes in, values out, `None` if they lack what we need (see `wire`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from monarch.adapters.github.auth.passes import is_token
from monarch.adapters.github.shapes import Id, Wire, read_as


class _Owner(Wire):
    """The owner of an installation: a person or an organisation has a login, an enterprise has a slug."""

    login: str = ""
    slug: str = ""


class _Installation(Wire):
    id: Id
    app_slug: str = ""
    account: _Owner | None = None


@dataclass(frozen=True, slots=True)
class InstallationFacts:
    """An installation of an App; `slug` names the App in the login of its bot, `owner` is where it is installed."""

    id: int
    slug: str
    owner: str


class _Token(Wire):
    token: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token of an installation; `ends_at_s` is GitHub's time, in seconds since 1970."""

    token: str
    ends_at_s: float


_INSTALLATION: Final = TypeAdapter(_Installation)
_TOKEN: Final = TypeAdapter(_Token)


def read_installation(body: bytes) -> InstallationFacts | None:
    """Read an installation of the App."""
    there = read_as(_INSTALLATION, body)
    if there is None:
        return None
    owner = there.account or _Owner()
    return InstallationFacts(there.id, there.app_slug, owner.login or owner.slug)


def read_token(body: bytes) -> GivenToken | None:
    """Read a token that was given out, whatever it looks like; `None` if it cannot stand in a header."""
    given = read_as(_TOKEN, body)
    if given is None or not is_token(given.token):
        return None
    try:
        return GivenToken(given.token, datetime.fromisoformat(given.expires_at).timestamp())
    except (ValueError, OverflowError):
        return None
