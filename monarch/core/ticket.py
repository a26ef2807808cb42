"""Issues as GitHub shows them, and the tickets that are made from them."""

from dataclasses import dataclass, replace

from monarch.core.ids import TargetId, TicketId


@dataclass(frozen=True, slots=True)
class Label:
    """A label with its colour (six hex digits, no `#`) and its description, `""` if it has none."""

    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone by its title, which is unique in its repository.

    Attributes:
        number: its number in its repository; 0 in a ticket, where only the title counts.
        state: `open` or `closed`.
        due_on: GitHub's timestamp, `""` if it has none.
    """

    title: str
    state: str = "open"
    description: str = ""
    due_on: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """The template that a repository was generated from."""

    id: int
    full_name: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository under its canonical name: writes are addressed to `full_name`.

    `may_push` is `None` if GitHub does not say (an unauthenticated or reduced answer). `open_issues` is how many open
    issues and pull requests GitHub counts, 0 if it does not say. `is_personal`: its owner is a person, not an
    organisation, so that it has no issue types. `origin` is the template that it was generated from, `None` if it was
    not, or if our account may not see the template.
    """

    id: TargetId
    full_name: str
    archived: bool
    has_issues: bool
    may_push: bool | None
    private: bool = False
    open_issues: int = 0
    is_personal: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """An account at GitHub.

    Attributes:
        id: GitHub's number of it, which stays when the login changes; 0 if it is not known.
        is_bot: whether it belongs to an App. A person's account never is a bot.
    """

    login: str
    id: int = 0
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue or pull request as a listing or a read shows it.

    Attributes:
        id: GitHub's id of the issue, unique over all repositories.
        number: its number in its repository.
        body: `""` if GitHub says null.
        author: login, or `None` for a deleted account; `author_id` and `is_by_bot` as in `Author`.
        association: GitHub's `author_association`, such as `MEMBER`.
        parent: number of its parent issue, `None` if it is not a sub-issue or its parent is in another repository.
        type: name of its issue type, `""` if it has none.
        state_reason: why it is in its state, as GitHub says it (`not_planned`), `""` if it says nothing.
        closed_by: who closed it, `None` if it is open or GitHub does not say.
        comments: how many comments it has; `reactions` likewise.
        updated_at: GitHub's timestamp of its last change, `""` if it does not say.
        assignees: logins.
        blockers: how many issues block it, wherever they are.
        fields: names of the issue fields that have a value.
    """

    id: int
    number: int
    title: str
    body: str
    state: str
    is_pull: bool
    author: str | None
    association: str
    url: str
    created_at: str
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    parent: int | None = None
    type: str = ""
    author_id: int = 0
    is_by_bot: bool = False
    state_reason: str = ""
    closed_by: Author | None = None
    comments: int = 0
    reactions: int = 0
    updated_at: str = ""
    assignees: tuple[str, ...] = ()
    blockers: int = 0
    is_locked: bool = False
    fields: tuple[str, ...] = ()

    @property
    def by(self) -> Author | None:
        """The account that opened it; `None` for a deleted account."""
        return None if self.author is None else Author(self.author, self.author_id, self.is_by_bot)


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open issue of the source, as it stood when the plan was made.

    `parent` is the number, in the source, of its parent issue, which need not be in the plan. `place` is its place among
    that parent's sub-issues, from 0; all have 0 if their order is not known. `blockers` is how many issues block it,
    wherever they are; `blocked_by` those of them that are tickets of the plan.
    """

    id: TicketId
    number: int
    title: str
    body: str
    url: str
    author: str | None
    created_at: str
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    parent: int | None = None
    type: str = ""
    place: int = 0
    assignees: tuple[str, ...] = ()
    blockers: int = 0
    blocked_by: tuple[TicketId, ...] = ()


def as_ticket(issue: Issue) -> Ticket:
    """Freeze an issue of the source."""
    return Ticket(
        TicketId(issue.id),
        issue.number,
        issue.title,
        issue.body,
        issue.url,
        issue.author,
        issue.created_at,
        issue.labels,
        None if issue.milestone is None else replace(issue.milestone, number=0),
        issue.parent,
        issue.type,
        assignees=issue.assignees,
        blockers=issue.blockers,
    )
