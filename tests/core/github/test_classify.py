"""One table from an answer to what it means."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.github.classify import classify
from monarch.core.github.limits import MAX_RESET_S, MAX_WAIT_S
from monarch.core.github.reply import Reply
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient, Unknown

DATE = {"date": "Wed, 21 Oct 2026 07:28:00 GMT"}
DATE_S = 1792567680
RESET = {"x-ratelimit-reset": str(DATE_S + 60), "x-ratelimit-remaining": "0"}
DOCS = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
BLOCKED = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation."
    " Please retry your request again later."
)
TOO_LONG = [
    {
        "resource": "Issue",
        "code": "custom",
        "field": "title",
        "message": "title is too long (maximum is 256 characters)",
    }
]


def a_reply(
    status: int, message: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Reply:
    """An error as GitHub writes it."""
    return Reply(status, headers or {}, json.dumps({"message": message, **more}).encode())


@pytest.mark.parametrize("writing", [True, False])
@pytest.mark.parametrize(
    ("reply", "wait_s"),
    [
        (a_reply(429), None),
        (Reply(429), None),
        (a_reply(429, headers={"retry-after": "17"}), 17),
        (a_reply(403, SECONDARY), None),
        (a_reply(403, BLOCKED), None),
        (a_reply(403, BLOCKED, {"retry-after": "60"}), 60),
        (a_reply(403, "x", {"retry-after": "60"}), 60),
        (a_reply(403, "x", {"gh-limited-by": "search-elapsed-time-shared-grouped"}), None),
        (a_reply(403, "You have triggered an abuse detection mechanism."), None),
        (a_reply(403, "API rate limit exceeded for installation ID 123."), None),
        (a_reply(403, "Rate limit exceeded"), None),
        (a_reply(403, "This request was rate-limited."), None),
        (a_reply(403, "Too many requests"), None),
        (Reply(403, {}, b"\n<html><p>Whoa there! You have exceeded a secondary rate limit."), None),
        (Reply(403, {"retry-after": "9"}, b"<h1>Too Many Requests</h1>"), 9),
        (a_reply(403, "x", documentation_url=DOCS + "#about-secondary-rate-limits"), None),
        (
            a_reply(
                403, "x", documentation_url="https://developer.github.com/v3/#abuse-rate-limits"
            ),
            None,
        ),
        (a_reply(403, "Maximum number of login attempts exceeded. Please try again later."), None),
        (a_reply(422, "was submitted too quickly"), None),
        (a_reply(422, "Validation Failed", errors=["was submitted too quickly"]), None),
        # The order of rules: retry-after, then the reset.
        (a_reply(403, "x", {**DATE, **RESET}), 61),
        (a_reply(429, "x", {**DATE, **RESET, "retry-after": "5"}), 5),
        (a_reply(403, "x", RESET), None),
        (a_reply(403, "x", {"date": "yesterday", **RESET}), None),
        (a_reply(403, "x", {**DATE, **RESET, "x-ratelimit-reset": "soon"}), None),
        # Another order of clocks, absurd values, a date instead of seconds.
        (a_reply(403, "x", {**DATE, **RESET, "x-ratelimit-reset": str(DATE_S - 60)}), 1),
        (
            a_reply(403, "x", {**DATE, **RESET, "x-ratelimit-reset": str(DATE_S + 86400)}),
            MAX_RESET_S,
        ),
        (a_reply(429, "x", {**RESET, "date": "Thu, 01 Jan 1970 00:00:00 GMT"}), MAX_RESET_S),
        (a_reply(429, "x", {"retry-after": "0"}), 1),
        (a_reply(429, "x", {"retry-after": "1.5"}), 1.5),
        (a_reply(429, "x", {"retry-after": "999999999999"}), MAX_WAIT_S),
        (a_reply(429, "x", {"retry-after": "-1"}), None),
        (a_reply(429, "x", {"retry-after": " "}), None),
        (a_reply(429, "x", {**DATE, "retry-after": "Wed, 21 Oct 2026 07:29:00 GMT"}), 61),
        (a_reply(429, "x", {**DATE, "retry-after": "Wed, 21 Oct 2026 07:29:00 -0000"}), 61),
    ],
)
def test_a_limit_says_how_long_or_does_not(
    reply: Reply, wait_s: float | None, writing: bool
) -> None:
    """A limit took no effect, so that reading and writing are the same."""
    outcome = classify(reply, writing=writing)

    assert isinstance(outcome, RateLimited)
    assert outcome.wait_s == wait_s


PERMANENT = [
    (a_reply(401, "Bad credentials"), Scope.CREDENTIAL, Code.CREDENTIAL),
    (Reply(401), Scope.CREDENTIAL, Code.CREDENTIAL),
    (a_reply(403, "Sorry. Your account was suspended."), Scope.CREDENTIAL, Code.CREDENTIAL),
    (a_reply(400, "X-GitHub-Api-Version is not valid"), Scope.CREDENTIAL, Code.REFUSED),
    (a_reply(410, "This API version is not supported"), Scope.CREDENTIAL, Code.REFUSED),
    (a_reply(403, "Repository was archived so is read-only."), Scope.REPOSITORY, Code.ARCHIVED),
    (
        a_reply(403, "Resource not accessible by personal access token"),
        Scope.REPOSITORY,
        Code.FORBIDDEN,
    ),
    (a_reply(403, "Resource not accessible by integration"), Scope.REPOSITORY, Code.FORBIDDEN),
    (
        a_reply(403, "x", {"x-github-sso": "required; url=https://x"}),
        Scope.REPOSITORY,
        Code.FORBIDDEN,
    ),
    (
        a_reply(403, "Resource protected by organization SAML enforcement."),
        Scope.REPOSITORY,
        Code.FORBIDDEN,
    ),
    (
        a_reply(403, "the `school` enterprise has an IP allow list enabled, and 192.0.2.1 is not"),
        Scope.REPOSITORY,
        Code.FORBIDDEN,
    ),
    (Reply(403, body=b"Forbidden"), Scope.REPOSITORY, Code.FORBIDDEN),
    (a_reply(404, "Not Found"), Scope.REPOSITORY, Code.NOT_FOUND),
    (a_reply(410, "Issues are disabled for this repo"), Scope.REPOSITORY, Code.ISSUES_DISABLED),
    (a_reply(405), Scope.REPOSITORY, Code.REFUSED),
    (a_reply(409, "Conflict"), Scope.REPOSITORY, Code.REFUSED),
    (a_reply(451, "Repository access blocked"), Scope.REPOSITORY, Code.REFUSED),
]


@pytest.mark.parametrize("writing", [True, False])
@pytest.mark.parametrize(("reply", "scope", "code"), PERMANENT)
def test_a_clear_refusal_condemns_what_it_must(
    reply: Reply, scope: Scope, code: Code, writing: bool
) -> None:
    """One bad target must not stop the fleet; a bad credential must."""
    outcome = classify(reply, writing=writing)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.code) == (scope, code)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_ticket_is_the_tickets_when_written(status: int) -> None:
    """What was sent was wrong; a read sends nothing."""
    reply = a_reply(status, "Validation Failed", errors=TOO_LONG)
    written, read = classify(reply, writing=True), classify(reply, writing=False)

    assert isinstance(written, Permanent)
    assert (written.scope, written.code) == (Scope.TICKET, Code.TICKETS_REFUSED)
    assert "title is too long" in written.reason
    assert isinstance(read, Permanent)
    assert (read.scope, read.code) == (Scope.REPOSITORY, Code.REFUSED)


@pytest.mark.parametrize(
    ("body", "elsewhere"), [(b'{"message": "Not Found"}', False), (b"<html>", True), (b"", True)]
)
def test_a_404_in_nobodys_words_may_be_another_servers(body: bytes, *, elsewhere: bool) -> None:
    """An address without /api/v3 answers so to everything: to look at each repository would be in vain."""
    outcome = classify(Reply(404, {}, body), writing=False)

    assert isinstance(outcome, Permanent)
    assert ("GITHUB_API_URL" in outcome.advice.text) == elsewhere
    assert "check its name and access" in outcome.advice.text


@pytest.mark.parametrize("status", [400, 401, 403, 405, 407, 410, 422, 451])
def test_what_a_proxy_answers_condemns_neither_a_target_nor_the_token(status: int) -> None:
    """A firewall's 403 killed the target at once, and said to give the token access to the repository."""
    reply = Reply(status, {"content-type": "text/html"}, b"\n<!DOCTYPE html><p>Blocked by policy")

    read, written = classify(reply, writing=False), classify(reply, writing=True)

    assert isinstance(read, Transient)
    assert f"answered {status}" in read.reason
    assert "proxy" in read.reason
    # What answers in GitHub's place may do so after GitHub has done it.
    assert isinstance(written, Transient if status == 407 else Unknown)


