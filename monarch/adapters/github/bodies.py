"""What is written to GitHub, as bytes: ASCII alone, so that no text whatever can fail to be encoded."""

import json
from typing import Any

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.standing import NOT_PLANNED
from monarch.core.copy.render import Draft
from monarch.core.ticket import Label, Milestone


def of_issue(draft: Draft) -> bytes:
    """What creates an issue; what is not asked for is not mentioned."""
    details: dict[str, Any] = {
        "labels": list(draft.labels),
        "milestone": draft.milestone,
        "type": draft.type,
        "assignees": list(draft.assignees),
    }
    return _as_json({"title": draft.title, "body": draft.body} | _given(details))


def of_label(label: Label) -> bytes:
    """What creates a label; GitHub refuses a description that is longer than 100 characters."""
    description = {"description": label.description[:100]}
    return _as_json({"name": label.name, "color": label.color} | _given(description))


def of_milestone(milestone: Milestone) -> bytes:
    """What creates a milestone."""
    more = {"description": milestone.description, "due_on": milestone.due_on}
    return _as_json({"title": milestone.title, "state": milestone.state} | _given(more))


def of_text(body: str) -> bytes:
    """What replaces an issue's text and nothing else of it."""
    return _as_json({"body": body})


def of_edit(edit: Edit) -> bytes:
    """What replaces parts of an issue; a part that stays is not mentioned."""
    parts: dict[str, Any] = {
        "title": edit.title,
        "body": edit.body,
        "labels": None if edit.labels is None else list(edit.labels),
        "milestone": edit.milestone,
        "type": edit.type,
    }
    return _as_json({name: value for name, value in parts.items() if value is not None})


def of_state(change: Change) -> bytes:
    """What closes an issue as not planned, or opens it again."""
    if change is Change.CLOSE:
        return _as_json({"state": "closed", "state_reason": NOT_PLANNED})
    return _as_json({"state": "open"})


def of_sub_issue(issue_id: int) -> bytes:
    """What names an issue by its id; one that has another parent keeps it."""
    return _as_json({"sub_issue_id": issue_id})


def of_blocker(issue_id: int) -> bytes:
    """What has an issue block another one; GitHub's *id* of it, and not its number."""
    return _as_json({"issue_id": issue_id})


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _as_json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode("ascii")
