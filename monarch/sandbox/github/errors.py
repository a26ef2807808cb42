"""GitHub's refusals, worded as documented or as observed.

A handler raises ``Refusal``; the entry answers with the reply that it carries.
Sources: docs.github.com, "Troubleshooting the REST API", and "Rate limits for the REST API".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from monarch.sandbox.http import Reply, json_reply

if TYPE_CHECKING:
    from monarch.sandbox.control.settings import Settings
    from monarch.sandbox.github.state.model import Token
    from monarch.sandbox.github.state.quotas import Rejection

DOCS = "https://docs.github.com/rest"
RATE_DOCS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
NO_USER_AGENT = (
    "\r\nRequest forbidden by administrative rules. "
    "Please make sure your request has a User-Agent header "
    "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). "
    "Check https://developer.github.com for other possible causes.\r\n"
)


class Refusal(Exception):  # noqa: N818  # not an error of the program: an answer
    """The call ends here with this reply."""

    def __init__(self, reply: Reply) -> None:
        """Carry a reply to the entry."""
        super().__init__(reply.status)
        self.reply = reply


def refused(status: int, message: str, docs: str = DOCS) -> Refusal:
    """Refuse with GitHub's basic error; its ``status`` is a string."""
    body = {"message": message, "documentation_url": docs, "status": str(status)}
    return Refusal(json_reply(status, body))


def bad_credentials() -> Refusal:
    """401: a token that GitHub does not know (any more)."""
    return refused(401, "Bad credentials")


def undecodable() -> Refusal:
    """401: not a JSON web token, or not signed by the app that it names."""
    return refused(401, "A JSON web token could not be decoded")


def installation_suspended() -> Refusal:
    """403: an installation that its account has suspended; also for tokens given before."""
    docs = f"{DOCS}/reference/apps#create-an-installation-access-token-for-an-app"
    return refused(403, "This installation has been suspended", docs)


def account_suspended() -> Refusal:
    """403: GitHub has shut the caller's account."""
    return refused(403, "Sorry. Your account was suspended.")


def classic_token_forbidden(organization: str) -> Refusal:
    """403: the organization takes no classic tokens."""
    return refused(
        403,
        f"`{organization}` forbids access via a personal access token (classic). Please use a "
        "GitHub App, OAuth App, or a personal access token with fine-grained permissions.",
    )


def sso_required(organization: str) -> Refusal:
    """403: the token was not authorized by the organization's single sign-on; a header says where."""
    refusal = refused(
        403,
        "Resource protected by organization SAML enforcement. You must grant your Personal Access "
        "token access to this organization.",
        "https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/",
    )
    where = f"https://github.com/orgs/{organization}/sso?authorization_request=AAAA"
    return Refusal(refusal.reply.having(("X-GitHub-SSO", f"required; url={where}")))


def requires_authentication() -> Refusal:
    """401: a call that may not be anonymous."""
    return refused(401, "Requires authentication")


def not_found() -> Refusal:
    """404: not there, or not visible to the caller."""
    return refused(404, "Not Found")


def archived() -> Refusal:
    """403: a write to an archived repository."""
    return refused(403, "Repository was archived so is read-only.")


def not_accessible(token: Token) -> Refusal:
    """403: the token's permissions do not reach this resource."""
    who = "integration" if token.kind == "installation" else "personal access token"
    return refused(403, f"Resource not accessible by {who}")


def no_admin_rights() -> Refusal:
    """403: another's issue, and the caller may not push."""
    return refused(403, "Must have admin rights to Repository.")


def unknown_sub_issue() -> Refusal:
    """404: no issue has that id; most often because the caller sent a number."""
    docs = f"{DOCS}/issues/sub-issues#add-sub-issue"
    return refused(404, "The provided sub-issue does not exist", docs)


def bad_sub_issue(why: str) -> Refusal:
    """422: two issues that cannot stand in that relation."""
    message = f"An error occurred while adding the sub-issue to the parent issue. {why}"
    return refused(422, message, f"{DOCS}/issues/sub-issues#add-sub-issue")


def could_not_clone(why: str) -> Refusal:
    """422: a repository that cannot be made from its template."""
    return refused(422, f"Could not clone: {why}", f"{DOCS}/repos/repos")


def bad_dependency(why: str) -> Refusal:
    """422: one of two issues cannot block the other. GitHub's own words were not observed."""
    return refused(422, f"Validation Failed: {why}", f"{DOCS}/issues/issue-dependencies")


def issues_disabled() -> Refusal:
    """410: the repository has no issues."""
    return refused(410, "Issues are disabled for this repo")


def issue_deleted() -> Refusal:
    """410: the issue was deleted."""
    return refused(410, "This issue was deleted")


def no_user_agent() -> Refusal:
    """403 in plain text: requests without a user agent are rejected."""
    return Refusal(Reply(403, NO_USER_AGENT.encode(), (("Content-Type", "text/html"),)))


def moved(status: int, url: str) -> Refusal:
    """301 (reads) or 307 (writes): the thing lives elsewhere now."""
    body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCS}
    return Refusal(json_reply(status, body, ("Location", url)))


def invalid_request(detail: str) -> Refusal:
    """422 without ``errors``: the body has the wrong shape."""
    return refused(422, f"Invalid request.\n\n{detail}")


def invalid(resource: str, field: str, code: str, **more: Any) -> Refusal:
    """422: the body has the right shape and an impossible value."""
    error = {**more, "resource": resource, "field": field, "code": code}
    body = {
        "message": "Validation Failed",
        "documentation_url": DOCS,
        "errors": [error],
        "status": "422",
    }
    return Refusal(json_reply(422, body))


def too_long(resource: str, field: str, maximum: int) -> Refusal:
    """422: more characters than fit."""
    message = f"{field} is too long (maximum is {maximum} characters)"
    return invalid(resource, field, "custom", message=message)


def rate_limited(rejection: Rejection, who: str, settings: Settings) -> Refusal:
    """403 or 429: a primary or a secondary limit, in their documented words.

    Args:
        rejection: which limit, and for how long.
        who: as the primary limit names the caller: ``user ID 5``, or an address if it is anonymous.
        settings: status and headers.

    """
    if rejection.reason == "primary":
        return refused(settings.primary_status, _primary_words(who), RATE_DOCS)
    docs = f"{RATE_DOCS}#about-secondary-rate-limits"
    refusal = refused(settings.secondary_status, _secondary_words(rejection), docs)
    if not settings.secondary_retry_after:
        return refusal
    seconds = str(max(1, math.ceil(rejection.wait_s)))
    return Refusal(refusal.reply.having(("Retry-After", seconds)))


def _primary_words(who: str) -> str:
    if " ID " not in who:
        return (
            f"API rate limit exceeded for {who}. (But here's the good news: Authenticated "
            "requests get a higher rate limit. Check out the documentation for more details.)"
        )
    return (
        f"API rate limit exceeded for {who}. If you reach out to GitHub Support "
        "for help, please include the request ID."
    )


def _secondary_words(rejection: Rejection) -> str:
    if rejection.reason == "content":
        return (
            "You have exceeded a secondary rate limit and have been temporarily blocked from "
            "content creation. Please retry your request again later."
        )
    return (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    )
