"""The bodies of writes to GitHub, as bytes: only ASCII, so that every text can be encoded."""

import json
from typing import Any

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.standing import NOT_PLANNED
from monarch.core.copy.render import Draft
from monarch.core.ticket import Label, Milestone


def of_issue(draft: Draft) -> bytes:
    """The body that creates an issue; details that it lacks are left out."""
    details: dict[str, Any] = {
        "labels": list(draft.labels),
        "milestone": draft.milestone,
        "type": draft.type,
        "assignees": list(draft.assignees),
    }
    return _as_json({"title": draft.title, "body": draft.body} | _given(details))


def of_label(label: Label) -> bytes:
    """The body that creates a label; GitHub refuses a description of more than 100 characters."""
    description = {"description": label.description[:100]}
    return _as_json({"name": label.name, "color": label.color} | _given(description))


def of_milestone(milestone: Milestone) -> bytes:
    """The body that creates a milestone."""
    more = {"description": milestone.description, "due_on": milestone.due_on}
    return _as_json({"title": milestone.title, "state": milestone.state} | _given(more))


def of_text(body: str) -> bytes:
    """The body that replaces an issue's text and nothing else."""
    return _as_json({"body": body})


def of_edit(edit: Edit) -> bytes:
    """The body that replaces parts of an issue; parts that stay are left out."""
    parts: dict[str, Any] = {
        "title": edit.title,
        "body": edit.body,
        "labels": None if edit.labels is None else list(edit.labels),
        "milestone": edit.milestone,
        "type": edit.type,
    }
    return _as_json({name: value for name, value in parts.items() if value is not None})


def of_state(change: Change) -> bytes:
    """The body that closes an issue as not planned, or opens it again."""
    if change is Change.CLOSE:
        return _as_json({"state": "closed", "state_reason": NOT_PLANNED})
    return _as_json({"state": "open"})


def of_sub_issue(issue_id: int) -> bytes:
    """The body that names a sub-issue by its id; an issue with another parent keeps that."""
    return _as_json({"sub_issue_id": issue_id})


def of_blocker(issue_id: int) -> bytes:
    """The body that names the blocking issue; GitHub's *id* of it, not its number."""
    return _as_json({"issue_id": issue_id})


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _as_json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode("ascii")
