"""An answer of GitHub as it came, and the words in it. `core.github.classify` decides what it means."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

from monarch.core.redact import quote

_MAX_BODY: Final = 1024 * 1024
"""A longer answer is not one of GitHub's errors, and its words are not read."""

_MAX_PAGE: Final = 64 * 1024

_MAX_ERRORS: Final = 20
"""A request of ours has fewer fields."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """A reply together with its words.

    Attributes:
        writing: whether it answers a write.
        message: GitHub's own sentence, `""` if there is none.
        about: the page of the documentation that it points to, in lower case.
        details: what is wrong with which field, for people.
        fields: the fields that a validation names, each once; empty for all else.
        codes: what the validation finds wrong with them, such as `already_exists`.
    """

    reply: Reply
    writing: bool
    message: str
    about: str
    details: str
    fields: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()

    @property
    def status(self) -> int:
        """The status of the reply."""
        return self.reply.status

    @property
    def page(self) -> str:
        """The beginning of a page for people, in lower case; `""` where the body is none. GitHub's API answers in JSON."""
        page = self.reply.body[:_MAX_PAGE].lstrip()
        return page.decode("utf-8", "replace").lower() if page.startswith(b"<") else ""

    def header(self, name: str) -> str:
        """A header by its name in lower case; `""` if it is missing."""
        return self.reply.headers.get(name, "").strip()

    def has(self, *words: str) -> bool:
        """Whether one of `words` (in lower case) was said."""
        text = f"{self.message} {self.details}".lower()
        return any(word in text for word in words)

    def because(self, meaning: str = "") -> str:
        """A sentence for people: what GitHub said, and what it means if that is not obvious."""
        words = ": ".join(part for part in (self.message, self.details) if part)
        said = f' "{quote(words)}"' if words else ""
        request = quote(self.header("x-github-request-id"), 60)
        where = f" (request {request})" if request else ""
        answer = f"GitHub answered {self.status}{said}{where}"
        return f"{answer}: {meaning}" if meaning else answer


def read_reply(reply: Reply, *, writing: bool) -> ReplyWords:
    """Read the words of a reply; never raises, whatever its bytes are."""
    words = _words(reply.body)
    errors = words.get("errors")
    errors = errors[:_MAX_ERRORS] if isinstance(errors, list) else []
    details = [_detail(error) for error in errors]
    found = [error for error in errors if isinstance(error, dict)]
    return ReplyWords(
        reply,
        writing,
        _text(words.get("message")),
        _text(words.get("documentation_url")).lower(),
        ", ".join(detail for detail in details[:5] if detail),
        tuple(dict.fromkeys(filter(None, (_text(error.get("field")) for error in found)))),
        frozenset(filter(None, (_text(error.get("code")) for error in found))),
    )


def _words(body: bytes) -> dict[str, Any]:
    """The JSON object of an error; empty if the body is not one (a proxy's HTML page, or nothing at all)."""
    try:
        value = json.loads(body) if len(body) <= _MAX_BODY else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _detail(error: object) -> str:
    """One entry of `errors`: its own sentence, or the field and what is wrong with it."""
    if not isinstance(error, dict):
        return _text(error)
    return _text(error.get("message")) or " ".join(
        part for part in (_text(error.get("field")), _text(error.get("code"))) if part
    )


def _text(value: object) -> str:
    return value[:1000] if isinstance(value, str) else ""


def number(text: str) -> float | None:
    """Plain digits as a number; `None` for anything else."""
    return float(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?", text) else None


def time_s(text: str) -> float | None:
    """An HTTP date in seconds since 1970; `None` if it cannot be read."""
    try:
        date = parsedate_to_datetime(text)
        # Without a zone it would count as local time, and the result would depend on this machine.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
