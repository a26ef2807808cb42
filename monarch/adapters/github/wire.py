"""Reads GitHub's bodies: bytes in, values of the core out, `None` where they lack what we need.

Keys that are not named here are ignored. What GitHub documents as nullable may be missing too; the
rest has to be there and of its type, since a reading that guesses would be taken for evidence.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from monarch.core.ids import TargetId
from monarch.core.outcome import Created
from monarch.core.refs import BadRef, RepoRef
from monarch.core.ticket import Issue, Label, Repository

T = TypeVar("T")

_Id = Annotated[int, Field(gt=0, lt=2**63)]

DEFAULT_COLOR = "ededed"
"""The grey that GitHub gives a label that was made by naming it."""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class User(_Wire):
    """An account; `id` stays the same when `login` changes."""

    id: _Id
    login: str


class _Author(_Wire):
    login: str


class _Label(_Wire):
    name: str | None = None
    color: str | None = None
    description: str | None = None


class _Milestone(_Wire):
    title: str


class _Issue(_Wire):
    id: _Id
    number: _Id
    title: str
    body: str | None = None
    state: str
    user: _Author | None = None
    author_association: str = "NONE"
    html_url: str
    created_at: str
    labels: list[str | _Label] = []
    milestone: _Milestone | None = None
    pull_request: object = None


class _Permissions(_Wire):
    push: bool | None = None


class _Repository(_Wire):
    id: _Id
    full_name: str
    archived: bool
    has_issues: bool
    private: bool = False
    permissions: _Permissions | None = None


class _Created(_Wire):
    id: _Id
    number: _Id


_USER = TypeAdapter(User)
_ISSUE = TypeAdapter(_Issue)
_ISSUES = TypeAdapter(list[_Issue])
_REPOSITORY = TypeAdapter(_Repository)
_CREATED = TypeAdapter(_Created)


def read_user(body: bytes) -> User | None:
    """Read the answer of `GET /user`."""
    return _read(_USER, body)


def read_issue(body: bytes) -> Issue | None:
    """Read one issue."""
    issue = _read(_ISSUE, body)
    return None if issue is None else _as_issue(issue)


def read_issues(body: bytes) -> tuple[Issue, ...] | None:
    """Read one page of a listing; one entry that cannot be read spoils it."""
    issues = _read(_ISSUES, body)
    return None if issues is None else tuple(_as_issue(issue) for issue in issues)


def read_repository(body: bytes) -> Repository | None:
    """Read a repository; its name has to be one that may stand in a path."""
    repository = _read(_REPOSITORY, body)
    if repository is None or not _is_name(repository.full_name):
        return None
    return Repository(
        TargetId(repository.id),
        repository.full_name,
        repository.archived,
        repository.has_issues,
        repository.permissions.push if repository.permissions else None,
        repository.private,
    )


def read_created(body: bytes) -> Created | None:
    """Read a 201: only what the ledger needs, so that little can hide that it was created."""
    created = _read(_CREATED, body)
    return None if created is None else Created(created.number, created.id)


def _read(adapter: TypeAdapter[T], body: bytes) -> T | None:
    try:
        return adapter.validate_json(body)
    except ValidationError:
        return None


def _is_name(full_name: str) -> bool:
    owner, _, name = full_name.partition("/")
    try:
        RepoRef(owner, name)
    except BadRef:
        return False
    return True


def _as_issue(issue: _Issue) -> Issue:
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
        labels=tuple(label for each in issue.labels if (label := _as_label(each)).name),
        milestone=issue.milestone.title if issue.milestone else None,
    )


def _as_label(label: str | _Label) -> Label:
    """Read a label in either of its documented shapes; without a name it is none."""
    if isinstance(label, str):
        return Label(label, DEFAULT_COLOR, "")
    return Label(label.name or "", label.color or DEFAULT_COLOR, label.description or "")
