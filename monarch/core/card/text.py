"""The small parts of Slack messages: escaped, shortened, linked.

What comes from outside is escaped (so that `<!channel>` pings no one) and shortened; no text has more than 4,000
characters, and what is left out is counted.

The adapter must send these texts with `parse: none` and without `link_names`: a bare `@name` stays text.
"""

from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from monarch.core.redact import quote
from monarch.core.request.refs import BadRef, RepoRef

MAX_TEXT: Final = 4000
"""Slack: `chat.update` refuses more; a longer post may be split into several messages."""

WEB_URL: Final = "https://github.com"
MAX_NAME: Final = 200
_MAX_REASON: Final = 400
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: str) -> str:
    """Make text from outside harmless: Slack's three special characters become entities."""
    return "".join(_ESCAPES.get(c, c) for c in text)


def fit(text: str, limit: int) -> str:
    """Escape text from outside and cut it at `limit` units, never within an entity."""
    return _taken(map(escape, quote(text, limit)), limit, length)


def _taken(parts: Iterable[str], limit: int, measure: Callable[[str], int]) -> str:
    kept: list[str] = []
    for part in parts:
        if measure(part) > limit - 1:
            return "".join(kept) + "…"
        limit -= measure(part)
        kept.append(part)
    return "".join(kept)


def length(text: str) -> int:
    """In UTF-16 units, which is never less than what Slack can count."""
    return len(text.encode("utf-16-le")) // 2


def sentence(reason: str) -> str:
    """A reason as a sentence; `""` for none."""
    said = fit(reason, _MAX_REASON)
    return said if not said or said.endswith((".", "…", "!", "?")) else said + "."


def shown_id(name: str) -> str:
    """An id, fit to stand between backquotes."""
    return fit(name.replace("`", "'"), 60)


def link(name: str, web_url: str, page: str = "", place: str = "") -> str:
    """A link to a repository, or to `place` if it is called that now; what cannot be one is only named."""
    address = _address(place or name, web_url)
    return f"<{address}{page}|{name}>" if address else fit(name, MAX_NAME) or "(no name)"


def issue_link(target: str, number: int, web_url: str) -> str:
    """A link to an issue of a repository."""
    address = _address(target, web_url)
    return f"<{address}/issues/{number}|#{number}>" if address else f"#{number}"


def _address(name: str, web_url: str) -> str:
    """The page of a repository; `""` for what cannot be one (a refused target is kept as spelled)."""
    try:
        return f"{web_url.rstrip('/')}/{RepoRef(*name.split('/')).full_name}"
    except (BadRef, TypeError):
        return ""


def count(number: int, one: str, many: str = "") -> str:
    """`1 ticket`, `2 tickets`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def repositories(number: int) -> str:
    """`1 repository`, `2 repositories`."""
    return count(number, "repository", "repositories")


def fitting(lines: list[str], room: int) -> int:
    """How many of the lines, from the first, fit into `room` UTF-16 units."""
    ends = accumulate(length(line) + 1 for line in lines)
    return sum(end <= room for end in ends)
