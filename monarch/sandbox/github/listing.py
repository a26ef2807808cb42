"""Lists as GitHub gives them: filtered, sorted, paged, with a ``Link``; and late if the settings say so."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from monarch.sandbox.github import errors
from monarch.sandbox.http import json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monarch.sandbox.github.bodies import Json
    from monarch.sandbox.github.state.model import Issue, Repository
    from monarch.sandbox.github.visit import Visit
    from monarch.sandbox.http import Reply

Thing = TypeVar("Thing")

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 30, 100
PAGE_CEILING = 100
"""Page numbers from here on are refused for issues, as observed since 2025."""
UNKNOWN_FILTERS = ("assignee", "creator", "mentioned", "milestone", "type", "issue_field_values")


def visible_issues(visit: Visit, repository: Repository) -> list[Issue]:
    """Return the issues that the call asks for, sorted, without those that lists do not show."""
    _refuse_unknown(visit)
    wanted = chosen(visit, "state", ("open", "closed", "all"))
    labels = [name.strip().lower() for name in visit.call.query.get("labels", "").split(",")]
    since, now = _since(visit), visit.world.clock()
    lag_s = _lag_s(visit, repository)
    found = [
        issue
        for issue in repository.issues.values()
        if wanted in {"all", issue.state}
        and issue.number not in repository.hidden_from_lists
        and issue.created_at + lag_s <= now
        and issue.updated_at >= since
        and all(name in issue.labels for name in labels if name)
    ]
    return _sorted(visit, found)


def paged(
    visit: Visit, path: str, things: Sequence[Thing], render: Callable[[Thing], Json]
) -> Reply:
    """Answer one page of things, rendered; ``path`` is the list's address below the API."""
    size = _number(visit, "per_page", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    page = _page(visit, size)
    last = max(1, -(-len(things) // size))
    start = (page - 1) * size
    link = _link(visit, path, page, last, size)
    headers = (("Link", link),) if link else ()
    return json_reply(200, [render(thing) for thing in things[start : start + size]], *headers)


def chosen(visit: Visit, name: str, choices: tuple[str, ...], resource: str = "Issue") -> str:
    """Return a query parameter out of a closed set; the first choice is the default."""
    value = visit.call.query.get(name, choices[0])
    if value not in choices:
        raise errors.invalid(resource, name, "invalid", value=value)
    return value


def refuse_far_pages(visit: Visit) -> None:
    """Refuse high page numbers: large lists want cursors."""
    if "after" not in visit.call.query and _number(visit, "page", 1) >= PAGE_CEILING:
        raise errors.refused(
            422,
            "Pagination with the page parameter is not supported for large datasets, "
            "please use cursor based pagination (after/before)",
        )


def _refuse_unknown(visit: Visit) -> None:
    unknown = [name for name in UNKNOWN_FILTERS if name in visit.call.query]
    if unknown:
        raise errors.refused(501, f"The stand-in does not know these filters: {unknown}")


def _since(visit: Visit) -> float:
    text = visit.call.query.get("since")
    if text is None:
        return float("-inf")
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise errors.invalid("Issue", "since", "invalid", value=text) from None


def _lag_s(visit: Visit, repository: Repository) -> float:
    own = repository.listing_lag_s
    return visit.settings.listing_lag_seconds if own is None else own


def _sorted(visit: Visit, issues: list[Issue]) -> list[Issue]:
    by = chosen(visit, "sort", ("created", "updated", "comments"))
    descending = chosen(visit, "direction", ("desc", "asc")) == "desc"
    keys = {
        "created": lambda issue: (issue.created_at, issue.number),
        "updated": lambda issue: (issue.updated_at, issue.number),
        "comments": lambda issue: (0, issue.number),
    }
    return sorted(issues, key=keys[by], reverse=descending)


def _number(visit: Visit, name: str, default: int, most: int | None = None) -> int:
    """Return a positive number of the query; anything else counts as absent."""
    text = visit.call.query.get(name, "")
    value = int(text) if text.isascii() and text.isdigit() else default
    value = value if value >= 1 else default
    return value if most is None else min(value, most)


def _page(visit: Visit, size: int) -> int:
    cursor = visit.call.query.get("after")
    if cursor is None:
        return _number(visit, "page", 1)
    try:
        offset = int(base64.urlsafe_b64decode(cursor).removeprefix(b"cursor:"))
    except (ValueError, binascii.Error):
        raise errors.invalid("Issue", "after", "invalid", value=cursor) from None
    return offset // size + 1


def _link(visit: Visit, path: str, page: int, last: int, size: int) -> str:
    relations = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page == 1:
        del relations["prev"], relations["first"]
    if page >= last:
        del relations["next"], relations["last"]
    return ", ".join(
        f'<{_page_url(visit, path, number, size)}>; rel="{relation}"'
        for relation, number in relations.items()
    )


def _page_url(visit: Visit, path: str, page: int, size: int) -> str:
    query = {k: v for k, v in visit.call.query.items() if k not in {"page", "after"}}
    if visit.settings.cursor_links:
        query["after"] = base64.urlsafe_b64encode(f"cursor:{(page - 1) * size}".encode()).decode()
    else:
        query["page"] = str(page)
    return f"{visit.api_url}{path}?{urlencode(query)}"
