"""What GitHub's answer means: one table from status, headers and words to an Outcome.

Only answers that are not a success come here; the adapter reads a 200 to a read and a 201 to a write
itself, and brings those that it could not use. The rules are tried from the top, and the first that
fits decides:

```
limit       403, 429 by its headers, its words or its page    RateLimited
pace        422 "submitted too quickly"                       RateLimited    the same limit in other words
proxy       407, or a page for people with most other 4xx     Unknown for a write, Transient for a read
token       401                                               Permanent      the credential
suspended   403 account or installation suspended             Permanent      the credential
app         404 "Integration not found"                       Permanent      the credential
version     400, 410 about the API's version                  Permanent      the credential: no call can work
sso         403 single sign-on                                Permanent      the repository
kind        403 the owner forbids this kind of token          Permanent      the repository
address     403 the owner's list of IP addresses              Permanent      the repository
archived    403                                               Permanent      the repository
rights      403 in the words of a missing right               Permanent      the repository
exhausted   403 in no words that we know, nothing remaining   RateLimited
forbidden   any other 403                                     Permanent      the repository
missing     404                                               Permanent      the repository
disabled    410                                               Permanent      the repository: issues are switched off
spam        422 "spammed"                                     Permanent      the repository
ticket      400, 413, 422 to a write                          Permanent      the ticket
moved       3xx that points elsewhere                         Transient      nothing was done; it is looked up anew
refused     any other 4xx                                     Permanent      the repository
unclear     all the rest                                      Unknown for a write, Transient for a read
```

*unclear* is the important one: a 5xx, a 408 or a 2xx that cannot be read says nothing about whether a
write took effect (issues and comments were created despite a 500: probot/probot#921).

*proxy* comes before all that GitHub says of a token or a repository: what stands between answers in a page for people, and
GitHub's API never does. No right of a token would change it. A page with a write's refusal may have come after the write
was done, so it is unknown; a 407 never passed the proxy.

*exhausted* comes after the words of a missing right: the last call that an hour allows may be refused for a
reason of its own, and waiting for the hour would change nothing. Without such words it is a limit, since a limit
taken for a refusal would give up a healthy target.

*sso*, *kind* and *address* are the repository's, although a token lacks something: each organisation decides them, and the
same token goes on working in the others. One target in a foreign organisation must not stop the fleet.

*spam* is not a limit: nothing says that it passes, and Monarch waits for a limit uncounted, for ever if need be. Nor is
it the ticket's: the next ticket would meet the same answer, and an app that ignores repeated refusals may be suspended
(docs.github.com, "Best practices for using the REST API"). So the target is given up at the first one, and a person
looks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from monarch.core.advice import FIT, RESTART, Advice
from monarch.core.github.limits import LOCKED_OUT, asked_wait_s, is_limit
from monarch.core.github.reply import Reply, ReplyWords, read_reply
from monarch.core.outcome import UNCLEAR, Code, Permanent, RateLimited, Scope, Transient, Unknown

Failure = RateLimited | Transient | Permanent | Unknown


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    name: str
    applies: Callable[[ReplyWords], bool]
    outcome: Callable[[ReplyWords], Failure]


def classify(reply: Reply, *, writing: bool) -> Failure:
    """Say what became of a call whose answer is not a success; total, and never raises.

    Args:
        reply: the answer.
        writing: whether the call was a write, so that an unclear answer is `Unknown`.
    """
    said = read_reply(reply, writing=writing)
    return _rule(said).outcome(said)


def rule_of(reply: Reply, *, writing: bool) -> str:
    """The name of the row that decides."""
    return _rule(read_reply(reply, writing=writing)).name


def is_there_already(reply: Reply) -> bool:
    """Whether a write is refused because its effect is there already.

    A label, a milestone: `already_exists`. A sub-issue of this very parent: the words for a duplicate. GitHub says "may
    only have one parent" about an issue with another parent, too, so those words alone mean nothing.
    """
    said = read_reply(reply, writing=True)
    return said.status == _INVALID and (
        "already_exists" in said.codes or said.has("may not contain duplicate sub-issues")
    )


def _rule(said: ReplyWords) -> Rule:
    return next((rule for rule in RULES if rule.applies(said)), _UNCLEAR)


# ------------------------------------------------------------------------------------------- the rows

_FORBIDDEN: Final = 403
_INVALID: Final = 422


def _is_pace(said: ReplyWords) -> bool:
    """GitHub's anti-spam rule for issues, in the words of a validation (cli/cli#4801)."""
    return said.status == _INVALID and said.has("submitted too quickly")


