"""What GitHub says when a caller does too much, too fast, or too much of the same."""

from __future__ import annotations

from typing import Final

from monarch.sandbox.github.canned.shape import Canned, invalid, said

_RATE = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_SECONDARY = f"{_RATE}#about-secondary-rate-limits"
_OLD_SECONDARY = (
    "https://docs.github.com/rest/overview/resources-in-the-rest-api#secondary-rate-limits"
)
_ABUSE = "https://developer.github.com/v3/#abuse-rate-limits"
_SUPPORT = (
    "If you reach out to GitHub Support for help, please include the request ID "
    "1C45:12F767:6C7E73:D8C627:6814705C"
)
_TERMS = (
    " and timestamp 2026-05-02 07:12:28 UTC. For more on scraping GitHub and how it may affect "
    "your rights, please review our Terms of Service "
    "(https://docs.github.com/en/site-policy/github-terms/github-terms-of-service)"
)
_GENERAL = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
_CONTENT = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content "
    "creation. Please retry your request again later."
)
_FACTS = "documented or reported"
_SLOW_DOWN = ("Retry-After", "60")

LIMITS: Final[dict[str, Canned]] = {
    "primary_user": said(
        403,
        f"API rate limit exceeded for user ID 9535539. {_SUPPORT}{_TERMS}",
        _FACTS,
        docs=_RATE,
        remaining=0,
    ),
    "primary_user_429": said(
        429,
        f"API rate limit exceeded for user ID 9535539. {_SUPPORT}.",
        _FACTS,
        docs=_RATE,
        remaining=0,
    ),
    "primary_installation": said(
        403,
        f"API rate limit exceeded for installation ID 122982130. {_SUPPORT}.",
        _FACTS,
        docs=_RATE,
        remaining=0,
    ),
    "primary_ip": said(
        403,
        "API rate limit exceeded for 203.0.113.7. (But here's the good news: Authenticated "
        "requests get a higher rate limit. Check out the documentation for more details.)",
        _FACTS,
        docs=_RATE,
        remaining=0,
        limit=60,
    ),
    "secondary_general": said(403, _GENERAL, _FACTS, docs=_SECONDARY),
    "secondary_general_retry_after": said(403, _GENERAL, _FACTS, _SLOW_DOWN, docs=_SECONDARY),
    "secondary_general_429": said(429, _GENERAL, _FACTS, _SLOW_DOWN, docs=_SECONDARY),
    "secondary_content": said(403, _CONTENT, _FACTS, docs=_SECONDARY),
    "secondary_content_retry_after": said(403, _CONTENT, _FACTS, _SLOW_DOWN, docs=_SECONDARY),
    "secondary_content_429": said(429, _CONTENT, _FACTS, _SLOW_DOWN, docs=_OLD_SECONDARY),
    # Rule 2 of the documented order: no Retry-After, and nothing remaining.
    "secondary_content_exhausted": said(403, _CONTENT, _FACTS, docs=_SECONDARY, remaining=0),
    # Recognised by its document link alone.
    "secondary_by_link": said(403, "Forbidden", _FACTS, docs=_SECONDARY),
    "secondary_by_old_link": said(403, "Forbidden", _FACTS, docs=_OLD_SECONDARY),
    # Recognised by an undocumented header alone.
    "secondary_by_header": said(403, "Forbidden", "documented or reported", ("GH-Limited-By", "x")),
    "abuse_general": said(
        403,
        "You have triggered an abuse detection mechanism. Please wait a few minutes before you "
        "try again.",
        _FACTS,
        docs=_ABUSE,
    ),
    "abuse_content": said(
        403,
        "You have triggered an abuse detection mechanism and have been temporarily blocked from "
        "content creation. Please retry your request again later.",
        _FACTS,
        _SLOW_DOWN,
        docs=_ABUSE,
    ),
    # "429 always a limit", whatever it says or does not.
    "too_many_requests": Canned(429, b"", _FACTS, (), remaining=None),
    "submitted_too_quickly": invalid(
        "the words are documented or reported for GraphQL; that REST wraps them so is a guess",
        {
            "resource": "Issue",
            "code": "unprocessable",
            "field": "data",
            "message": "was submitted too quickly",
        },
    ),
    "spammed": said(
        422,
        "Validation failed, or the endpoint has been spammed.",
        "documented or reported: the description of 422; GitHub's own page says no more",
    ),
}
