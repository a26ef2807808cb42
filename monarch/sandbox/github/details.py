"""Labels and milestones: list and create."""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from monarch.sandbox.github import errors, listing
from monarch.sandbox.github.bodies import account_body, label_body
from monarch.sandbox.github.issue_body import Renderer
from monarch.sandbox.github.pacific import midnight
from monarch.sandbox.github.wishes import MAX_LABEL, assignable
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from typing import Any

    from monarch.sandbox.github.state.model import Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

MAX_LABEL_DESCRIPTION = 100
COLOR = re.compile(r"[0-9A-Fa-f]{6}")


def list_labels(visit: Visit, repository: Repository) -> Reply:
    """Answer the labels of a repository in the order of their names."""
    visit.must_read_issues(repository)
    labels = sorted(repository.labels.values(), key=lambda label: label.name.lower())
    render = partial(label_body, visit.api_url, repository)
    return listing.paged(visit, f"/repositories/{repository.id}/labels", labels, render)


def list_assignees(visit: Visit, repository: Repository) -> Reply:
    """Answer who can be assigned to issues."""
    logins = assignable(repository)
    accounts = [visit.world.account(login) for login in logins]
    path = f"/repositories/{repository.id}/assignees"
    return listing.paged(visit, path, accounts, partial(account_body, visit.api_url))


def create_label(visit: Visit, repository: Repository) -> Reply:
    """Create a label; needs push access, without it the address is not there."""
    wish = _pushers_wish(visit, repository, "labels")
    name, color = _text(wish, "name"), _text(wish, "color") or "ededed"
    description = _text(wish, "description")
    if not name:
        raise errors.invalid("Label", "name", "missing_field")
    if len(name) > MAX_LABEL:
        raise errors.too_long("Label", "name", MAX_LABEL)
    if not COLOR.fullmatch(color):
        raise errors.invalid("Label", "color", "invalid")
    if description is not None and len(description) > MAX_LABEL_DESCRIPTION:
        raise errors.too_long("Label", "description", MAX_LABEL_DESCRIPTION)
    if name.lower() in repository.labels:
        raise errors.invalid("Label", "name", "already_exists")
    label = visit.world.add_label(repository, name, color.lower(), description)
    visit.created("labels")
    body = label_body(visit.api_url, repository, label)
    return json_reply(201, body, ("Location", body["url"]))


def list_milestones(visit: Visit, repository: Repository) -> Reply:
    """Answer the milestones of a repository; the open ones by due date unless asked otherwise."""
    visit.must_read_issues(repository)
    state = listing.chosen(visit, "state", ("open", "closed", "all"), "Milestone")
    sort = listing.chosen(visit, "sort", ("due_on", "completeness"), "Milestone")
    direction = listing.chosen(visit, "direction", ("asc", "desc"), "Milestone")
    wanted = [each for each in repository.milestones.values() if state in {"all", each.state}]
    if sort == "due_on":
        wanted.sort(key=lambda each: (each.due_on or math.inf, each.number))
    if direction == "desc":
        wanted.reverse()
    render = Renderer(visit.world, visit.api_url, repository).milestone
    return listing.paged(visit, f"/repositories/{repository.id}/milestones", wanted, render)


def create_milestone(visit: Visit, repository: Repository) -> Reply:
    """Create a milestone; needs push access, without it the address is not there."""
    wish = _pushers_wish(visit, repository, "milestones")
    title, state = _text(wish, "title"), _text(wish, "state") or "open"
    if not title:
        raise errors.invalid("Milestone", "title", "missing_field")
    if state not in {"open", "closed"}:
        raise errors.invalid("Milestone", "state", "invalid", value=state)
    if any(each.title == title for each in repository.milestones.values()):
        raise errors.invalid("Milestone", "title", "already_exists")
    due_on, creator = _due_on(wish), visit.account.login if visit.account else None
    milestone = visit.world.add_milestone(repository, title, creator, due_on)
    milestone.description = _text(wish, "description")
    if state == "closed":
        milestone.state, milestone.closed_at = "closed", visit.world.clock()
    visit.created("milestones")
    body = Renderer(visit.world, visit.api_url, repository).milestone(milestone)
    return json_reply(201, body, ("Location", body["url"]))


def _pushers_wish(visit: Visit, repository: Repository, kind: str) -> dict[str, Any]:
    visit.must_write_issues(repository)
    wish = visit.json_object()
    if not visit.may_push(repository):
        raise errors.not_found()
    visit.must_have_content_budget(kind)
    return wish


def _text(wish: dict[str, Any], name: str) -> str | None:
    value = wish.get(name)
    if value is not None and not isinstance(value, str):
        raise errors.invalid_request(f"For 'properties/{name}', {value!r} is not a string.")
    return value


def _due_on(wish: dict[str, Any]) -> float | None:
    text = _text(wish, "due_on")
    if text is None:
        return None
    try:
        return midnight(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise errors.invalid("Milestone", "due_on", "invalid", value=text) from None
