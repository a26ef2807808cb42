"""From a seed to a world: the one place that turns the control API's wishes into state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.control.planting_apps import plant_app
from monarch.sandbox.control.seed import BadSeedError
from monarch.sandbox.github.history.happenings import (
    happened,
    moved,
    reassigned,
    relabelled,
    renamed,
)
from monarch.sandbox.github.pacific import midnight
from monarch.sandbox.github.state.model import Role, Token
from monarch.sandbox.slack.workspace import Channel, SlackToken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monarch.sandbox.control.seed import (
        IssueChange,
        RepositoryChange,
        Seed,
        SeedAccount,
        SeedIssue,
        SeedMilestone,
        SeedRepository,
        SeedSlack,
        SeedToken,
    )
    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.slack.workspace import Workspace

_REACTING = {"repo", "number", "further_reactions", "by"}

SEEDED_AGE_S = 86_400.0
"""How old seeded issues are unless they say when they were created."""


def plant(world: World, workspace: Workspace, seed: Seed) -> dict[str, int]:
    """Add the seed to the world; returns the repositories' ids by full name."""
    for account in seed.accounts:
        _plant_account(world, account)
    for token in seed.tokens:
        _plant_token(world, token)
    for app in seed.apps:
        plant_app(world, app)
    planted = [_plant_repository(world, repository) for repository in seed.repositories]
    _plant_slack(workspace, seed.slack)
    return {repository.full_name: repository.id for repository in planted}


def change_repository(world: World, change: RepositoryChange) -> None:
    """Carry out what an administrator wants of a repository."""
    repository = existing(world, change.repo)
    if change.rename_to is not None:
        _demand_free(world, repository, change.rename_to)
    for flag in ("private", "archived", "has_issues"):
        if getattr(change, flag) is not None:
            setattr(repository, flag, getattr(change, flag))
    if change.collaborators is not None:
        repository.collaborators = _roles(change.collaborators)
    if change.listing_lag_seconds is not None:
        repository.listing_lag_s = change.listing_lag_seconds
    if change.hidden_from_lists is not None:
        repository.hidden_from_lists = set(change.hidden_from_lists)
    if change.rename_to is not None:
        world.rename(repository, change.rename_to)


def _demand_free(world: World, repository: Repository, name: str) -> None:
    owner, _, rest = name.partition("/")
    if not owner or not rest or "/" in rest:
        raise BadSeedError(f"rename_to should be owner/repo, got {name!r}")
    bearer = world.named(name)
    if bearer is not None and bearer is not repository:
        raise BadSeedError(f"there is a repository {name} already")


def change_issue(world: World, change: IssueChange) -> None:
    """Carry out what a person does to an issue."""
    issue = existing(world, change.repo).issues.get(change.number)
    if issue is None:
        raise BadSeedError(f"{change.repo} has no issue {change.number}")
    now, by = world.clock(), change.by
    title = issue.title if change.title is None else change.title
    body = issue.body if change.body is None else change.body
    renamed(issue, title, by, now)
    # A reaction alone does not update an issue.
    is_update = not change.model_dump(exclude_defaults=True).keys() <= _REACTING
    issue.change(title, body, now if is_update else issue.updated_at)
    issue.comments += change.further_comments
    for _ in range(change.further_comments):
        happened(issue, "commented", by, now, body="I have a question.")
    issue.reactions += change.further_reactions
    if change.named_in is not None:
        happened(issue, "cross-referenced", by, now, source=change.named_in)
    _change_details(world, existing(world, change.repo), issue, change)
    if change.state is not None and change.state != issue.state:
        world.set_state(issue, change.state, change.state_reason, by)


def _change_details(
    world: World, repository: Repository, issue: Issue, change: IssueChange
) -> None:
    now, by = world.clock(), change.by
    if change.labels is not None:
        for name in change.labels:
            if name.lower() not in repository.labels:
                world.add_label(repository, name, "ededed", None)
        keys = [name.lower() for name in change.labels]
        relabelled(issue, keys, by, now)
        issue.labels = keys
    if change.assignees is not None:
        reassigned(issue, change.assignees, by, now)
        issue.assignees = list(change.assignees)
    if change.milestone is not None:
        number = _milestone_number(repository, change.milestone)
        moved(issue, number, by, now)
        issue.milestone = number
    if change.type is not None:
        issue.type = _type(world, repository, change.type)


def existing(world: World, full_name: str) -> Repository:
    """Return the repository of that name; raises ``BadSeedError`` if there is none."""
    repository = world.named(full_name)
    if repository is None:
        msg = f"there is no repository {full_name}; seed it first"
        raise BadSeedError(msg)
    return repository


def _plant_account(world: World, seed: SeedAccount) -> None:
    account = world.account(seed.login, seed.kind)
    if seed.kind != "User":
        account.kind = seed.kind  # it may have been named before it was described
    account.member_of |= {organization.lower() for organization in seed.member_of}
    for rule in ("suspended", "forbids_classic_tokens", "requires_sso"):
        setattr(account, rule, getattr(account, rule) or getattr(seed, rule))
    if seed.issue_types and account.kind != "Organization":
        raise BadSeedError(f"{seed.login} is no organization and has no issue types")
    for kind in seed.issue_types:
        planted = world.add_issue_type(account, kind.name, kind.description, kind.color)
        planted.is_enabled = kind.is_enabled


