"""What ``POST /_sandbox/seed`` takes. Seeding adds to the world; ``reset`` empties it.

.. code-block:: json

    {
      "accounts": [{"login": "monarch-bot", "kind": "User", "member_of": ["org"],
                    "suspended": false, "issue_types": [],
                    "forbids_classic_tokens": false, "requires_sso": false}],
      "tokens": [{"token": "ghp_x", "login": "monarch-bot", "kind": "classic",
                  "scopes": ["repo"], "issues": "write", "repositories": null,
                  "revoked": false, "sso": []}],
      "apps": [{"id": 1001, "client_id": "Iv23liMonarch", "slug": "monarch", "owner": "maker",
                "public_key": "(PEM)",
                "installations": [{"id": 5001, "account": "org", "repositories": null,
                                   "permissions": {"issues": "write", "metadata": "read"},
                                   "suspended": false}]}],
      "repositories": [{
        "full_name": "org/team-a", "private": false, "archived": false, "has_issues": true,
        "is_template": false, "generated_from": null, "fork": false, "created_at": null,
        "description": null, "collaborators": {"monarch-bot": "write"},
        "formerly": ["org/old-name"], "appears_after_seconds": 0,
        "listing_lag_seconds": null, "hidden_from_lists": [], "issue_types": [],
        "labels": [{"name": "bug", "color": "d73a4a", "description": null}],
        "milestones": [{"title": "Sprint 1", "state": "open", "description": null,
                        "due_on": null}],
        "issues": [{"title": "Set up", "body": null, "author": "teacher", "state": "open",
                    "labels": ["bug"], "milestone": "Sprint 1", "assignees": [],
                    "type": null, "parent": null, "blocked_by": [],
                    "comments": 0, "locked": false, "pull_request": false, "author_association": null,
                    "number": null, "created_at": null}]}],
      "slack": {"tokens": [{"token": "xoxb-1", "bot_user": "U0MONARCH"}],
                "channels": [{"id": "C06GHMZB3M3", "name": "tickets", "member": true,
                              "archived": false}]}
    }

Everything but names has a default. Accounts that are only mentioned (owners, authors) are
created on their own: an owner as an organization, any other account as a user.
A repository that exists already gets the further labels, milestones and issues of the seed; its
flags stay (``POST /_sandbox/repositories/update`` changes them).
"""

from __future__ import annotations

from datetime import datetime  # pydantic needs it at run time
from typing import Final, Literal

from pydantic import Field

from monarch.sandbox.control.wire import Wire

