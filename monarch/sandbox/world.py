"""GitHub's state, in memory and pure: the clock is injected, nothing else comes from outside.

Issues and pull requests of a repository share one number sequence; ids are unique in the whole
world and far away from numbers, so that nobody mixes the two up unnoticed. Names are compared
without case. A number that was used is never used again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Literal

from monarch.sandbox.http import Clock  # part of the public signatures

FIRST_ACCOUNT_ID, FIRST_REPOSITORY_ID = 90_000_001, 800_000_001
FIRST_ISSUE_ID, FIRST_DETAIL_ID = 2_034_567_890, 6_100_000_001

AccountKind = Literal["User", "Organization", "Bot"]
OpenOrClosed = Literal["open", "closed"]


class Role(IntEnum):
    """What an account may do with a repository; each role includes those before it."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5


@dataclass
class Account:
    """A user, an organization or an app; organizations that it is a member of by login."""

    id: int
    login: str
    kind: AccountKind
    member_of: set[str] = field(default_factory=set)


@dataclass
class Token:
    """A credential of an account; ``repositories`` are lower-case names, ``None`` means all."""

    value: str
    login: str
    kind: Literal["classic", "fine-grained", "installation"]
    scopes: tuple[str, ...]
    issues: Literal["none", "read", "write"]
    repositories: frozenset[str] | None
    revoked: bool


@dataclass
class Label:
    """A label; issues hold the lower-case name as a key."""

    id: int
    name: str
    color: str
    description: str | None


@dataclass
class Milestone:
    """A milestone of one repository; times in seconds since the epoch."""

    id: int
    number: int
    title: str
    state: OpenOrClosed
    description: str | None
    due_on: float | None
    creator: str | None
    created_at: float
    closed_at: float | None = None


@dataclass
class Issue:
    """An issue or a pull request; times in seconds since the epoch."""

    id: int
    number: int
    title: str
    body: str | None
    author: str | None
    created_at: float
    updated_at: float
    state: OpenOrClosed = "open"
    state_reason: str | None = None
    closed_at: float | None = None
    labels: list[str] = field(default_factory=list)
    milestone: int | None = None
    assignees: list[str] = field(default_factory=list)
    type: str | None = None
    pull_request: bool = False
    author_association: str | None = None


@dataclass
class Repository:
    """A repository with everything in it."""

    id: int
    owner: str
    name: str
    created_at: float
    appears_at: float
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    is_template: bool = False
    description: str | None = None
    collaborators: dict[str, Role] = field(default_factory=dict)
    listing_lag_s: float | None = None
    hidden_from_lists: set[int] = field(default_factory=set)
    issue_types: tuple[str, ...] = ()
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    transferred: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number here → (repository id, number there)."""
    next_number: int = 1

    @property
    def full_name(self) -> str:
        """Return ``owner/name`` as it is written."""
        return f"{self.owner}/{self.name}"


class World:
    """All of GitHub."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self.clock = clock
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}
        self.former_names: dict[str, int] = {}
        self.created_by_api: list[tuple[int, int]] = []
        """(repository id, number) of each issue that came through the API, in order."""
        self._account_ids = count(FIRST_ACCOUNT_ID)
        self._repository_ids = count(FIRST_REPOSITORY_ID)
        self._issue_ids = count(FIRST_ISSUE_ID, 1013)
        self._detail_ids = count(FIRST_DETAIL_ID, 7)

    def account(self, login: str, kind: AccountKind = "User") -> Account:
        """Return the account of that name; it comes into being when first named."""
        if login.lower() not in self.accounts:
            self.accounts[login.lower()] = Account(next(self._account_ids), login, kind)
        return self.accounts[login.lower()]

    def add_repository(self, full_name: str, appears_at: float) -> Repository:
        """Make an empty repository; the name must be free."""
        owner, _, name = full_name.partition("/")
        if full_name.lower() in self.names:
            msg = f"{full_name} exists already"
            raise ValueError(msg)
        self.account(owner, "Organization")
        repository = Repository(next(self._repository_ids), owner, name, self.clock(), appears_at)
        self.repositories[repository.id] = repository
        self.names[full_name.lower()] = repository.id
        self.former_names.pop(full_name.lower(), None)
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
        repository.owner, _, repository.name = full_name.partition("/")
        self.names[full_name.lower()] = repository.id
        self.account(repository.owner, "Organization")

    def remove_repository(self, repository: Repository) -> None:
        """Delete a repository; one of the same name made later is another one."""
        del self.repositories[repository.id]
        del self.names[repository.full_name.lower()]

    def add_issue(
        self, repository: Repository, title: str, body: str | None, author: str | None
    ) -> Issue:
        """Make an issue with the next number, now."""
        now, number = self.clock(), repository.next_number
        issue = Issue(next(self._issue_ids), number, title, body, author, now, now)
        repository.issues[number] = issue
        repository.next_number = number + 1
        return issue

    def delete_issue(self, repository: Repository, number: int) -> None:
        """Delete an issue for good; its number answers 410 from now on."""
        del repository.issues[number]
        repository.deleted.add(number)

    def transfer_issue(self, source: Repository, number: int, target: Repository) -> Issue:
        """Move an issue to another repository; its old number redirects from now on."""
        old = source.issues.pop(number)
        new = self.add_issue(target, old.title, old.body, old.author)
        source.transferred[number] = (target.id, new.number)
        return new

    def set_state(self, issue: Issue, state: OpenOrClosed, reason: str | None = None) -> None:
        """Open or close an issue."""
        reopened = "reopened" if issue.state == "closed" else None
        issue.state_reason = (reason or "completed") if state == "closed" else reopened
        issue.state, issue.closed_at = state, self.clock() if state == "closed" else None

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
