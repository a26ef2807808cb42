"""What GitHub's answer means: one table from status, headers and words to an Outcome.

Only answers that are no success come here; the adapter has read a 200 to a read and a 201 to a write
before, and brings those that it could not use. The rules are tried from the top, the first that fits
decides:

```
403, 429 that is a limit           RateLimited
422 "submitted too quickly"        RateLimited    the same limit in other words
401, account suspended             Permanent      the credential
400, 410 about the API's version   Permanent      the credential: no call can work
403 archived / other words         Permanent      the repository
404                                Permanent      the repository
410                                Permanent      the repository: issues are switched off
400, 413, 422 to a write           Permanent      the ticket
3xx that points elsewhere          Transient      nothing was done; the next preflight finds the new name
any other 4xx                      Permanent      the repository
all the rest                       Unknown for a write, Transient for a read
```

The last line is the important one: a 5xx, a 408 or a 2xx that cannot be read says nothing about whether a
write took effect (facts, section 2: issues that were created despite a 500).

Single sign-on is the repository's, although a token lacks it: it is granted for each organisation, and
the same token goes on working in the others. One target in a foreign organisation must not stop the fleet.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient, Unknown
from monarch.core.quote import quote

Verdictless = RateLimited | Transient | Permanent | Unknown

MAX_WAIT_S: Final = 86_400.0
"""No wait that an answer asks for is believed beyond a day."""

_MAX_BODY: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class _Said:
    """A reply together with its words, and whether it answers a write."""

    reply: Reply
    writing: bool
    message: str
    about: str
    details: str

    @property
    def status(self) -> int:
        return self.reply.status

    def header(self, name: str) -> str:
        return self.reply.headers.get(name, "").strip()

    def has(self, *words: str) -> bool:
        text = f"{self.message} {self.details}".lower()
        return any(word in text for word in words)

    def because(self, advice: str) -> str:
        """A sentence for people: what GitHub said, and what to do."""
        words = ": ".join(part for part in (self.message, self.details) if part)
        said = f' "{quote(words)}"' if words else ""
        request = quote(self.header("x-github-request-id"), 60)
        where = f" (request {request})" if request else ""
        return f"GitHub answered {self.status}{said}{where}: {advice}"


def classify(reply: Reply, *, writing: bool) -> Verdictless:
    """Say what became of a call whose answer is no success; total, and never raises.

    Args:
        reply: the answer.
        writing: whether the call was a write, so that an unclear answer is `Unknown`.
    """
    said = _read(reply, writing)
    for applies, outcome in _RULES:
        if applies(said):
            return outcome(said)
    return _unclear(said)


# ------------------------------------------------------------------------------------------- the table


def _is_limit(said: _Said) -> bool:
    """GitHub's own order of rules, and what clients have learned beyond it (facts, section 1.4).

    `x-ratelimit-reset` stands on every answer, and alone means nothing.
    """
    if said.status == 429:  # noqa: PLR2004 - HTTP's own number
        return True
    return said.status == 403 and (  # noqa: PLR2004
        bool(said.header("retry-after") or said.header("gh-limited-by"))
        or said.header("x-ratelimit-remaining") == "0"
        or said.has(*_LIMIT_WORDS)
        or said.about.endswith(_LIMIT_PAGES)
    )


_LIMIT_WORDS: Final = (
    "api rate limit exceeded",
    "secondary rate",
    "abuse detection",
    "temporarily blocked from content creation",
    "submitted too quickly",
    "please retry your request again later",
    "please wait a few minutes before you try again",
    "number of login attempts exceeded",
)
_LIMIT_PAGES: Final = ("secondary-rate-limits", "#abuse-rate-limits", "#rate-limiting")


def _is_spam(said: _Said) -> bool:
    """A 422 that complains of the pace, not of a field: with a field it would be refused for ever."""
    pace = said.has("submitted too quickly", "spammed")
    return said.status == 422 and pace and not said.details  # noqa: PLR2004


def _limited(said: _Said) -> RateLimited:
    return RateLimited(
        said.because("its limit is reached; nobody calls until it opens"), _wait_s(said)
    )


def _wait_s(said: _Said) -> float | None:
    """How long to wait in seconds; `None` where the answer does not say."""
    asked = said.header("retry-after")
    if asked:
        seconds = _number(asked)
        return _bounded(_until(said, _time_s(asked)) if seconds is None else seconds)
    if said.header("x-ratelimit-remaining") == "0":
        return _bounded(_until(said, _number(said.header("x-ratelimit-reset"))))
    return None


def _until(said: _Said, then_s: float | None) -> float | None:
    """From the answer's own date until `then_s`, and a second more: no clock of ours takes part."""
    now_s = _time_s(said.header("date"))
    return None if then_s is None or now_s is None else then_s - now_s + 1