DEFAULT_PERMISSIONS: Final[dict[str, Literal["read", "write", "admin"]]] = {
    "issues": "write",
    "metadata": "read",
}
RoleName = Literal["none", "read", "triage", "write", "maintain", "admin"]
IssueTypeColor = Literal["gray", "blue", "green", "yellow", "orange", "red", "pink", "purple"]
Association = Literal["OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "NONE"]


class BadSeedError(ValueError):
    """The seed contradicts itself or what is there; the message says how."""


class SeedIssueType(Wire):
    """What an organization calls a kind of issue."""

    name: str
    description: str | None = None
    color: IssueTypeColor | None = None
    is_enabled: bool = True


class SeedAccount(Wire):
    """A person, an organization or an app."""

    login: str
    kind: Literal["User", "Organization", "Bot"] = "User"
    member_of: tuple[str, ...] = ()
    suspended: bool = False
    issue_types: tuple[SeedIssueType, ...] = ()
    """For an organization only, as are the two fields below."""
    forbids_classic_tokens: bool = False
    requires_sso: bool = False
    """Whether a person's token must name it under ``sso``."""


class SeedToken(Wire):
    """A credential; ``issues`` and ``repositories`` count for all kinds but ``classic``."""

    token: str
    login: str
    kind: Literal["classic", "fine-grained", "installation"] = "classic"
    scopes: tuple[str, ...] = ("repo",)
    issues: Literal["none", "read", "write"] = "write"
    repositories: tuple[str, ...] | None = None
    """The ``owner/name`` of the selected repositories; ``None`` for all."""
    revoked: bool = False
    sso: tuple[str, ...] = ()
    """The organizations that it was authorized for, if these require that."""


class SeedInstallation(Wire):
    """An app installed on an account."""

    id: int | None = None
    """``None``: the next free one."""
    account: str
    repositories: tuple[str, ...] | None = None
    """The names of the selected repositories, with or without their owner; ``None`` for all."""
    permissions: dict[str, Literal["read", "write", "admin"]] = Field(
        default_factory=lambda: dict(DEFAULT_PERMISSIONS)
    )
    suspended: bool = False


class SeedApp(Wire):
    """A GitHub App; ``public_key`` is PEM and belongs to the private key that signs."""

    id: int
    client_id: str
    slug: str = "monarch"
    owner: str = "maker"
    public_key: str
    installations: tuple[SeedInstallation, ...] = ()


class SeedLabel(Wire):
    """A label; the colour has six hexadecimal digits and no ``#``."""

    name: str
    color: str = "ededed"
    description: str | None = None


class SeedMilestone(Wire):
    """A milestone; they are numbered in the order given."""

    title: str
    state: Literal["open", "closed"] = "open"
    description: str | None = None
    due_on: datetime | None = None
    """Becomes the midnight of its day in California, as on GitHub."""


class SeedIssue(Wire):
    """An issue or a pull request; both take the next number of the one sequence."""

    title: str
    body: str | None = None
    author: str | None = "teacher"
    """``None``: an account that is gone; GitHub then answers ``"user": null``."""
    state: Literal["open", "closed"] = "open"
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    """The title of one of the repository's milestones."""
    assignees: tuple[str, ...] = ()
    type: str | None = None
    """The name of one of the organization's issue types."""
    parent: int | None = None
    """The number of the issue of this repository that it is a part of."""
    blocked_by: tuple[int, ...] = ()
    """Numbers of issues of this repository that it waits for."""
    comments: int = 0
    locked: bool = False
    pull_request: bool = False
    author_association: Association | None = None
    """``None``: worked out from owner, membership and collaborators."""
    number: int | None = Field(default=None, ge=1)
    """To leave a gap; must be above every number in use."""
    created_at: datetime | None = None
    """``None``: a day ago, so that no listing lag hides it."""


class SeedRepository(Wire):
    """A repository."""

    full_name: str = Field(pattern=r"^[^/\s]+/[^/\s]+$")
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    is_template: bool = False
    generated_from: str | None = None
    """The ``owner/name`` of the template that it was made from; it comes before this one."""
    fork: bool = False
    created_at: datetime | None = None
    """``None``: now."""
    description: str | None = None
    collaborators: dict[str, RoleName] = Field(default_factory=dict)
    formerly: tuple[str, ...] = ()
    """Names that redirect here."""
    appears_after_seconds: float = Field(default=0, ge=0)
    """How long after seeding it answers 404, in seconds, as if it was just generated from a template."""
    listing_lag_seconds: float | None = Field(default=None, ge=0)
    """``None``: as the settings say."""
    hidden_from_lists: tuple[int, ...] = ()
    """Numbers that no list shows although newer ones do."""
    issue_types: tuple[str, ...] = ()
    """Names; all repositories of the organization have them."""
    labels: tuple[SeedLabel, ...] = ()
    milestones: tuple[SeedMilestone, ...] = ()
    issues: tuple[SeedIssue, ...] = ()


class SeedSlackToken(Wire):
    """A Slack bot token and the bot user behind it."""

    token: str
    bot_user: str = "U0MONARCH"
    bot_id: str = "B0MONARCH"
    public_write: bool = False
    """Whether it has ``chat:write.public`` and may post where it is not a member."""


class SeedChannel(Wire):
    """A Slack channel."""

    id: str
    name: str = "tickets"
    member: bool = True
    archived: bool = False


class SeedSlack(Wire):
    """The Slack side."""

    tokens: tuple[SeedSlackToken, ...] = ()
    channels: tuple[SeedChannel, ...] = ()


class Seed(Wire):
    """Everything that can be planted at once."""

    accounts: tuple[SeedAccount, ...] = ()
    tokens: tuple[SeedToken, ...] = ()
    apps: tuple[SeedApp, ...] = ()
    repositories: tuple[SeedRepository, ...] = ()
    slack: SeedSlack = SeedSlack()


class RepositoryChange(Wire):
    """What ``POST /_sandbox/repositories/update`` takes; ``None`` leaves a thing as it is."""

    repo: str
    rename_to: str | None = None
    private: bool | None = None
    archived: bool | None = None
    has_issues: bool | None = None
    collaborators: dict[str, RoleName] | None = None
    listing_lag_seconds: float | None = None
    hidden_from_lists: tuple[int, ...] | None = None


class IssueChange(Wire):
    """What ``POST /_sandbox/issues/update`` takes: what a person does; ``None`` leaves a thing as it is."""

    repo: str
    number: int
    title: str | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    further_comments: int = Field(default=0, ge=0)
    further_reactions: int = Field(default=0, ge=0)
    labels: tuple[str, ...] | None = None
    assignees: tuple[str, ...] | None = None
    milestone: str | None = None
    """The title of one of the repository's milestones."""
    type: str | None = None
    """The name of one of the repository's issue types."""
    named_in: int | None = None
    """The number of another issue of the repository whose text names this one."""
    state_reason: Literal["completed", "not_planned"] | None = None
    by: str = "student"
    """Who does it."""


class InstallationChange(Wire):
    """What ``POST /_sandbox/installations/update`` takes; ``None`` leaves a thing as it is."""

    id: int
    suspended: bool | None = None
    permissions: dict[str, Literal["read", "write", "admin"]] | None = None
    """Counts for tokens given from now on."""
    repositories: tuple[str, ...] | None = None
    """Counts at once, for tokens given before, too."""
    revoke_tokens: bool = False
    """Whether the tokens given so far end now."""