def _is_exhausted(said: ReplyWords) -> bool:
    return said.status == _FORBIDDEN and said.header("x-ratelimit-remaining") == "0"


def _limited(said: ReplyWords) -> RateLimited:
    meaning = _LOCKED_OUT if said.has(LOCKED_OUT) else "its limit is reached"
    return RateLimited(said.because(meaning), asked_wait_s(said))


_LOCKED_OUT: Final = (
    "too many calls came with a wrong credential, and it lets none in for a while;"
    " look which program sends it"
)


_PROXY_LOGIN: Final = 407
_NOT_FOUND: Final = 404
_TOO_LARGE: Final = 413
_PAGES: Final = ("<!doctype", "<html", "<?xml")


def _is_from_a_proxy(said: ReplyWords) -> bool:
    """Whether something between us and GitHub's API refuses.

    A page with a 404 may be another server's (`_missing`), and a text that is too large for a proxy is too large.
    """
    if said.status in {_NOT_FOUND, _TOO_LARGE}:
        return False
    return said.status == _PROXY_LOGIN or (_refuses(said) and said.page.startswith(_PAGES))


def _from_a_proxy(said: ReplyWords) -> Unknown | Transient:
    if said.status == _PROXY_LOGIN:
        return Transient("a proxy on the way to GitHub answered 407: it asks for its own password")
    reason = f"something on the way to GitHub, such as a proxy, answered {said.status} in its place"
    return Unknown(f"{reason}: {UNCLEAR}") if said.writing else Transient(reason)


def _credential(code: Code, advice: str, meaning: str = "") -> Callable[[ReplyWords], Permanent]:
    do = Advice(advice, replay=False)
    return lambda said: Permanent(Scope.CREDENTIAL, code, said.because(meaning), advice=do)


def _repository(code: Code, advice: str, meaning: str = "") -> Callable[[ReplyWords], Permanent]:
    do = Advice(advice)
    return lambda said: Permanent(Scope.REPOSITORY, code, said.because(meaning), advice=do)


def _kept_out(advice: str) -> Callable[[ReplyWords], Permanent]:
    outcome = _repository(Code.FORBIDDEN, advice)
    return lambda said: replace(outcome(said), keeps_out=True)


def _missing(said: ReplyWords) -> Permanent:
    """GitHub's own 404 always has words; what has none may be another server, where nothing exists at all."""
    elsewhere = "" if said.message else ", and GITHUB_API_URL: this is not how GitHub's API answers"
    meaning = "the repository does not exist, or the token may not see it"
    return _repository(Code.NOT_FOUND, f"check its name and access{elsewhere}", meaning)(said)


def _status(*statuses: int) -> Callable[[ReplyWords], bool]:
    return lambda said: said.status in statuses


def _says(status: int, *words: str) -> Callable[[ReplyWords], bool]:
    return lambda said: said.status == status and said.has(*words)


def _is_about_version(said: ReplyWords) -> bool:
    words = ("api version", "api-version", "version of the api", "version of the github api")
    return said.status in {400, 410} and said.has(*words)


def _needs_sso(said: ReplyWords) -> bool:
    return said.status == _FORBIDDEN and (
        bool(said.header("x-github-sso")) or said.has("saml", "single sign-on")
    )


def _refuses_ticket(said: ReplyWords) -> bool:
    return said.writing and said.status in {400, 413, _INVALID}


_CORRECTIONS: Final = {
    "title": "give the ticket in the template a title of 1 to 256 characters",
    "body": "shorten the ticket in the template",
    "labels": "correct the labels of the ticket in the template",
    "milestone": "give the target that milestone, or the ticket in the template none",
    "type": "give the target's organisation that issue type, or the ticket in the template none",
    "assignees": "take the assignees off the ticket in the template",
}


