"""One call on its way through GitHub: who makes it, what it is about, what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from monarch.sandbox.github import errors
from monarch.sandbox.github.state.model import Role

if TYPE_CHECKING:
    from monarch.sandbox.control.settings import Settings
    from monarch.sandbox.github.callers import Caller
    from monarch.sandbox.github.state.model import Account, Repository, Token
    from monarch.sandbox.github.state.quotas import Quotas
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.http import Call


@dataclass(frozen=True)
class Visit:
    """Everything that a handler needs; ``parts`` are the variable parts of the path."""

    world: World
    quotas: Quotas
    settings: Settings
    call: Call
    parts: tuple[str, ...]
    caller: Caller

    @property
    def token(self) -> Token | None:
        """Return the credential, ``None`` for an anonymous call and for an app's own."""
        return self.caller.token

    @property
    def account(self) -> Account | None:
        """Return the account behind the token."""
        return self.caller.account

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
        """Return what the caller may do with the repository.

        An installation has permissions instead of a role; to push is to write contents.
        """
        least = Role.NONE if repository.private else Role.READ
        token, account = self.token, self.account
        if token is None or account is None or not token.reaches(repository):
            return least
        if token.installation is not None:
            return Role.WRITE if token.contents == "write" else Role.READ
        login = account.login.lower()
        if login == repository.owner.lower():
            return Role.ADMIN
        return max(least, repository.collaborators.get(login, Role.NONE))

    def must_see(self, repository: Repository) -> None:
        """Refuse with 404 what the caller must not know about, with 403 what it may not read."""
        if repository.appears_at > self.world.clock() or self.role(repository) < Role.READ:
            raise errors.not_found()
        self._must_be_let_in(self.world.account(repository.owner))

    def _must_be_let_in(self, owner: Account) -> None:
        """Refuse a token that the repository's organization does not take; apps have their own."""
        token = self.token
        if token is None or token.kind == "installation":
            return
        if owner.forbids_classic_tokens and token.kind == "classic":
            raise errors.classic_token_forbidden(owner.login)
        if owner.requires_sso and owner.login.lower() not in token.sso:
            raise errors.sso_required(owner.login)

    def must_read_issues(self, repository: Repository) -> None:
        """Refuse reading a private repository's issues to a token without that permission."""
        token = self.token
        limited = token is not None and token.kind != "classic" and token.issues == "none"
        if token is not None and limited and repository.private:
            raise errors.not_accessible(token)

    def must_write_issues(self, repository: Repository) -> Token:
        """Refuse anonymous callers, callers without permission and archived repositories; return the account."""
        if self.token is None:
            raise errors.requires_authentication()
        if not _permits_issue_writes(self.token, repository):
            raise _unpermitted(self.token)
        if repository.archived:
            raise errors.archived()
        return self.token

    def may_push(self, repository: Repository) -> bool:
        """Whether labels, milestone, assignees and type are taken over or silently dropped."""
        if self.token is not None and self.token.kind == "installation":
            return _permits_issue_writes(self.token, repository)
        return self.role(repository) >= Role.WRITE

    def must_not_be_suspended(self) -> None:
        """Refuse a suspended account, and an installation suspended after its token was given."""
        token = self.token
        if self.account is not None and self.account.suspended:
            raise errors.account_suspended()
        if token and token.installation and token.installation.suspended_at is not None:
            raise errors.installation_suspended()

    def must_have_content_budget(self, kind: str) -> None:
        """Refuse creation by the secondary limit."""
        budget, now = self.caller.budget, self.world.clock()
        rejection = self.quotas.admit_content(budget, kind, self.settings, now)
        if rejection is not None:
            raise errors.rate_limited(rejection, self.caller.described, self.settings)

    def created(self, kind: str) -> None:
        """Note that the caller created a thing."""
        self.quotas.created(self.caller.budget, kind, self.settings, self.world.clock())

    def redirect_if_renamed(self, name: str, rest: str) -> None:
        """Send callers of a former name to the id, if they may see the repository at all."""
        renamed = self.world.once_named(name)
        if renamed is not None:
            self.must_see(renamed)
            query = f"?{urlencode(self.call.query)}" if self.call.query else ""
            status = 301 if self.call.method == "GET" else 307
            raise errors.moved(status, f"{self.api_url}/repositories/{renamed.id}{rest}{query}")


def _permits_issue_writes(token: Token, repository: Repository) -> bool:
    if token.kind == "classic":
        public = "public_repo" in token.scopes and not repository.private
        return "repo" in token.scopes or public
    return token.issues == "write" and token.reaches(repository)


def _unpermitted(token: Token) -> errors.Refusal:
    return errors.not_found() if token.kind == "classic" else errors.not_accessible(token)
