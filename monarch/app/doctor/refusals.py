"""What the doctor says where GitHub or Slack answers with no success: in the words that the workers have."""

from typing import Final

from monarch.adapters.slack_errors import Meaning, meaning_of
from monarch.app.doctor.valkey_checks import Check, Status
from monarch.core.advice import as_sentence
from monarch.core.github.classify import classify, rule_of
from monarch.core.github.reply import Reply, read_reply
from monarch.core.outcome import Permanent, RateLimited, Scope, Transient
from monarch.core.redact import quote

LATER: Final = "Look again later."


def when_limited(limited: RateLimited) -> str:
    """What to do about a limit, and for how long it holds, if GitHub says so."""
    asked = "" if limited.wait_s is None else f"; GitHub asks for {max(1, round(limited.wait_s))} s"
    return f"Wait: it passes by itself{asked}."


_FORBIDDEN: Final = 403
_PROXY: Final = (
    "Correct the proxy (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY), name the host in NO_PROXY, or let what stands before it pass"
    " the calls."
)
_OUTAGE: Final = "GitHub has an outage, or a proxy on the way to it: look again later. If it stays, check GITHUB_API_URL."


def github_refusal(name: str, reply: Reply, otherwise: str) -> Check:
    """One line about an answer that is no success.

    Args:
        name: that of the line.
        reply: the answer.
        otherwise: what to do where neither GitHub's limit nor an outage nor the credential is the cause: the question
            is about no repository, so what the table of refusals says of one does not fit.
    """
    said = read_reply(reply, writing=False).because()
    match classify(reply, writing=False):
        case Transient(reason) if is_from_a_proxy(reply):
            return Check(name, Status.FAIL, reason, _PROXY)
        case RateLimited(reason) as limited:
            return Check(name, Status.WARN, f"not now: {reason}", when_limited(limited))
        case Permanent(scope=scope) as refused if (
            scope is Scope.CREDENTIAL or reply.status == _FORBIDDEN
        ):
            return Check(name, Status.FAIL, refused.reason, as_sentence(refused.advice.text))
        case _ if _may_pass(reply.status):
            return Check(name, Status.WARN, f"not now: {said}", _OUTAGE)
        case _:
            return Check(name, Status.FAIL, said, otherwise)


def is_from_a_proxy(reply: Reply) -> bool:
    """Whether something on the way to GitHub has answered."""
    return rule_of(reply, writing=False) == "proxy"


def _may_pass(status: int) -> bool:
    return status >= 500 or status in {408, 499}  # noqa: PLR2004 - HTTP's own numbers


_PASSING: Final = frozenset({Meaning.LIMITED, Meaning.PASSING, Meaning.PERHAPS_DONE})


def slack_refusal(name: str, error: str) -> Check:
    """One line about an `ok: false`; an error that Slack does not document may pass, as for the workers."""
    said, row = quote(error, 80), meaning_of(error)
    if row is not None and row.meaning in _PASSING:
        return Check(name, Status.WARN, f"not now: {said}", LATER)
    if row is None or not row.advice.text:
        advice = "Look again later; if it stays, see what docs.slack.dev says of this error."
        return Check(name, Status.WARN, said, advice)
    return Check(name, Status.FAIL, said, as_sentence(row.advice.text))
