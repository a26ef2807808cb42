"""The parts of GitHub: accounts, credentials, repositories and what is in them, as plain values.

Times are seconds since the epoch. Logins and names that serve as keys are lower case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from monarch.sandbox.github.history.happenings import Happening

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
class IssueType:
    """What an organization calls a kind of issue."""

    id: int
    name: str
    description: str | None
    color: str | None
    is_enabled: bool
    created_at: float


@dataclass
class Account:
    """A user, an organization or an app; organizations that it is a member of by login.

    Only an organization has issue types, by their names as written, and rules for tokens: whether
    it takes classic ones at all, and whether a person's token must have been authorized by SAML.
    """

    id: int
    login: str
    kind: AccountKind
    member_of: set[str] = field(default_factory=set)
    issue_types: dict[str, IssueType] = field(default_factory=dict)
    forbids_classic_tokens: bool = False
    requires_sso: bool = False
    suspended: bool = False


@dataclass
class App:
    """A GitHub App: signs its requests, and acts through its installations as ``slug[bot]``."""

    id: int
    client_id: str
    slug: str
    public_key: str
    """PEM; verifies what the app signs."""
    owner: str

    @property
    def login(self) -> str:
        """Return the account that authors what the app writes."""
        return f"{self.slug}[bot]"


@dataclass
class Installation:
    """An app installed on an account; ``repositories`` are lower-case names, ``None`` means all."""

    id: int
    app_id: int
    account: str
    repositories: frozenset[str] | None
    permissions: dict[str, str]
    created_at: float
    suspended_at: float | None = None

    def reaches(self, full_name: str) -> bool:
        """Whether a repository belongs to the account and was selected."""
        owner = full_name.lower().partition("/")[0]
        selected = self.repositories is None or full_name.lower() in self.repositories
        return owner == self.account.lower() and selected


@dataclass
class Token:
    """A credential of an account; ``repositories`` are lower-case names, ``None`` means all.

    An installation's token also ends on its own, at ``expires_at``, and is good only for the
    repositories of the installation's account.
    """

    value: str
    login: str
    kind: Literal["classic", "fine-grained", "installation"]
    scopes: tuple[str, ...]
    issues: Literal["none", "read", "write"]
    repositories: frozenset[str] | None
    revoked: bool
    contents: Literal["none", "read", "write"] = "none"
    expires_at: float | None = None
    installation: Installation | None = None
    sso: frozenset[str] = frozenset()
    """Lower-case organizations that the token was authorized for."""

    @property
    def budget(self) -> str:
        """Name whose limits a call counts against: an installation's own, or the account's."""
        return self.login if self.installation is None else f"installation {self.installation.id}"

    def reaches(self, repository: Repository) -> bool:
        """Whether the token gives access to a repository beyond what everyone sees."""
        if self.kind == "classic":
            return "repo" in self.scopes or not repository.private
        if self.installation is not None and not self.installation.reaches(repository.full_name):
            return False
        return self.repositories is None or repository.full_name.lower() in self.repositories


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
    app: int | None = None
    """The id of the app through which it was created."""
    comments: int = 0
    reactions: int = 0
    closed_by: str | None = None
    timeline: list[Happening] = field(default_factory=list)
    locked: bool = False
    former: list[tuple[str, str | None]] = field(default_factory=list)
    """Titles and bodies that it had before, oldest first."""

    def change(self, title: str, body: str | None, now: float) -> None:
        """Replace title and body, and remember what they were."""
        if (title, body) != (self.title, self.body):
            self.former.append((self.title, self.body))
        self.title, self.body, self.updated_at = title, body, now


@dataclass
class Naming:
    """Which repository bore a name, from when to when; ``until`` is ``None`` while it does.

    A name that no repository took after a renaming still leads there: such a time is ``former``.
    """

    full_name: str
    repository: int
    since: float
    until: float | None = None
    former: bool = False


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
    fork: bool = False
    template: int | None = None
    """The id of the repository that it was made from."""
    description: str | None = None
    collaborators: dict[str, Role] = field(default_factory=dict)
    listing_lag_s: float | None = None
    hidden_from_lists: set[int] = field(default_factory=set)
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    removed: dict[int, Issue] = field(default_factory=dict)
    """Issues that were deleted, as they were, by number."""
    transferred: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number here → (repository id, number there)."""
    next_number: int = 1
    removed_at: float | None = None
    """When it was deleted."""

    @property
    def full_name(self) -> str:
        """Return ``owner/name`` as it is written."""
        return f"{self.owner}/{self.name}"
