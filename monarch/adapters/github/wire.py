"""Reads GitHub's bodies: bytes in, values of the core out, `None` if they lack what we need (see `shapes`).

The answer to a write needs only its number and id: no detail may hide that an issue was created.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monarch.adapters.github.shapes import (
    T,
    User,
    WireAuthor,
    WireCreated,
    WireDependencies,
    WireIssue,
    WireLabel,
    WireListed,
    WireMilestone,
    WireOrigin,
    WireRepository,
    WireType,
    read_as,
)
from monarch.core.copy.details import Details
from monarch.core.ids import TargetId
from monarch.core.missed.sighting import Listed
from monarch.core.request.refs import BadRef, RepoRef
from monarch.core.ticket import Author, Issue, Label, Milestone, Origin, Repository

_NUMBER = re.compile(r"[0-9]{1,18}")

DEFAULT_COLOR = "ededed"
"""The grey that GitHub gives a label that was made by naming it."""


@dataclass(frozen=True, slots=True)
class CreatedIssue:
    """An issue as the answer to its creation shows it, with the details that can be read."""

    id: int
    number: int
    details: Details
    author: Author | None = None


_BOT = "Bot"
_USER = TypeAdapter(User)
_USER_SHOWN = TypeAdapter(WireAuthor)
_ISSUE = TypeAdapter(WireIssue)
_ISSUES = TypeAdapter(list[WireIssue])
_REPOSITORY = TypeAdapter(WireRepository)
_LISTED = TypeAdapter(list[WireListed])
_CREATED = TypeAdapter(WireCreated)
_LABELS = TypeAdapter(list[WireLabel | None])
_MILESTONES = TypeAdapter(list[WireMilestone | None])
_TYPES = TypeAdapter(list[WireType | None])
_ACCOUNTS = TypeAdapter(list[WireAuthor | None])
_OBJECT = TypeAdapter(dict[str, Any])


def read_user(body: bytes) -> User | None:
    """Read the answer of `GET /user`."""
    return read_as(_USER, body)


def read_issue(body: bytes) -> Issue | None:
    """Read one issue."""
    issue = read_as(_ISSUE, body)
    return None if issue is None else _as_issue(issue)


def read_issues(body: bytes) -> tuple[Issue, ...] | None:
    """Read one page of a listing; `None` if a single entry cannot be read."""
    issues = read_as(_ISSUES, body)
    return None if issues is None else tuple(_as_issue(issue) for issue in issues)


def read_labels(body: bytes) -> tuple[Label, ...] | None:
    """Read one page of a repository's labels."""
    labels = read_as(_LABELS, body)
    return None if labels is None else _as_labels(labels)


def read_milestones(body: bytes) -> tuple[Milestone, ...] | None:
    """Read one page of a repository's milestones."""
    milestones = read_as(_MILESTONES, body)
    return None if milestones is None else tuple(_as_milestone(each) for each in milestones if each)


def read_types(body: bytes) -> tuple[str, ...] | None:
    """Read the names of the issue types that are in use."""
    types = read_as(_TYPES, body)
    return None if types is None else tuple(each.name for each in types if each and each.is_enabled)


def read_logins(body: bytes) -> tuple[str, ...] | None:
    """Read one page of accounts."""
    accounts = read_as(_ACCOUNTS, body)
    return None if accounts is None else tuple(one.login for one in accounts if one is not None)


def read_repository(body: bytes) -> Repository | None:
    """Read a repository; its name must be safe in a path."""
    repository = read_as(_REPOSITORY, body)
    if repository is None or not _is_name(repository.full_name):
        return None
    return Repository(
        TargetId(repository.id),
        repository.full_name,
        repository.archived,
        repository.has_issues,
        repository.permissions.push if repository.permissions else None,
        repository.private,
        repository.open_issues_count,
        is_personal=repository.owner is not None and repository.owner.type == "User",
        origin=_as_origin(repository.template_repository),
    )


def read_listed(body: bytes) -> tuple[Listed, ...] | None:
    """Read one page of an owner's repositories, without those whose name is not safe in a path."""
    found = read_as(_LISTED, body)
    return None if found is None else tuple(_as_listed(o) for o in found if _is_name(o.full_name))


