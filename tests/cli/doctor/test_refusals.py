"""What GitHub and Slack refuse, as the doctor tells it: by the tables that the workers have."""

import json
import time
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from monarch.adapters.slack_errors import ERRORS, Meaning
from monarch.app.doctor import missed_checks
from monarch.app.doctor.examination import check_slack
from monarch.app.doctor.github_checks import check_app, check_github, github_checks
from monarch.app.doctor.valkey_checks import Check, Status
from monarch.core.advice import Advice
from monarch.core.github.classify import classify
from monarch.core.github.reply import Reply
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Scope, Transient
from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.faults import CannedAnswer
from monarch.sandbox.github.canned import CATALOGUE
from monarch.settings import Settings
from tests.sandbox.world import a_stand_in


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxClient]:
    """A stand-in and its client."""
    async with a_stand_in() as client:
        yield client


ELSEWHERE = "not_accessible_by_integration"
"""What an installation's token hears about itself; it has a test of its own."""


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {ELSEWHERE}))
def test_what_github_answers_means_to_the_doctor_what_it_means_to_the_workers(name: str) -> None:
    """A suspended account was a limit that would pass, and an outage a wrong address."""
    answer = CATALOGUE[name]
    sent = answer.reply(time.time())
    reply = Reply(sent.status, {key.lower(): text for key, text in sent.headers}, sent.body)
    means = classify(reply, writing=False)

    found = check_github(reply)

    if isinstance(means, RateLimited):
        asked = "" if means.wait_s is None else f"; GitHub asks for {round(means.wait_s)} s"
        assert found.advice == f"Wait: it passes by itself{asked}."
        assert (found.status, found.detail) == (Status.WARN, f"not now: {means.reason}")
    elif answer.status >= 500:
        assert (found.status, "outage" in found.advice) == (Status.WARN, True)
    elif isinstance(means, Permanent) and (means.scope is Scope.CREDENTIAL or answer.status == 403):
        assert (found.status, found.detail) == (Status.FAIL, means.reason)
        assert found.advice.lower() == f"{means.advice.text}.".lower()
    elif answer.status != 200:
        assert (found.status, found.advice) == (Status.FAIL, "Check GITHUB_API_URL.")
    assert answer.status == 200 or f"GitHub answered {answer.status}" in found.detail


@pytest.mark.parametrize(
    "reply", [Reply(407), Reply(403, {}, b"<html>Blocked"), Reply(401, {}, b"<!doctype html>")]
)
def test_a_proxy_that_refuses_is_named(reply: Reply) -> None:
    """A 407 was GitHub's, and to be mended by GITHUB_API_URL; a firewall's page by a right of the token."""
    for found in (check_github(reply), check_app(reply)):
        assert found.status is Status.FAIL
        assert f"answered {reply.status}" in found.detail
        assert found.advice.startswith("Correct the proxy")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("account_suspended", "Lift the suspension"),
        ("ip_not_allowed", "Add the addresses that the workers call from"),
        ("saml", "Authorise the token"),
        ("classic_pat_forbidden", "Use a token that the organisation takes"),
        ("pat_lifetime_forbidden", "Use a token that the organisation takes"),
        ("secondary_content", "Wait: it passes by itself"),
        ("bad_gateway", "look again later"),
    ],
)
async def test_a_refusal_that_never_passes_is_no_limit(
    sandbox: SandboxClient, name: str, advice: str
) -> None:
    """Over a real connection: its words are shown, and only a limit is waited for."""
    await sandbox.add_fault(CannedAnswer(name=name), times=None)
    settings = Settings(gh_pat=SecretStr("ghp_monarch"), github_api_url=sandbox.github_url)

    (found,) = await github_checks(settings)

    assert advice in found.advice
    assert "GitHub answered" in found.detail


@pytest.mark.parametrize("error", ERRORS)
def test_what_slack_refuses_means_to_the_doctor_what_it_means_to_the_workers(error: str) -> None:
    """An outage of Slack's sent people to change a token that was fine."""
    row = ERRORS[error]
    body = json.dumps({"ok": False, "error": error}).encode()

    found = check_slack(Reply(200, {}, body))

    assert error in found.detail
    if row.meaning in {Meaning.LIMITED, Meaning.PASSING, Meaning.PERHAPS_DONE}:
        assert found == Check("slack", Status.WARN, f"not now: {error}", "Look again later.")
    elif row.advice.text:
        assert found.status is Status.FAIL
        assert found.advice.lower() == f"{row.advice.text}.".lower()
    else:
        assert found.advice.startswith("Look again later; if it stays")


def test_an_error_that_slack_does_not_document_may_pass() -> None:
    """As for the workers, which try again."""
    found = check_slack(Reply(200, {}, b'{"ok": false, "error": "shenanigans"}'))

    assert (found.status, found.detail) == (Status.WARN, "shenanigans")
    assert "docs.slack.dev" in found.advice


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (RateLimited("limit", None), "Wait: it passes by itself"),
        (Transient("502"), "Look again later"),
        (Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "nobody"), "Correct MONARCH_MISSED_OWNERS"),
        (
            Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "401", advice=Advice("set a token")),
            "Set a token.",
        ),
    ],
)
def test_owners_that_cannot_be_listed_now_are_no_wrong_names(
    failure: ReadFailure, advice: str
) -> None:
    """An outage or a limit sent people to correct the list."""
    assert missed_checks.advice_on(failure).startswith(advice)