def _ticket(said: ReplyWords) -> Permanent:
    known = [_CORRECTIONS[field] for field in said.fields if field in _CORRECTIONS]
    advice = ", and ".join(known) or "correct the ticket in the template"
    do = Advice(advice, replay=False)
    return Permanent(Scope.TICKET, Code.TICKETS_REFUSED, said.because(), said.fields, do)


def _moved(said: ReplyWords) -> Transient:
    return Transient(said.because("the repository was renamed or moved; it is looked up again"))


def _refuses(said: ReplyWords) -> bool:
    return 400 <= said.status <= 499 and said.status not in {408, 499}  # noqa: PLR2004 - HTTP's own numbers


def _unclear(said: ReplyWords) -> Unknown | Transient:
    if said.writing:
        return Unknown(said.because(UNCLEAR))
    if said.status >= 500:  # noqa: PLR2004 - HTTP's own number
        return Transient(said.because("it has an outage, or a proxy on the way to it"))
    return Transient(said.because("that is no usable answer"))


RULES: Final = (
    Rule("limit", is_limit, _limited),
    Rule("pace", _is_pace, _limited),
    Rule("proxy", _is_from_a_proxy, _from_a_proxy),
    Rule(
        "token",
        _status(401),
        _credential(
            Code.CREDENTIAL,
            f"set a valid one (GH_PAT, or GITHUB_APP_ID and its private key), {RESTART}",
            "the token or key is wrong, expired or revoked",
        ),
    ),
    Rule(
        "suspended",
        _says(
            403,
            "account was suspended",
            "account is suspended",
            "bad credentials",
            "installation has been suspended",
        ),
        _credential(
            Code.CREDENTIAL,
            "lift the suspension of the account, or of the App in the settings of the owner where it is"
            " installed, or set another token",
        ),
    ),
    Rule(
        "app",
        _says(404, "integration not found"),
        _credential(
            Code.CREDENTIAL,
            f"set GITHUB_APP_ID to what its page shows, {RESTART}",
            "there is no such GitHub App",
        ),
    ),
    Rule(
        "version",
        _is_about_version,
        _credential(
            Code.REFUSED,
            FIT,
            "the server does not speak this version of the API",
        ),
    ),
    Rule(
        "sso",
        _needs_sso,
        _kept_out("authorise the token for the organisation's single sign-on"),
    ),
    Rule(
        "kind",
        _says(403, "forbids access via"),
        _kept_out(
            "use a token that the organisation takes (a fine-grained one, of a lifetime that it allows) or"
            " install a GitHub App there",
        ),
    ),
    Rule(
        "address",
        _says(403, "ip allow list"),
        _kept_out(
            "add the addresses that the workers call from to the IP allow list of the organisation or the enterprise",
        ),
    ),
    Rule(
        "archived", _says(403, "archived"), _repository(Code.ARCHIVED, "unarchive the repository")
    ),
    Rule(
        "rights",
        _says(403, "resource not accessible by", "must have "),
        _repository(
            Code.FORBIDDEN,
            "give the token or the App the permission Issues (read and write) for the repository",
        ),
    ),
    Rule("exhausted", _is_exhausted, _limited),
    Rule(
        "forbidden",
        _status(403),
        _repository(
            Code.FORBIDDEN,
            "give the token access to the repository and its issues (read and write)",
        ),
    ),
    Rule("missing", _status(404), _missing),
    Rule(
        "disabled",
        _status(410),
        _repository(Code.ISSUES_DISABLED, "switch on issues in the settings of the repository"),
    ),
    Rule(
        "spam",
        _says(422, "spammed"),
        _repository(
            Code.REFUSED,
            "wait some hours, look at the account's issues, set a lower MONARCH_WRITES_PER_MINUTE",
            "GitHub may take this for spam",
        ),
    ),
    Rule("ticket", _refuses_ticket, _ticket),
    Rule(
        "blocked",
        _status(451),
        _repository(
            Code.REFUSED,
            "ask its owner, or GitHub's support: no right of a token helps",
            "GitHub has blocked the repository for a legal reason",
        ),
    ),
    Rule("moved", _status(301, 302, 307, 308), _moved),
    Rule(
        "refused",
        _refuses,
        _repository(Code.REFUSED, "look into the repository and the token's rights"),
    ),
)
"""All rows but the last one, in order."""

_UNCLEAR: Final = Rule("unclear", lambda _: True, _unclear)
