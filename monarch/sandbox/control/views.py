"""The whole state, for tests and judges: what ``GET /_sandbox/state`` answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from monarch.sandbox.control.wire import Wire
from monarch.sandbox.github.bodies import timestamp, timestamp_or_none
from monarch.sandbox.github.issue_body import association

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.slack.workspace import Message, Workspace


class LabelView(Wire):
    """A label."""

    name: str
    color: str
    description: str | None


class MilestoneView(Wire):
    """A milestone."""

    number: int
    title: str
    state: str
    description: str | None
    due_on: str | None


class HappeningView(Wire):
    """An event of an issue's timeline: GitHub's word for it, who did it, and when (seconds since the epoch)."""

    event: str
    actor: str | None
    at: float


class IssueView(Wire):
    """An issue or a pull request; labels by name, the milestone by title."""

    id: int
    number: int
    title: str
    body: str | None
    state: str
    author: str | None
    author_association: str
    labels: tuple[str, ...]
    milestone: str | None
    type: str | None
    parent: str | None
    """``owner/repo#12`` of the issue that it is a part of."""
    sub_issues: tuple[str, ...]
    """``owner/repo#13``, in their order."""
    blocked_by: tuple[str, ...] = ()
    """``owner/repo#14`` that it waits for."""
    assignees: tuple[str, ...]
    pull_request: bool
    by_api: bool
    """Whether it was created through the API (and not seeded)."""
    created_at: str
    made_at: float
    """The same, in seconds since the epoch."""
    closed_at: float | None = None
    state_reason: str | None = None
    closed_by: str | None = None
    former: tuple[tuple[str, str | None], ...] = ()
    """Titles and bodies that it had before, oldest first."""
    timeline: tuple[HappeningView, ...] = ()
    """Oldest first."""


class RepositoryView(Wire):
    """A repository; issues, and the numbers of deleted ones, in their order."""

    id: int
    full_name: str
    private: bool
    archived: bool
    has_issues: bool
    issues: tuple[IssueView, ...]
    labels: tuple[LabelView, ...]
    milestones: tuple[MilestoneView, ...]
    deleted: tuple[int, ...]
    removed: tuple[IssueView, ...] = ()
    """The deleted ones as they were."""
    removed_at: float | None = None
    """When the repository was deleted, in seconds since the epoch."""


class NamingView(Wire):
    """Which repository a name (in lower case) led to, from when to when, in seconds since the epoch."""

    full_name: str
    repository: int
    since: float
    until: float | None
    former: bool
    """Whether it led there because the repository had borne it before."""


class MessageView(Wire):
    """A Slack message; ``edits`` are its earlier texts, oldest first."""

    channel: str
    ts: str
    text: str
    edits: tuple[str, ...]
    blocks: list[Any]
    thread_ts: str | None
    is_broadcast: bool = False


class StateView(Wire):
    """Everything."""

    repositories: dict[str, RepositoryView]
    """By full name."""
    gone: tuple[RepositoryView, ...] = ()
    """Repositories that were deleted, as they were."""
    namings: tuple[NamingView, ...] = ()
    slack_messages: tuple[MessageView, ...]
    """In the order of posting."""
    rejected: dict[str, int]
    """How many calls each kind of limit turned away: primary, content, points, concurrent."""


def state_view(
    world: World, workspace: Workspace, rejected: dict[str, int], only: Repository | None = None
) -> StateView:
    """Return the whole state; with ``only``, just that one repository."""
    by_api = set(world.created_by_api)
    shown = world.repositories.values() if only is None else [only]
    views = [_repository(world, each, by_api) for each in shown]
    return StateView(
        repositories={view.full_name: view for view in views},
        gone=tuple(_repository(world, each, by_api) for each in world.gone if only is None),
        namings=tuple(NamingView(**asdict(naming)) for naming in world.namings),
        slack_messages=tuple(_message(message) for message in workspace.messages),
        rejected=rejected,
    )


def _repository(
    world: World, repository: Repository, by_api: set[tuple[int, int]]
) -> RepositoryView:
    def views(issues: dict[int, Issue]) -> tuple[IssueView, ...]:
        return tuple(
            _issue(world, repository, issue, by_api=(repository.id, number) in by_api)
            for number, issue in sorted(issues.items())
        )

    return RepositoryView(
        id=repository.id,
        full_name=repository.full_name,
        private=repository.private,
        archived=repository.archived,
        has_issues=repository.has_issues,
        issues=views(repository.issues),
        labels=tuple(
            LabelView(name=label.name, color=label.color, description=label.description)
            for label in repository.labels.values()
        ),
        milestones=tuple(
            MilestoneView(
                number=m.number,
                title=m.title,
                state=m.state,
                description=m.description,
                due_on=timestamp_or_none(m.due_on),
            )
            for m in repository.milestones.values()
        ),
        deleted=tuple(sorted(repository.removed)),
        removed=views(repository.removed),
        removed_at=repository.removed_at,
    )


def _issue(world: World, repository: Repository, issue: Issue, *, by_api: bool) -> IssueView:
    milestone = repository.milestones.get(issue.milestone or 0)
    return IssueView(
        id=issue.id,
        number=issue.number,
        title=issue.title,
        body=issue.body,
        state=issue.state,
        author=issue.author,
        author_association=association(world, repository, issue),
        labels=tuple(repository.labels[key].name for key in issue.labels),
        milestone=milestone.title if milestone else None,
        type=issue.type,
        parent=_name(world, world.hierarchy.parent_of(issue.id)),
        sub_issues=tuple(
            name
            for each in world.hierarchy.children_of(issue.id)
            if (name := _name(world, each)) is not None
        ),
        blocked_by=tuple(
            name
            for each in world.dependencies.of(issue.id)
            if (name := _name(world, each)) is not None
        ),
        assignees=tuple(issue.assignees),
        pull_request=issue.pull_request,
        by_api=by_api,
        created_at=timestamp(issue.created_at),
        made_at=issue.created_at,
        closed_at=issue.closed_at,
        state_reason=issue.state_reason,
        closed_by=issue.closed_by,
        former=tuple(issue.former),
        timeline=tuple(
            HappeningView(event=one.event, actor=one.actor, at=one.at) for one in issue.timeline
        ),
    )


def _name(world: World, issue_id: int | None) -> str | None:
    if issue_id is None:
        return None
    repository, issue = world.issues[issue_id]
    return f"{repository.full_name}#{issue.number}"


def _message(message: Message) -> MessageView:
    return MessageView(
        channel=message.channel,
        ts=message.ts,
        text=message.text,
        edits=tuple(message.versions[:-1]),
        blocks=message.blocks,
        thread_ts=message.thread_ts,
        is_broadcast=message.is_broadcast,
    )
