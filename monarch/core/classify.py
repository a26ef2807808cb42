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
write took effect (issues and comments were created despite a 500: probot/probot#921).

Single sign-on is the repository's, although a token lacks it: it is granted for each organisation, and
the same token goes on working in the others. One target in a foreign organisation must not stop the fleet.
"""

from collections.abc import Callable
from typing import Final

from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient, Unknown
from monarch.core.reply import Reply, Said, number, read_reply, time_s

__all__ = ["MAX_WAIT_S", "Failure", "Reply", "classify"]

Failure = RateLimited | Transient | Permanent | Unknown

MAX_WAIT_S: Final = 86_400.0
"""No wait that an answer asks for is believed beyond a day."""


def classify(reply: Reply, *, writing: bool) -> Failure:
    """Say what became of a call whose answer is no success; total, and never raises.

    Args:
        reply: the answer.
        writing: whether the call was a write, so that an unclear answer is `Unknown`.
    """
    said = read_reply(reply, writing=writing)
    for applies, outcome in _RULES:
        if applies(said):
            return outcome(said)
    return _unclear(said)


# ------------------------------------------------------------------------------------------- the table


def _is_limit(said: Said) -> bool:
    """GitHub's own order of rules, and what its clients have learned beyond it.

    docs.github.com, "Rate limits for the REST API", and the classifiers of go-github and PyGithub: a 429
    is always one; a 403 by its headers, its words or the page that it points to, for `retry-after` is
    often missing.

    `x-ratelimit-reset` stands on every answer, and alone means nothing.
    """
    if said.status == 429:  # noqa: PLR2004 - HTTP's own number
        return True
    return said.status == 403 and (  # noqa: PLR2004 - HTTP's own number
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


def _is_pace(said: Said) -> bool:
    """GitHub's anti-spam rule for issues, in the words of a validation (cli/cli#4801).

    Only these words: a 422 that merely mentions spam may be for ever, and a limit is waited for without
    being counted.
    """
    return said.status == 422 and said.has("submitted too quickly")  # noqa: PLR2004 - HTTP's own number


def _limited(said: Said) -> RateLimited:
    return RateLimited(
        said.because("its limit is reached; nobody calls until it opens"), _wait_s(said)
    )


def _wait_s(said: Said) -> float | None:
    """How long to wait in seconds; `None` where the answer does not say."""
    asked = said.header("retry-after")
    if asked:
        seconds = number(asked)
        return _bounded(_until(said, time_s(asked)) if seconds is None else seconds)
    if said.header("x-ratelimit-remaining") == "0":
        return _bounded(_until(said, number(said.header("x-ratelimit-reset"))))
    return None


def _until(said: Said, then_s: float | None) -> float | None:
    """From the answer's own date until `then_s`, and a second more: no clock of ours takes part."""
    now_s = time_s(said.header("date"))
    return None if then_s is None or now_s is None else then_s - now_s + 1


def _bounded(wait_s: float | None) -> float | None:
    return None if wait_s is None else min(max(wait_s, 1.0), MAX_WAIT_S)


def _permanent(scope: Scope, code: Code, advice: str) -> Callable[[Said], Permanent]:
    return lambda said: Permanent(scope, code, said.because(advice))


def _moved(said: Said) -> Transient:
    return Transient(said.because("the repository was renamed or moved; it is looked up again"))


def _unclear(said: Said) -> Unknown | Transient:
    if said.writing:
        return Unknown(said.because("nobody knows whether the issue was created; it is looked for"))
    return Transient(said.because("nothing can be concluded from that; it is read again"))


def _status(*statuses: int) -> Callable[[Said], bool]:
    return lambda said: said.status in statuses


def _says(status: int, *words: str) -> Callable[[Said], bool]:
    return lambda said: said.status == status and said.has(*words)


def _needs_sso(said: Said) -> bool:
    return said.status == 403 and (  # noqa: PLR2004 - HTTP's own number
        bool(said.header("x-github-sso")) or said.has("saml", "single sign-on")
    )


def _is_about_version(said: Said) -> bool:
    return said.status in {400, 410} and said.has("api version", "api-version")


def _refuses_ticket(said: Said) -> bool:
    return said.writing and said.status in {400, 413, 422}


def _refuses(said: Said) -> bool:
    return 400 <= said.status <= 499 and said.status not in {408, 499}  # noqa: PLR2004 - HTTP's own numbers


_RULES: Final[tuple[tuple[Callable[[Said], bool], Callable[[Said], Failure]], ...]] = (
    (_is_limit, _limited),
    (_is_pace, _limited),
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
            "authorise the token for the organisation's single sign-on, then replay it (`monarch dead replay`)",
        ),
    ),
    (
        _says(403, "archived"),
        _permanent(
            Scope.REPOSITORY,
            Code.ARCHIVED,
            "unarchive the repository, then replay it (`monarch dead replay`)",
        ),
    ),
    (
        _status(403),
        _permanent(
            Scope.REPOSITORY,
            Code.FORBIDDEN,
            "give the token access to the repository and its issues (read and write), then replay it (`monarch dead replay`)",
        ),
    ),
    (
        _status(404),
        _permanent(
            Scope.REPOSITORY,
            Code.NOT_FOUND,
            "the repository does not exist, or the token may not see it; check its name and access,"
            " then replay it (`monarch dead replay`)",
        ),
    ),
    (
        _status(410),
        _permanent(
            Scope.REPOSITORY,
            Code.ISSUES_DISABLED,
            "switch on issues in the settings of the repository, then replay it (`monarch dead replay`)",
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
            "look into the repository and the token's rights, then replay it (`monarch dead replay`)",
        ),
    ),
)
