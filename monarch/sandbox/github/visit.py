"""One call on its way through GitHub: who makes it, what it is about, what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monarch.sandbox.github import errors
from monarch.sandbox.world import Role

if TYPE_CHECKING:
    from monarch.sandbox.http import Call
    from monarch.sandbox.quotas import Quotas
    from monarch.sandbox.settings import Settings
    from monarch.sandbox.world import Account, Repository, Token, World


@dataclass(frozen=True)
class Visit:
    """Everything that a handler needs; ``parts`` are the variable parts of the path.

    ``token`` and ``account`` are ``None`` together: an anonymous call.
    """

    world: World
    quotas: Quotas
    settings: Settings
    call: Call
    parts: tuple[str, ...]
    token: Token | None
    account: Account | None

    @property
    def api_url(self) -> str:
        """Return the address of the API, without a final slash."""
        return f"{self.call.base_url}/github"

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object, or refuse with 400."""
        try:
            body = self.call.json()
        except ValueError:
            raise errors.refused(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise errors.refused(400, "Body should be a JSON object")
        return body

    def role(self, repository: Repository) -> Role:
        """Return what the caller may do with the repository."""
        least = Role.NONE if repository.private else Role.READ
        if self.token is None or self.account is None or not _reaches(self.token, repository):
            return least
        login = self.account.login.lower()
        if login == repository.owner.lower():
            return Role.ADMIN
        return max(least, repository.collaborators.get(login, Role.NONE))

    def must_see(self, repository: Repository) -> None:
        """Refuse with 404 what the caller may not even know of, with 403 what it may not read."""
        if repository.appears_at > self.world.clock() or self.role(repository) < Role.READ:
            raise errors.not_found()

    def must_read_issues(self, repository: Repository) -> None:
        """Refuse reading a private repository's issues to a token without that permission."""
        token = self.token
        limited = token is not None and token.kind != "classic" and token.issues == "none"
        if token is not None and limited and repository.private:
            raise errors.not_accessible(token)

    def must_write_issues(self, repository: Repository) -> Token:
        """Refuse the anonymous, the unpermitted and the archived; return who is left."""
        if self.token is None:
            raise errors.requires_authentication()
        if not _permits_issue_writes(self.token, repository):
            raise _unpermitted(self.token)
        if repository.archived:
            raise errors.archived()
        return self.token

    def may_push(self, repository: Repository) -> bool:
        """Whether labels, milestone, assignees and type are taken over or silently dropped."""
        return self.role(repository) >= Role.WRITE

    def must_have_content_budget(self, kind: str) -> None:
        """Refuse creation by the secondary limit."""
        login = self.account.login if self.account else None
        rejection = self.quotas.admit_content(login, kind, self.settings, self.world.clock())
        if rejection is not None:
            raise errors.rate_limited(
                rejection,
                self.account.id if self.account else None,
                self.settings.secondary_status,
                says_when=self.settings.secondary_retry_after,
            )

    def created(self, kind: str) -> None:
        """Note that the caller created a thing."""
        login = self.account.login if self.account else None
        self.quotas.created(login, kind, self.settings, self.world.clock())


def _reaches(token: Token, repository: Repository) -> bool:
    selected = token.repositories
    if token.kind == "classic":
        return "repo" in token.scopes or not repository.private
    return selected is None or repository.full_name.lower() in selected


def _permits_issue_writes(token: Token, repository: Repository) -> bool:
    if token.kind == "classic":
        public = "public_repo" in token.scopes and not repository.private
        return "repo" in token.scopes or public
    return token.issues == "write" and _reaches(token, repository)


def _unpermitted(token: Token) -> errors.Refusal:
    return errors.not_found() if token.kind == "classic" else errors.not_accessible(token)
