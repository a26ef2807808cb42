"""What GitHub says to a credential, about a repository, and about a request that cannot be."""

from __future__ import annotations

from typing import Final

from monarch.sandbox.github.canned.shape import CREATE_DOCS, DOCS, Canned, invalid, said, written

_FACTS = "documented or reported"
_APP = (
    "documented or reported; words as seen by octokit/auth-app.js#698, #375 and Link-/gh-token#69"
)
_INSTALLATION_DOCS = (
    "https://docs.github.com/rest/reference/apps#create-an-installation-access-token-for-an-app"
)
_MOVED_TO = "https://api.github.com/repositories/800000001/issues"

CREDENTIALS: Final[dict[str, Canned]] = {
    "bad_credentials": said(401, "Bad credentials", _FACTS),
    "requires_authentication": said(401, "Requires authentication", _FACTS),
    "too_many_bad_logins": said(
        403,
        "Maximum number of login attempts exceeded. Please try again later.",
        "documented or reported; words: PyGithub/PyGithub#1248",
    ),
    "account_suspended": said(
        403,
        "Sorry. Your account was suspended.",
        "documented or reported; words: sourcegraph/sourcegraph-public-snapshot#16638",
    ),
    "saml": said(
        403,
        "Resource protected by organization SAML enforcement. You must grant your Personal "
        "Access token access to this organization.",
        "documented or reported; words: fwouts/prmonitor#1042",
        (
            "X-GitHub-SSO",
            "required; url=https://github.com/orgs/org/sso?authorization_request=AAAA",
        ),
        docs="https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/",
    ),
    "classic_pat_forbidden": said(
        403,
        "`org` forbids access via a personal access token (classic). Please use a GitHub App, "
        "OAuth App, or a personal access token with fine-grained permissions.",
        "documented or reported; words: fullsend-ai/fullsend#3368",
    ),
    "pat_lifetime_forbidden": said(
        403,
        "The 'org' organization forbids access via a fine-grained personal access tokens if the "
        "token's lifetime is greater than 90 days. Please adjust your token's lifetime at the "
        "following URL: https://github.com/settings/personal-access-tokens/1",
        "NixOS/org#247",
    ),
    "ip_not_allowed": said(
        403,
        "Although you appear to have the correct authorization credentials, the `org` organization "
        "has an IP allow list enabled, and your IP address is not permitted to access this resource.",
        "SalesforceFoundation/NPSP#7247",
    ),
    "not_accessible_by_integration": said(403, "Resource not accessible by integration", _FACTS),
    "not_accessible_by_token": said(
        403, "Resource not accessible by personal access token", _FACTS
    ),
    "installation_suspended": said(
        403,
        "This installation has been suspended",
        "documented or reported; words: hcengineering/platform#7639",
        docs=_INSTALLATION_DOCS,
    ),
    "jwt_undecodable": said(401, "A JSON web token could not be decoded", _APP),
    "jwt_expired": said(
        401,
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at "
        "which the assertion expires",
        _APP,
    ),
    "jwt_too_long": said(401, "'Expiration time' claim ('exp') is too far in the future", _APP),
    "jwt_from_the_future": said(
        401,
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion "
        "was issued",
        _APP,
    ),
    "jwt_without_iat": said(401, "Missing 'issued at' claim ('iat')", _APP),
    "app_unknown": said(404, "Integration not found", "octokit/rest.js#218"),
}

REPOSITORIES: Final[dict[str, Canned]] = {
    "not_found": said(404, "Not Found", _FACTS),
    "archived": said(403, "Repository was archived so is read-only.", _FACTS),
    "no_admin_rights": said(403, "Must have admin rights to Repository.", _FACTS),
    "issues_disabled": said(410, "Issues are disabled for this repo", _FACTS),
    "issues_disabled_newer": said(
        410,
        "Issues has been disabled in this repository.",
        "documented or reported: 'newer texts may differ'; these words are a guess",
    ),
    "issue_deleted": said(410, "This issue was deleted", _FACTS),
    "version_retired": said(
        410,
        "This version of the API is no longer supported.",
        "the status is documented or reported; the words are a guess",
    ),
    "renamed_for_reads": written(
        301,
        {"message": "Moved Permanently", "url": _MOVED_TO, "documentation_url": DOCS},
        _FACTS,
        ("Location", _MOVED_TO),
    ),
    "renamed_for_writes": written(
        307,
        {"message": "Moved Permanently", "url": _MOVED_TO, "documentation_url": DOCS},
        _FACTS,
        ("Location", _MOVED_TO),
    ),
}


def _issue(field: str, code: str, **more: object) -> dict[str, object]:
    return {**more, "resource": "Issue", "field": field, "code": code}


def _too_long(field: str, most: int) -> dict[str, object]:
    message = f"{field} is too long (maximum is {most} characters)"
    return _issue(field, "custom", message=message)


def _sub_issue(why: str) -> Canned:
    return said(
        422,
        f"An error occurred while adding the sub-issue to the parent issue. {why}",
        "documented or reported; words as tools print them, e.g. cli/cli#13413",
        docs="https://docs.github.com/rest/issues/sub-issues#add-sub-issue",
    )


REQUESTS: Final[dict[str, Canned]] = {
    "not_json": said(400, "Problems parsing JSON", _FACTS, docs=CREATE_DOCS),
    "not_an_object": said(400, "Body should be a JSON object", _FACTS, docs=CREATE_DOCS),
    "version_unknown": said(
        400,
        "'2099-01-01' is not a supported version of the GitHub API.",
        "the status is documented or reported; the words are a guess",
    ),
    "wrong_shape": said(
        422,
        "Invalid request.\n\nFor 'properties/labels', \"bug\" is not an array.",
        _FACTS,
        docs=CREATE_DOCS,
    ),
    "title_missing": invalid(_FACTS, _issue("title", "missing_field")),
    "title_too_long": invalid(_FACTS, _too_long("title", 256)),
    "body_too_long": invalid(_FACTS, _too_long("body", 65_536)),
    "body_too_long_twice": invalid(
        _FACTS,
        _issue("body", "custom", message="body is too long"),
        _too_long("body", 65_536),
    ),
    "milestone_invalid": invalid(_FACTS, _issue("milestone", "invalid", value="7")),
    "assignees_invalid": invalid(_FACTS, _issue("assignees", "invalid", value="octocat")),
    "type_invalid": invalid(_FACTS, _issue("type", "invalid", value="Epic")),
    "label_exists": invalid(
        _FACTS, {"resource": "Label", "field": "name", "code": "already_exists"}
    ),
    "milestone_exists": invalid(
        _FACTS, {"resource": "Milestone", "field": "title", "code": "already_exists"}
    ),
    "errors_absent": said(422, "Validation Failed", f"{_FACTS}: 'errors can be absent'"),
    "far_page": said(
        422,
        "Pagination with the page parameter is not supported for large datasets, please use "
        "cursor based pagination (after/before)",
        "documented or reported",
    ),
    "sub_issue_has_parent": _sub_issue("Sub issue may only have one parent"),
    "sub_issue_is_there": _sub_issue(
        "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
    ),
    "sub_issue_too_many": _sub_issue("Parent cannot have more than 100 sub-issues"),
    "sub_issue_unknown": said(
        404,
        "The provided sub-issue does not exist",
        "documented or reported; words: people who sent a number instead of an id",
        docs="https://docs.github.com/rest/issues/sub-issues#add-sub-issue",
    ),
    "sub_issue_is_parent": _sub_issue("Sub issue cannot be the same as the parent issue"),
}