def test_a_validation_that_only_mentions_spam_is_no_limit() -> None:
    """A limit is waited for uncounted, for ever if need be; this may be for ever."""
    reply = a_reply(422, "Validation failed, or the endpoint has been spammed.")

    outcome = classify(reply, writing=True)

    assert isinstance(outcome, Permanent)
    # It said to lower the ceiling, and 0 is none.
    assert "set a lower MONARCH_WRITES_PER_MINUTE" in outcome.advice.text


@pytest.mark.parametrize(
    "status", [500, 502, 503, 504, 599, 408, 499, 200, 201, 202, 204, 100, 303, 304]
)
def test_an_unclear_answer_to_a_write_is_unknown(status: int) -> None:
    """Issues were created despite a 500; a 200 is no 201."""
    assert isinstance(classify(Reply(status, body=b"<html>"), writing=True), Unknown)
    assert isinstance(classify(Reply(status, body=b"<html>"), writing=False), Transient)


@pytest.mark.parametrize(("status", "says"), [(502, "an outage"), (204, "no usable answer")])
def test_an_unclear_answer_to_a_read_says_what_it_may_be(status: int, says: str) -> None:
    """That nothing can be concluded from it helps no reader."""
    outcome = classify(Reply(status, body=b"<html>"), writing=False)

    assert isinstance(outcome, Transient)
    assert says in outcome.reason


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("writing", [True, False])
def test_a_moved_repository_is_looked_up_again(status: int, writing: bool) -> None:
    """GitHub answers a write to an old name with 307, and does nothing."""
    assert isinstance(classify(a_reply(status, "Moved Permanently"), writing=writing), Transient)


