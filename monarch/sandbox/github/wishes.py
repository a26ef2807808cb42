"""What a caller wants of an issue: the JSON body of a POST or PATCH, checked and resolved.

Labels, milestone, assignees and type are for people with push access; for others they are
dropped without a word, as GitHub does. But a label that does not exist yet would have to be made: since 2026 GitHub
refuses the whole call for that (github.com/orgs/community/discussions/197408; its words were not observed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from monarch.sandbox.github import errors
from monarch.sandbox.github.history.happenings import moved, reassigned, relabelled
from monarch.sandbox.github.state.model import Role

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Account, Issue, Repository
    from monarch.sandbox.github.visit import Visit

MAX_TITLE, MAX_BODY, MAX_LABEL = 256, 65_536, 50
"""Characters, not bytes."""

TYPES: dict[str, tuple[type, ...]] = {
    "title": (str, int),
    "body": (str, type(None)),
    "milestone": (int, str, type(None)),
    "labels": (list,),
    "assignees": (list,),
    "type": (str, type(None)),
    "state": (str,),
    "state_reason": (str, type(None)),
}


_NOTES: dict[str, Callable[..., None]] = {
    "labels": relabelled,
    "milestone": moved,
    "assignees": reassigned,
}


def check_shape(wish: dict[str, Any]) -> None:
    """Refuse values of the wrong JSON type."""
    for name, types in TYPES.items():
        value = wish.get(name)
        if name in wish and (not isinstance(value, types) or isinstance(value, bool)):
            raise errors.invalid_request(f"For 'properties/{name}', {value!r} is not allowed.")
    for name in ("labels", "assignees"):
        for value in wish.get(name, []):
            if not isinstance(value, str) and not (name == "labels" and isinstance(value, dict)):
                raise errors.invalid_request(f"For 'items', {value!r} is not a string.")


def title_of(wish: dict[str, Any]) -> str:
    """Return the title, or refuse: it must be there, not blank, and fit."""
    if "title" not in wish:
        raise errors.invalid_request('"title" wasn\'t supplied.')
    title = str(wish["title"])
    if not title.strip():
        raise errors.invalid("Issue", "title", "missing_field")
    if len(title) > MAX_TITLE:
        raise errors.too_long("Issue", "title", MAX_TITLE)
    return title


def body_of(wish: dict[str, Any]) -> str | None:
    """Return the body, or refuse one that does not fit."""
    body: str | None = wish.get("body")
    if body is not None and len(body) > MAX_BODY:
        raise errors.too_long("Issue", "body", MAX_BODY)
    return body


def details_of(visit: Visit, repository: Repository, wish: dict[str, Any]) -> dict[str, Any]:
    """Return the checked attributes of an issue that only a pusher may set."""
    if not visit.may_push(repository):
        if any(n.lower() not in repository.labels for n in _label_names(wish.get("labels", []))):
            raise errors.refused(403, "You do not have permission to create labels here.")
        return {}
    details: dict[str, Any] = {}
    if "labels" in wish:
        details["labels"] = _label_names(wish["labels"])
    if "milestone" in wish:
        details["milestone"] = _milestone(repository, wish["milestone"])
    if "assignees" in wish or wish.get("assignee"):
        logins = wish.get("assignees", [wish.get("assignee")])
        details["assignees"] = [_assignable(repository, login) for login in logins]
    if "type" in wish:
        details["type"] = _type(visit.world.account(repository.owner), wish["type"])
    return details


def apply_details(
    visit: Visit, repository: Repository, issue: Issue, details: dict[str, Any]
) -> None:
    """Set the attributes; labels that do not exist yet are created, grey."""
    for name in details.get("labels", []):
        if name.lower() not in repository.labels:
            visit.world.add_label(repository, name, "ededed", None)
    for attribute, value in details.items():
        labels = attribute == "labels"
        resolved = list(dict.fromkeys(name.lower() for name in value)) if labels else value
        note = _NOTES.get(attribute)
        if note is not None:
            note(issue, resolved, visit.token.login if visit.token else None, visit.world.clock())
        setattr(issue, attribute, resolved)


def _label_names(labels: list[Any]) -> list[str]:
    names = [each if isinstance(each, str) else str(each.get("name", "")) for each in labels]
    for name in names:
        if not name.strip():
            raise errors.invalid("Label", "name", "missing_field")
        if len(name) > MAX_LABEL:
            raise errors.too_long("Label", "name", MAX_LABEL)
    return names


def _milestone(repository: Repository, wanted: int | str | None) -> int | None:
    if wanted is None:
        return None
    text = str(wanted)
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number not in repository.milestones:
        raise errors.invalid("Issue", "milestone", "invalid", value=wanted)
    return number


def assignable(repository: Repository) -> list[str]:
    """Return the logins, in lower case, that can be assigned."""
    named = [login for login, role in repository.collaborators.items() if role > Role.NONE]
    return sorted({*named, repository.owner.lower()})


def _assignable(repository: Repository, login: str) -> str:
    if login.lower() not in assignable(repository):
        raise errors.invalid("Issue", "assignees", "invalid", value=login)
    return login


def _type(owner: Account, wanted: str | None) -> str | None:
    kind = owner.issue_types.get(wanted or "")
    if wanted is not None and (kind is None or not kind.is_enabled):
        raise errors.invalid("Issue", "type", "invalid", value=wanted)
    return wanted