def _bounded(wait_s: float | None) -> float | None:
    return None if wait_s is None else min(max(wait_s, 1.0), MAX_WAIT_S)


def _permanent(scope: Scope, code: Code, advice: str) -> Callable[[_Said], Permanent]:
    return lambda said: Permanent(scope, code, said.because(advice))


def _moved(said: _Said) -> Transient:
    return Transient(said.because("the repository was renamed or moved; it is looked up again"))


def _unclear(said: _Said) -> Unknown | Transient:
    if said.writing:
        return Unknown(said.because("nobody knows whether the issue was created; it is looked for"))
    return Transient(said.because("nothing can be concluded from that; it is read again"))


def _status(*statuses: int) -> Callable[[_Said], bool]:
    return lambda said: said.status in statuses


def _says(status: int, *words: str) -> Callable[[_Said], bool]:
    return lambda said: said.status == status and said.has(*words)


def _needs_sso(said: _Said) -> bool:
    return said.status == 403 and (  # noqa: PLR2004
        bool(said.header("x-github-sso")) or said.has("saml", "single sign-on")
    )


def _is_about_version(said: _Said) -> bool:
    return said.status in {400, 410} and said.has("api version", "api-version")


def _refuses_ticket(said: _Said) -> bool:
    return said.writing and said.status in {400, 413, 422}


def _refuses(said: _Said) -> bool:
    return 400 <= said.status <= 499 and said.status not in {408, 499}  # noqa: PLR2004


_RULES: Final[tuple[tuple[Callable[[_Said], bool], Callable[[_Said], Verdictless]], ...]] = (
    (_is_limit, _limited),
    (_is_spam, _limited),
    (
        _status(401),
        _permanent(
            Scope.CREDENTIAL,
            Code.CREDENTIAL,
            "the token is wrong, expired or revoked; set a valid one (GH_PAT) and restart",
        ),
    ),
    (
        _says(403, "account was suspended", "account is suspended", "bad credentials"),
        _permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "the account of the token cannot be used"),
    ),
    (
        _is_about_version,
        _permanent(
            Scope.CREDENTIAL, Code.REFUSED, "the server does not speak this version of the API"
        ),
    ),
    (
        _needs_sso,
        _permanent(
            Scope.REPOSITORY,
            Code.FORBIDDEN,
            "authorise the token for the organisation's single sign-on, then replay",
        ),
    ),
    (
        _says(403, "archived"),
        _permanent(Scope.REPOSITORY, Code.ARCHIVED, "unarchive the repository, then replay"),
    ),
    (
        _status(403),
        _permanent(
            Scope.REPOSITORY,
            Code.FORBIDDEN,
            "give the token access to the repository and its issues (read and write), then replay",
        ),
    ),
    (
        _status(404),
        _permanent(
            Scope.REPOSITORY,
            Code.NOT_FOUND,
            "the repository does not exist, or the token may not see it; check its name and access,"
            " then replay",
        ),
    ),
    (
        _status(410),
        _permanent(
            Scope.REPOSITORY,
            Code.ISSUES_DISABLED,
            "switch on issues in the settings of the repository, then replay",
        ),
    ),
    (
        _refuses_ticket,
        _permanent(
            Scope.TICKET,
            Code.TICKETS_REFUSED,
            "correct the ticket in the template and send the request again",
        ),
    ),
    (_status(301, 302, 307, 308), _moved),
    (
        _refuses,
        _permanent(
            Scope.REPOSITORY,
            Code.REFUSED,
            "look into the repository and the token's rights, then replay",
        ),
    ),
)


# ------------------------------------------------------------------------------------- reading the words


def _read(reply: Reply, writing: bool) -> _Said:  # noqa: FBT001 - handed through
    words = _words(reply.body)
    errors = words.get("errors")
    details = [_detail(error) for error in errors] if isinstance(errors, list) else []
    return _Said(
        reply,
        writing,
        _text(words.get("message")),
        _text(words.get("documentation_url")).lower(),
        ", ".join(detail for detail in details[:5] if detail),
    )


def _words(body: bytes) -> dict[str, Any]:
    """The JSON object of an error; empty where it is none (a proxy's HTML page, or nothing at all)."""
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


def _number(text: str) -> float | None:
    """Plain digits as a number; `None` for anything else."""
    return float(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?", text) else None


def _time_s(text: str) -> float | None:
    """A date of HTTP in seconds since 1970; `None` where it cannot be read."""
    try:
        date = parsedate_to_datetime(text)
        # Without a zone it would be taken for local time, and the answer depend on this machine.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
