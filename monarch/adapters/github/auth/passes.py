"""Passes: what signs calls to GitHub, and who pays for them.

A pass is for one repository: a personal token is the same for all, an App has another token for each owner. The caller
asks for a pass right before each call, and reports when it was refused.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from monarch.core.outcome import Found, ReadFailure
from monarch.core.target.permission import Credential


@dataclass(frozen=True, slots=True)
class Pass:
    """A token, and what is known about it.

    Attributes:
        account: whose budget a call uses, `None` if that is not known (yet).
        installation: the App's installation that the token belongs to, `None` for any other token.
    """

    token: str = field(repr=False)
    account: str | None = None
    installation: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What signs a request."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def fingerprint(self) -> str:
        """Identifies the token without revealing any of it."""
        return sha256(self.token.encode()).hexdigest()[:8]


class Passes(Protocol):
    """The source of passes."""

    async def pass_for(self, name: str) -> Pass | ReadFailure:
        """A pass for the repository `owner/repo`, valid for minutes at least.

        Raises:
            BadRef: `name` is not a canonical `owner/repo`; nothing was sent.
        """

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `ports.GitHub.credential`."""

    def refused(self, used: Pass) -> bool:
        """Report that GitHub answered 401 to a call with this pass; returns whether the next pass may do better."""


def is_token(text: str) -> bool:
    """Whether it can stand in a header; nothing is assumed about the length or the look of tokens."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