def read_created(body: bytes) -> CreatedIssue | None:
    """Read a 201, whatever its details and its encoding are."""
    text = body.decode("utf-8", "replace").encode()
    created, shown = read_as(_CREATED, text), read_as(_OBJECT, text)
    if created is None or shown is None:
        return None
    return CreatedIssue(
        created.id,
        created.number,
        Details(
            _names_of(shown.get("labels"), "name"),
            _part(shown, "milestone", "number", int),
            _part(shown, "type", "name", str) or "",
            _names_of(shown.get("assignees"), "login"),
        ),
        _author_of(shown.get("user")),
    )


def read_object(body: bytes) -> dict[str, Any] | None:
    """Read any JSON object."""
    return read_as(_OBJECT, body)


def _is_name(full_name: str) -> bool:
    owner, _, name = full_name.partition("/")
    try:
        RepoRef(owner, name)
    except BadRef:
        return False
    return True


def _as_origin(origin: WireOrigin | None) -> Origin | None:
    return Origin(origin.id, origin.full_name) if origin and _is_name(origin.full_name) else None


def _as_listed(one: WireListed) -> Listed:
    return Listed(
        TargetId(one.id),
        one.full_name,
        _ms(one.created_at or ""),
        archived=one.archived,
        is_fork=one.fork,
        is_template=one.is_template,
    )


def _ms(text: str) -> int:
    """A time in milliseconds since 1970; 0 if it cannot be read."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return 0


def _as_issue(issue: WireIssue) -> Issue:
    return Issue(
        id=issue.id,
        number=issue.number,
        title=issue.title,
        body=issue.body or "",
        state=issue.state,
        is_pull=issue.pull_request is not None,
        author=issue.user.login if issue.user else None,
        association=issue.author_association,
        url=issue.html_url,
        created_at=issue.created_at,
        labels=_as_labels(issue.labels or ()),
        milestone=_as_milestone(issue.milestone) if issue.milestone else None,
        parent=_number_beside(issue.parent_issue_url or "", issue.url),
        type=issue.type.name if issue.type else "",
        author_id=issue.user.id if issue.user else 0,
        is_by_bot=issue.user is not None and issue.user.type == _BOT,
        state_reason=issue.state_reason or "",
        closed_by=as_author(issue.closed_by),
        comments=issue.comments,
        reactions=issue.reactions.total_count if issue.reactions else 0,
        updated_at=issue.updated_at,
        assignees=tuple(one.login for one in issue.assignees or () if one is not None),
        blockers=_blockers(issue.issue_dependencies_summary),
        is_locked=issue.locked,
        fields=tuple(one.issue_field_name for one in issue.issue_field_values or () if one),
    )


def _blockers(summary: WireDependencies | None) -> int:
    return max(summary.blocked_by, summary.total_blocked_by) if summary else 0


def _author_of(shown: object) -> Author | None:
    """The author that a 201 names, if that can be read: it must not hide that the issue was created."""
    try:
        user = _USER_SHOWN.validate_python(shown)
    except ValidationError:
        return None
    return as_author(user)


def as_author(user: WireAuthor | None) -> Author | None:
    """The account; `None` for a deleted one."""
    return None if user is None else Author(user.login, user.id, user.type == _BOT)


def _as_labels(labels: Sequence[str | WireLabel | None]) -> tuple[Label, ...]:
    """Those that have a name."""
    return tuple(label for each in labels if each and (label := _as_label(each)).name)


def _as_label(label: str | WireLabel) -> Label:
    """Read a label in either of its documented shapes."""
    if isinstance(label, str):
        return Label(label, DEFAULT_COLOR, "")
    return Label(label.name or "", label.color or DEFAULT_COLOR, label.description or "")


def _as_milestone(milestone: WireMilestone) -> Milestone:
    return Milestone(
        milestone.title,
        milestone.state,
        milestone.description or "",
        milestone.due_on or "",
        milestone.number,
    )


def _number_beside(url: str, here: str) -> int | None:
    """The number of the issue at `url`, if it is in the same repository as the issue at `here`."""
    folder, _, number = url.rpartition("/")
    if not here or folder.lower() != here.rpartition("/")[0].lower():
        return None
    return int(number) if _NUMBER.fullmatch(number) else None


def _names_of(things: object, key: str) -> tuple[str, ...]:
    each = things if isinstance(things, list) else []
    names = (thing.get(key) if isinstance(thing, dict) else thing for thing in each)
    return tuple(name for name in names if isinstance(name, str))


def _part(shown: dict[str, Any], outer: str, inner: str, kind: type[T]) -> T | None:
    """A part of a part of an object, if both are there and the value is of that kind."""
    part = shown.get(outer)
    value = part.get(inner) if isinstance(part, dict) else None
    return value if isinstance(value, kind) else None
