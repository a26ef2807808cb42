"""From the world to GitHub's documented JSON: what is the same wherever it appears."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Account, IssueType, Label, Repository

Json = dict[str, Any]


def timestamp(at: float) -> str:
    """Render seconds since the epoch as GitHub does: UTC, whole seconds, ``Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp_or_none(at: float | None) -> str | None:
    """Render a time that may not be there."""
    return None if at is None else timestamp(at)


def node_id(kind: str, number: int) -> str:
    """Make up an opaque id."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()


def html_url(api_url: str, repository: Repository) -> str:
    """Return where a browser would look."""
    return f"{api_url.removesuffix('/github')}/{repository.full_name}"


def account_body(api_url: str, account: Account) -> Json:
    """Render an account as a simple user."""
    url, name = f"{api_url}/users/{account.login}", account.login
    return {
        "login": name,
        "id": account.id,
        "node_id": node_id("User", account.id),
        "avatar_url": f"{api_url.removesuffix('/github')}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{api_url.removesuffix('/github')}/{name}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def issue_type_body(kind: IssueType) -> Json:
    """Render a type that an organization has for its issues."""
    return {
        "id": kind.id,
        "node_id": node_id("IssueType", kind.id),
        "name": kind.name,
        "description": kind.description,
        "color": kind.color,
        "created_at": timestamp(kind.created_at),
        "updated_at": timestamp(kind.created_at),
        "is_enabled": kind.is_enabled,
    }


def label_body(api_url: str, repository: Repository, label: Label) -> Json:
    """Render a label."""
    return {
        "id": label.id,
        "node_id": node_id("Label", label.id),
        "url": f"{api_url}/repos/{repository.full_name}/labels/{quote(label.name, safe='')}",
        "name": label.name,
        "color": label.color,
        "default": False,
        "description": label.description,
    }
