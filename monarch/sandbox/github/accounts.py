"""Who am I, how much may I still do, and what is this repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monarch.sandbox.github import errors
from monarch.sandbox.github.bodies import account_body, timestamp
from monarch.sandbox.github.repository_body import full_body
from monarch.sandbox.github.state.quotas import Standing
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from monarch.sandbox.github.state.model import Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

NOTHING = ("bio", "blog", "company", "email", "hireable", "location", "name")
ZEROS = (
    *("public_repos", "public_gists", "followers", "following", "private_gists", "disk_usage"),
    *("total_private_repos", "owned_private_repos", "collaborators"),
)
BORN = 1_600_000_000.0


def get_user(visit: Visit) -> Reply:
    """Answer the account behind the token; an installation has none."""
    if visit.token is None or visit.account is None:
        raise errors.requires_authentication()
    if visit.token.kind == "installation":
        raise errors.not_accessible(visit.token)
    body = account_body(visit.api_url, visit.account) | {
        **dict.fromkeys(NOTHING),
        **dict.fromkeys(ZEROS, 0),
        "user_view_type": "private",
        "two_factor_authentication": True,
        "created_at": timestamp(BORN),
        "updated_at": timestamp(BORN),
    }
    return json_reply(200, body)


def get_rate_limit(visit: Visit) -> Reply:
    """Answer the primary limits; there is no way to ask for the secondary ones."""
    now = visit.world.clock()
    core = visit.quotas.standing(visit.caller.budget, visit.settings, now)
    if core is None:
        raise errors.refused(404, "Rate limiting is not enabled.")
    search = Standing(30, 0, int(now) + 60)
    body = {
        "resources": {"core": _standing_body(core), "search": _standing_body(search)},
        "rate": _standing_body(core),
    }
    return json_reply(200, body)


def get_repository(visit: Visit, repository: Repository) -> Reply:
    """Answer a repository."""
    return json_reply(200, full_body(visit, repository))


def _standing_body(standing: Standing) -> dict[str, int]:
    return {
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.remaining,
        "reset": standing.reset,
    }
