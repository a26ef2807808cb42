"""The shapes of GitHub's bodies, as far as we need them.

Keys that are not named here are ignored. What GitHub documents as nullable may be missing, too; the
rest has to be there and of its type, since a guess would be taken for evidence. What only says that a copy lacks something
(`Remark`) costs no ticket, whatever it looks like: GitHub still changes these parts.
"""

from typing import Annotated, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

T = TypeVar("T")


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


Remark = Annotated[T | None, WrapValidator(_or_none)]
"""`None` where it cannot be read."""

Id = Annotated[int, Field(gt=0, lt=2**63)]


def read_as(adapter: TypeAdapter[T], body: bytes) -> T | None:
    """Read a body as `adapter` describes it; `None` if it is something else."""
    try:
        return adapter.validate_json(body)
    except ValidationError:
        return None


class Wire(BaseModel):
    """The parts of a body that we need."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class User(Wire):
    """An account; `id` stays the same when `login` changes."""

    id: Id
    login: str


class WireAuthor(Wire):
    """An account that did something."""

    login: str
    id: int = 0
    type: str = ""


class WireLabel(Wire):
    """A label; in an issue it may be a bare name instead."""

    name: str | None = None
    color: str | None = None
    description: str | None = None


class WireMilestone(Wire):
    """A milestone."""

    number: Id
    title: str
    state: str = "open"
    description: str | None = None
    due_on: str | None = None


class WireType(Wire):
    """An issue type of an organisation."""

    name: str
    is_enabled: bool = True


class WireReactions(Wire):
    """How many reactions an issue has."""

    total_count: int = 0


class WireDependencies(Wire):
    """How many issues block an issue."""

    blocked_by: int = 0
    total_blocked_by: int = 0


class WireFieldValue(Wire):
    """The value of a custom field of an issue."""

    issue_field_name: str = ""


class WireIssue(Wire):
    """An issue, or a pull request."""

    id: Id
    number: Id
    title: str
    body: str | None = None
    state: str
    user: WireAuthor | None = None
    author_association: str = "NONE"
    html_url: str
    created_at: str
    labels: list[str | WireLabel | None] | None = None
    milestone: WireMilestone | None = None
    type: WireType | None = None
    url: str = ""
    parent_issue_url: str | None = None
    pull_request: object = None
    state_reason: str | None = None
    closed_by: WireAuthor | None = None
    comments: int = 0
    reactions: WireReactions | None = None
    updated_at: str = ""
    assignees: list[WireAuthor | None] | None = None
    locked: bool = False
    issue_dependencies_summary: Remark[WireDependencies] = None
    issue_field_values: Remark[list[Remark[WireFieldValue]]] = None


class WirePermissions(Wire):
    """What the token may do in a repository."""

    push: bool | None = None


class WireOwner(Wire):
    """The owner of a repository."""

    type: str = ""


class WireOrigin(Wire):
    """The template that a repository was made from."""

    id: Id
    full_name: str


class WireListed(Wire):
    """A repository in a listing of its owner's."""

    id: Id
    full_name: str
    archived: bool = False
    fork: bool = False
    is_template: bool = False
    created_at: str | None = None


class WireRepository(Wire):
    """A repository by itself."""

    id: Id
    full_name: str
    archived: bool
    has_issues: bool
    private: bool = False
    open_issues_count: int = 0
    permissions: WirePermissions | None = None
    owner: WireOwner | None = None
    template_repository: WireOrigin | None = None


class WireCreated(Wire):
    """What the answer to a write must hold."""

    id: Id
    number: Id