@pytest.mark.parametrize("status", [200, 403, 404, 422, 500])
def test_the_reset_alone_never_makes_a_limit(status: int) -> None:
    """It stands on every answer."""
    headers = {**DATE, "x-ratelimit-reset": str(DATE_S + 60), "x-ratelimit-remaining": "4000"}

    assert not isinstance(classify(a_reply(status, "x", headers), writing=True), RateLimited)


@pytest.mark.parametrize("status", [401, 404, 410, 500])
def test_a_used_up_budget_makes_no_limit_of_other_answers(status: int) -> None:
    """The last call of an hour may fail for its own reasons."""
    assert not isinstance(
        classify(a_reply(status, "x", {**DATE, **RESET}), writing=True), RateLimited
    )


def test_a_reason_says_what_came_and_what_to_do_and_never_a_token() -> None:
    """A person acts on it; it is stored and shown."""
    token = "ghp_" + "x" * 36
    reply = a_reply(
        422,
        f"Validation\nFailed for {token}",
        {"x-github-request-id": "ABCD:1234"},
        errors=[*TOO_LONG, {"field": "labels", "code": "invalid"}, "plain", {}, 7],
    )
    outcome = classify(reply, writing=True)

    assert isinstance(outcome, Permanent)
    assert outcome.sentence == (
        'GitHub answered 422 "Validation Failed for ***: title is too long (maximum is 256 characters),'
        ' labels invalid, plain" (request ABCD:1234); give the ticket in the template a title of 1 to 256'
        " characters, and correct the labels of the ticket in the template"
    )


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "retry-after",
            "date",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-github-sso",
            "gh-limited-by",
            "x-github-request-id",
        ]
    ),
    st.one_of(st.text(), st.sampled_from(["0", "60", DATE["date"], "1e999", "nan", "-5"])),
)
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "message": st.one_of(st.none(), st.integers(), st.text(), st.just(SECONDARY)),
        "documentation_url": st.one_of(st.none(), st.text()),
        "errors": st.one_of(st.none(), st.text(), st.lists(st.dictionaries(st.text(), st.text()))),
    },
).map(lambda error: json.dumps(error).encode())


@given(st.integers(-1, 700), HEADERS, st.one_of(st.binary(), ERRORS), st.booleans())
def test_every_answer_means_something(
    status: int, headers: dict[str, str], body: bytes, writing: bool
) -> None:
    """Total over all statuses, headers and bytes; and the promises that the migrator rests on."""
    outcome = classify(Reply(status, headers, body), writing=writing)

    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 600
    assert writing or not isinstance(outcome, Unknown)
    if status >= 500 or 200 <= status < 300:
        assert isinstance(outcome, Unknown if writing else Transient)
    if isinstance(outcome, RateLimited) and outcome.wait_s is not None:
        assert 1 <= outcome.wait_s <= MAX_WAIT_S


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[]", b"\xff", b"{" + b" " * 2_000_000 + b"}"])
def test_no_body_is_too_strange(body: bytes) -> None:
    """Proxies answer in their own words."""
    assert isinstance(classify(Reply(404, {}, body), writing=False), Permanent)
