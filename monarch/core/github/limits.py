"""How to tell one of GitHub's limits from a refusal, and how long it asks to wait.

GitHub has neither a header nor a status of its own for its secondary limits, so several signs count.
"""

from dataclasses import dataclass
from typing import Final

from monarch.core.github.reply import Reply, ReplyWords, number, time_s

MAX_WAIT_S: Final = 86_400.0
"""The longest wait that an answer is believed to ask for, in seconds: a day."""

MAX_RESET_S: Final = 3_660.0
"""The longest time until the primary limit begins anew, in seconds: it does so each hour (docs.github.com, "Rate limits for the
REST API"). A later reset beside the answer's own date is a wrong clock on the way, and would stop the fleet for nothing."""

_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429


def is_limit(said: ReplyWords) -> bool:
    """GitHub's own order of rules, and what its clients have learned beyond it.

    docs.github.com, "Rate limits for the REST API", and the classifiers of go-github and PyGithub: a 429
    is always one; a 403 by its headers, its words or the page that it points to, for `retry-after` is
    often missing.

    `x-ratelimit-reset` is on every answer, and alone means nothing.
    """
    if said.status == _TOO_MANY:
        return True
    return said.status == _FORBIDDEN and (
        bool(said.header("retry-after") or said.header("gh-limited-by"))
        or said.has(*_LIMIT_WORDS)
        or said.about.endswith(_LIMIT_PAGES)
        or _is_in_a_page(said)
    )


def _is_in_a_page(said: ReplyWords) -> bool:
    """Whether a page for people says so, as GitHub's edge and a proxy before an Enterprise Server write one ("Whoa there!")."""
    page = said.page
    return any(word in page for word in _LIMIT_WORDS)


LOCKED_OUT: Final = "number of login attempts exceeded"
"""After many calls with a wrong credential GitHub refuses a right one, too, for a while (docs.github.com, "Authenticating to the
REST API"). Waiting helps as with a limit, and a person has to find the program that calls with the wrong one."""

_LIMIT_WORDS: Final = (
    "rate limit",
    "rate-limit",
    "secondary rate",
    "too many requests",
    "abuse detection",
    "temporarily blocked from content creation",
    "submitted too quickly",
    "please retry your request again later",
    "please wait a few minutes before you try again",
    LOCKED_OUT,
)
_LIMIT_PAGES: Final = ("secondary-rate-limits", "#abuse-rate-limits", "#rate-limiting")


def asked_wait_s(said: ReplyWords) -> float | None:
    """How long to wait in seconds; `None` if the answer does not say."""
    asked = said.header("retry-after")
    if asked:
        seconds = number(asked)
        return _bounded(_until(said, time_s(asked)) if seconds is None else seconds)
    if said.header("x-ratelimit-remaining") == "0":
        return _bounded(_until(said, number(said.header("x-ratelimit-reset"))), MAX_RESET_S)
    return None


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """How an account stands with the primary limit: calls left, and seconds until it begins anew."""

    remaining: int
    reset_in_s: float


def primary_standing(reply: Reply) -> LimitStanding | None:
    """What an answer says about the primary limit.

    `None` if it says nothing (a server without limits), names another limit (search has its own), or has no date to
    compare the reset with.
    """
    said = ReplyWords(reply, writing=False, message="", about="", details="")
    remaining = number(said.header("x-ratelimit-remaining"))
    reset_s, now_s = number(said.header("x-ratelimit-reset")), time_s(said.header("date"))
    if remaining is None or reset_s is None or now_s is None:
        return None
    if said.header("x-ratelimit-resource") not in {"", "core"}:
        return None
    return LimitStanding(int(remaining), max(0.0, min(reset_s - now_s, MAX_RESET_S)))


def _until(said: ReplyWords, then_s: float | None) -> float | None:
    """From the answer's own date until `then_s`, plus a second: no clock of ours takes part."""
    now_s = time_s(said.header("date"))
    return None if then_s is None or now_s is None else then_s - now_s + 1


def _bounded(wait_s: float | None, most_s: float = MAX_WAIT_S) -> float | None:
    return None if wait_s is None else min(max(wait_s, 1.0), most_s)