def _plant_token(world: World, token: SeedToken) -> None:
    world.account(token.login, "Bot" if token.kind == "installation" else "User")
    selected = token.repositories
    world.tokens[token.token] = Token(
        value=token.token,
        login=token.login,
        kind=token.kind,
        scopes=token.scopes,
        issues=token.issues,
        repositories=None if selected is None else frozenset(name.lower() for name in selected),
        revoked=token.revoked,
        sso=frozenset(name.lower() for name in token.sso),
    )


def _plant_repository(world: World, seed: SeedRepository) -> Repository:
    repository = world.named(seed.full_name) or _new_repository(world, seed)
    for label in seed.labels:
        world.add_label(repository, label.name, label.color, label.description)
    for milestone in seed.milestones:
        _plant_milestone(world, repository, milestone)
    planted = [(each, _plant_issue(world, repository, each)) for each in seed.issues]
    for issue, there in planted:
        _put_under(world, repository, issue.parent, there)
        for number in issue.blocked_by:
            if number not in repository.issues:
                raise BadSeedError(f"{repository.full_name} has no issue {number} to wait for")
            world.dependencies.block(there.id, repository.issues[number].id)
    return repository


def _new_repository(world: World, seed: SeedRepository) -> Repository:
    appears_at = world.clock() + seed.appears_after_seconds
    repository = world.add_repository(seed.full_name, appears_at)
    repository.private, repository.archived = seed.private, seed.archived
    repository.has_issues, repository.is_template = seed.has_issues, seed.is_template
    repository.description, repository.fork = seed.description, seed.fork
    if seed.generated_from is not None:
        repository.template = existing(world, seed.generated_from).id
    if seed.created_at is not None:
        repository.created_at = seed.created_at.timestamp()
    for kind in seed.issue_types:
        world.add_issue_type(world.account(repository.owner), kind, None, None)
    repository.collaborators = _roles(seed.collaborators)
    repository.listing_lag_s = seed.listing_lag_seconds
    repository.hidden_from_lists = set(seed.hidden_from_lists)
    for name in seed.formerly:
        world.former_names[name.lower()] = repository.id
    return repository


def _plant_milestone(world: World, repository: Repository, seed: SeedMilestone) -> None:
    due_on = None if seed.due_on is None else midnight(seed.due_on.timestamp())
    milestone = world.add_milestone(repository, seed.title, None, due_on)
    milestone.description, milestone.state = seed.description, seed.state
    milestone.closed_at = world.clock() if seed.state == "closed" else None


def _plant_issue(world: World, repository: Repository, seed: SeedIssue) -> Issue:
    if seed.number is not None:
        _leave_gap(repository, seed.number)
    if seed.author is not None:
        world.account(seed.author)
    issue = world.add_issue(repository, seed.title, seed.body, seed.author)
    issue.pull_request, issue.author_association = seed.pull_request, seed.author_association
    issue.assignees = list(seed.assignees)
    issue.comments, issue.locked = seed.comments, seed.locked
    issue.milestone = _milestone_number(repository, seed.milestone)
    issue.type = _type(world, repository, seed.type)
    for name in seed.labels:
        if name.lower() not in repository.labels:
            world.add_label(repository, name, "ededed", None)
        issue.labels.append(name.lower())
    if seed.state == "closed":
        world.set_state(issue, "closed")
    created = _epoch(seed.created_at)
    issue.created_at = world.clock() - SEEDED_AGE_S if created is None else created
    issue.updated_at = issue.created_at
    return issue


def _put_under(world: World, repository: Repository, parent: int | None, issue: Issue) -> None:
    if parent is None:
        return
    above = repository.issues.get(parent)
    if above is None or world.hierarchy.is_above(issue.id, above.id):
        raise BadSeedError(f"{repository.full_name}#{parent} cannot be #{issue.number}'s parent")
    world.hierarchy.put_under(above.id, issue.id)


def _type(world: World, repository: Repository, name: str | None) -> str | None:
    if name is not None and name not in world.account(repository.owner).issue_types:
        raise BadSeedError(f"{repository.owner} has no issue type {name!r}; list it under accounts")
    return name


def _leave_gap(repository: Repository, number: int) -> None:
    if number < repository.next_number:
        msg = f"{repository.full_name}#{number} is taken; the next is {repository.next_number}"
        raise BadSeedError(msg)
    repository.next_number = number


def _milestone_number(repository: Repository, title: str | None) -> int | None:
    if title is None:
        return None
    for milestone in repository.milestones.values():
        if milestone.title == title:
            return milestone.number
    msg = f"{repository.full_name} has no milestone {title!r}; list it under milestones"
    raise BadSeedError(msg)


def _plant_slack(workspace: Workspace, seed: SeedSlack) -> None:
    for token in seed.tokens:
        workspace.tokens[token.token] = SlackToken(
            token.token, token.bot_user, token.bot_id, token.public_write
        )
    for channel in seed.channels:
        workspace.channels[channel.id] = Channel(
            channel.id, channel.name, channel.member, channel.archived
        )


def _roles(named: Mapping[str, str]) -> dict[str, Role]:
    return {login.lower(): Role[name.upper()] for login, name in named.items()}


def _epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
