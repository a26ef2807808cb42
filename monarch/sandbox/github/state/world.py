"""GitHub's state, in memory and pure: the clock is injected, nothing else comes from outside.

Issues and pull requests of a repository share one number sequence; ids are unique in the whole
world and far away from numbers, so that a mix-up of the two is noticed. Names are compared
without case. A number that was used is never used again.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Literal

from monarch.sandbox.github.history.happenings import happened
from monarch.sandbox.github.state.dependencies import Dependencies
from monarch.sandbox.github.state.hierarchy import Hierarchy
from monarch.sandbox.github.state.model import (
    Account,
    AccountKind,
    App,
    Installation,
    Issue,
    IssueType,
    Label,
    Milestone,
    Naming,
    OpenOrClosed,
    Repository,
    Token,
)
from monarch.sandbox.http import Clock  # part of the public signatures

FIRST_ACCOUNT_ID, FIRST_REPOSITORY_ID = 90_000_001, 800_000_001
FIRST_ISSUE_ID, FIRST_DETAIL_ID = 2_034_567_890, 6_100_000_001


class World:
    """All of GitHub."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self.clock = clock
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, Token] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}
        self.former_names: dict[str, int] = {}
        self.gone: list[Repository] = []
        """Repositories that were deleted, as they were."""
        self.namings: list[Naming] = []
        """Which repository each name has led to, in the order in which that began."""
        self.issues: dict[int, tuple[Repository, Issue]] = {}
        """By issue id."""
        self.hierarchy = Hierarchy()
        self.dependencies = Dependencies()
        self.created_by_api: list[tuple[int, int]] = []
        """(repository id, number) of each issue that came through the API, in order."""
        self._account_ids = count(FIRST_ACCOUNT_ID)
        self._repository_ids = count(FIRST_REPOSITORY_ID)
        self._issue_ids = count(FIRST_ISSUE_ID, 1013)
        self._detail_ids = count(FIRST_DETAIL_ID, 7)

    def account(self, login: str, kind: AccountKind = "User") -> Account:
        """Return the account of that name; it is created when first named."""
        if login.lower() not in self.accounts:
            self.accounts[login.lower()] = Account(next(self._account_ids), login, kind)
        return self.accounts[login.lower()]

    def token(self, value: str | None) -> Token | None:
        """Return the credential, or ``None`` if it is unknown, revoked or past its end."""
        token = self.tokens.get(value or "")
        if token is None or token.revoked:
            return None
        is_over = token.expires_at is not None and self.clock() >= token.expires_at
        return None if is_over else token

    def app_of(self, installation: Installation) -> App:
        """Return the app that is installed."""
        return self.apps[installation.app_id]

    def installation_on(self, app: App, account: str) -> Installation | None:
        """Return the app's installation on an account; there is at most one."""
        return next(
            (
                each
                for each in self.installations.values()
                if each.app_id == app.id and each.account.lower() == account.lower()
            ),
            None,
        )

    def add_installation_token(
        self,
        installation: Installation,
        permissions: dict[str, str],
        repositories: frozenset[str] | None,
        expires_at: float,
    ) -> Token:
        """Give an installation a token; its value is long and has dots, as those since 2026."""
        seed = f"{installation.id}.{len(self.tokens)}"
        parts = [hashlib.sha512(f"{seed}.{part}".encode()).hexdigest() for part in range(3)]
        token = Token(
            value=f"ghs_{installation.app_id}_{'.'.join(parts)}",
            login=self.app_of(installation).login,
            kind="installation",
            scopes=(),
            issues=level_of(permissions, "issues"),
            repositories=repositories,
            revoked=False,
            contents=level_of(permissions, "contents"),
            expires_at=expires_at,
            installation=installation,
        )
        self.tokens[token.value] = token
        return token

    def add_repository(self, full_name: str, appears_at: float) -> Repository:
        """Make an empty repository; the name must be free."""
        owner, _, name = full_name.partition("/")
        if full_name.lower() in self.names:
            msg = f"{full_name} exists already"
            raise ValueError(msg)
        self.account(owner, "Organization")
        repository = Repository(next(self._repository_ids), owner, name, self.clock(), appears_at)
        self.repositories[repository.id] = repository
        self._bear(full_name, repository)
        return repository

    def named(self, full_name: str) -> Repository | None:
        """Return the repository that bears the name now."""
        return self.repositories.get(self.names.get(full_name.lower(), 0))

    def once_named(self, full_name: str) -> Repository | None:
        """Return the repository that bore the name before it was renamed."""
        return self.repositories.get(self.former_names.get(full_name.lower(), 0))

    def rename(self, repository: Repository, full_name: str) -> None:
        """Give a repository another name; the old one redirects from now on."""
        old = repository.full_name.lower()
        del self.names[old]
        self.former_names[old] = repository.id
        self._lead(old, repository, former=True)
        repository.owner, _, repository.name = full_name.partition("/")
        self._bear(full_name, repository)
        self.account(repository.owner, "Organization")

    def remove_repository(self, repository: Repository) -> None:
        """Delete a repository; a later one with the same name is another one."""
        for issue in repository.issues.values():
            self._forget(issue)
        del self.repositories[repository.id]
        del self.names[repository.full_name.lower()]
        repository.removed_at = self.clock()
        self.gone.append(repository)
        for naming in self.namings:
            if naming.repository == repository.id and naming.until is None:
                naming.until = repository.removed_at

    def _bear(self, full_name: str, repository: Repository) -> None:
        self.names[full_name.lower()] = repository.id
        self.former_names.pop(full_name.lower(), None)
        self._lead(full_name.lower(), repository, former=False)

    def _lead(self, name: str, repository: Repository, *, former: bool) -> None:
        """Note that from now on a name leads to a repository, and no longer to another."""
        now = self.clock()
        for naming in self.namings:
            if naming.full_name == name and naming.until is None:
                naming.until = now
        self.namings.append(Naming(name, repository.id, now, former=former))

    def add_issue(
        self, repository: Repository, title: str, body: str | None, author: str | None
    ) -> Issue:
        """Make an issue with the next number, now."""
        now, number = self.clock(), repository.next_number
        issue = Issue(next(self._issue_ids), number, title, body, author, now, now)
        repository.issues[number] = issue
        self.issues[issue.id] = (repository, issue)
        repository.next_number = number + 1
        return issue

    def delete_issue(self, repository: Repository, number: int) -> None:
        """Delete an issue for good; its number answers 410 from now on."""
        repository.removed[number] = repository.issues.pop(number)
        self._forget(repository.removed[number])

    def transfer_issue(self, source: Repository, number: int, target: Repository) -> Issue:
        """Move an issue to another repository; its old number redirects from now on."""
        old = source.issues.pop(number)
        self._forget(old)
        new = self.add_issue(target, old.title, old.body, old.author)
        source.transferred[number] = (target.id, new.number)
        return new

    def _forget(self, issue: Issue) -> None:
        del self.issues[issue.id]
        self.hierarchy.forget(issue.id)
        self.dependencies.forget(issue.id)

    def add_issue_type(
        self, organization: Account, name: str, description: str | None, color: str | None
    ) -> IssueType:
        """Give an organization a type for its issues; one of that name stays what it is."""
        if name not in organization.issue_types:
            organization.issue_types[name] = IssueType(
                next(self._detail_ids), name, description, color, True, self.clock()
            )
        return organization.issue_types[name]

    def set_state(
        self,
        issue: Issue,
        state: OpenOrClosed,
        reason: str | None = None,
        by: str | None = None,
    ) -> None:
        """Open or close an issue; ``by`` is who does it."""
        reopened = "reopened" if issue.state == "closed" else None
        issue.state_reason = (reason or "completed") if state == "closed" else reopened
        is_closed, now = state == "closed", self.clock()
        issue.state, issue.closed_at = state, now if is_closed else None
        issue.closed_by, issue.updated_at = by if is_closed else None, now
        told = {"state_reason": issue.state_reason} if is_closed else {"state_reason": None}
        happened(issue, "closed" if is_closed else "reopened", by, now, **told)

    def add_label(
        self, repository: Repository, name: str, color: str, description: str | None
    ) -> Label:
        """Make a label; the name must be free in the repository, compared without case."""
        label = Label(next(self._detail_ids), name, color, description)
        repository.labels[name.lower()] = label
        return label

    def add_milestone(
        self, repository: Repository, title: str, creator: str | None, due_on: float | None
    ) -> Milestone:
        """Make an open milestone with the next number of the repository's milestones."""
        number = len(repository.milestones) + 1
        milestone = Milestone(
            next(self._detail_ids), number, title, "open", None, due_on, creator, self.clock()
        )
        repository.milestones[number] = milestone
        return milestone


def level_of(permissions: dict[str, str], name: str) -> Literal["none", "read", "write"]:
    """Return what a set of permissions says about one of them."""
    granted = permissions.get(name)
    if granted == "read":
        return "read"
    return "none" if granted is None else "write"
