"""Every answer of GitHub's that is written down, byte for byte through the adapter, and what it means there.

The answers are the stand-in's catalogue (`monarch/sandbox/github/canned`), and a few that GitHub documents nowhere and
HTTP does. Each is given to a write and to a read, over a real connection.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.core.github.classify import RULES, classify, rule_of
from monarch.core.github.reply import Reply
from monarch.core.outcome import (
    Code,
    Created,
    Found,
    Permanent,
    RateLimited,
    ReadFailure,
    Scope,
    Transient,
    Unknown,
    WriteOutcome,
    said_of,
)
from monarch.sandbox.github.canned import CATALOGUE
from tests.adapters.github.builders import DRAFT, PATIENT, TARGET, TOKEN, yes
from tests.adapters.github.raw import answers, raw_server, reply

NOW_S: Final = 1_790_000_000
DATE: Final = "Mon, 21 Sep 2026 14:13:20 GMT"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means for a write; `advice` stands in the reason, `wait_s` is for limits."""

    kind: type[WriteOutcome]
    scope: Scope | None = None
    code: Code | None = None
    fields: tuple[str, ...] = ()
    wait_s: float | None = None
    advice: str = ""


def limited(wait_s: float | None) -> Meaning:
    """No call is made for this time, or for as long as the budget thinks."""
    return Meaning(RateLimited, wait_s=wait_s, advice="its limit is reached")


def credential(advice: str, code: Code = Code.CREDENTIAL) -> Meaning:
    """Nothing works until a person replaces the token."""
    return Meaning(Permanent, Scope.CREDENTIAL, code, advice=advice)


def repository(code: Code, advice: str) -> Meaning:
    """This target is given up, the others are not."""
    return Meaning(Permanent, Scope.REPOSITORY, code, advice=advice)


def ticket(advice: str, *fields: str) -> Meaning:
    """This ticket is given up, the others are not."""
    return Meaning(Permanent, Scope.TICKET, Code.TICKETS_REFUSED, fields, advice=advice)


UNKNOWN: Final = Meaning(Unknown)
RESET: Final = limited(1801)
SOON: Final = limited(None)
MINUTE: Final = limited(60)
TOKEN_IS_BAD: Final = credential("set a valid one")
VERSION: Final = credential("version of the API", Code.REFUSED)
RIGHTS: Final = repository(Code.FORBIDDEN, "Issues (read and write)")
OFF: Final = repository(Code.ISSUES_DISABLED, "switch on issues")
MOVED: Final = Meaning(Transient, advice="looked up again")
CREATED: Final = Meaning(Created)
LENGTH: Final = ticket("shorten the ticket", "body")

MEANINGS: Final[Mapping[str, Meaning]] = {
    # Limits: by words, by page, by header; how long is asked for in three ways, or not at all.
    "primary_user": RESET,
    "primary_user_429": RESET,
    "primary_installation": RESET,
    "primary_ip": RESET,
    "secondary_general": SOON,
    "secondary_general_retry_after": MINUTE,
    "secondary_general_429": MINUTE,
    "secondary_content": SOON,
    "secondary_content_retry_after": MINUTE,
    "secondary_content_429": MINUTE,
    "secondary_content_exhausted": RESET,
    "secondary_by_link": SOON,
    "secondary_by_old_link": SOON,
    "secondary_by_header": SOON,
    "abuse_general": SOON,
    "abuse_content": MINUTE,
    "too_many_requests": SOON,
    "submitted_too_quickly": SOON,
    "too_many_bad_logins": Meaning(
        RateLimited, advice="too many calls came with a wrong credential"
    ),
    # No limit: nothing says that it passes.
    "spammed": repository(Code.REFUSED, "spam; wait some hours"),
    # The credential
    "bad_credentials": TOKEN_IS_BAD,
    "requires_authentication": TOKEN_IS_BAD,
    "jwt_undecodable": TOKEN_IS_BAD,
    "jwt_expired": TOKEN_IS_BAD,
    "jwt_too_long": TOKEN_IS_BAD,
    "jwt_from_the_future": TOKEN_IS_BAD,
    "jwt_without_iat": TOKEN_IS_BAD,
    "app_unknown": credential("GITHUB_APP_ID"),
    "account_suspended": credential("lift the suspension"),
    "installation_suspended": credential("in the settings of the owner"),
    "version_retired": VERSION,
    "version_unknown": VERSION,
    # The repository, and what its owner allows
    "saml": repository(Code.FORBIDDEN, "single sign-on"),
    "classic_pat_forbidden": repository(Code.FORBIDDEN, "a token that the organisation takes"),
    "pat_lifetime_forbidden": repository(Code.FORBIDDEN, "a lifetime that it allows"),
    "ip_not_allowed": repository(Code.FORBIDDEN, "to the IP allow list"),
    "not_accessible_by_integration": RIGHTS,
    "not_accessible_by_token": RIGHTS,
    "no_admin_rights": RIGHTS,
    "not_found": repository(Code.NOT_FOUND, "check its name and access"),
    "sub_issue_unknown": repository(Code.NOT_FOUND, "check its name and access"),
    "archived": repository(Code.ARCHIVED, "unarchive"),
    "issues_disabled": OFF,
    "issues_disabled_newer": OFF,
    "issue_deleted": OFF,
    "renamed_for_reads": MOVED,
    "renamed_for_writes": MOVED,
    # The ticket
    "not_json": ticket("correct the ticket"),
    "not_an_object": ticket("correct the ticket"),
    "wrong_shape": ticket("correct the ticket"),
    "errors_absent": ticket("correct the ticket"),
    "far_page": ticket("correct the ticket"),
    "title_missing": ticket("title of 1 to 256 characters", "title"),
    "title_too_long": ticket("title of 1 to 256 characters", "title"),
    "body_too_long": LENGTH,
    "body_too_long_twice": LENGTH,
    "milestone_invalid": ticket("give the target that milestone", "milestone"),
    "assignees_invalid": ticket("take the assignees off", "assignees"),
    "type_invalid": ticket("that issue type", "type"),
    "label_exists": ticket("correct the ticket", "name"),
    "milestone_exists": ticket("title of 1 to 256 characters", "title"),
    "sub_issue_has_parent": ticket("correct the ticket"),
    "sub_issue_is_there": ticket("correct the ticket"),
    "sub_issue_too_many": ticket("correct the ticket"),
    "sub_issue_is_parent": ticket("correct the ticket"),
    # Nobody knows
    "server_error": UNKNOWN,
    "bad_gateway": UNKNOWN,
    "unicorn_502": UNKNOWN,
    "unicorn_503": UNKNOWN,
    "unavailable": UNKNOWN,
    "gateway_timeout": UNKNOWN,
    "empty_500": UNKNOWN,
    "list_instead_of_created": UNKNOWN,
    "ok_instead_of_created": UNKNOWN,
    "accepted": UNKNOWN,
    "created_in_part": UNKNOWN,
    "created_empty": UNKNOWN,
    "created_without_number": UNKNOWN,
    "created_as_page": UNKNOWN,
    # It is there, whatever else is wrong with the answer.
    "created_as_text": CREATED,
    "created_in_latin_1": CREATED,
    # What HTTP knows, and GitHub writes nothing about
    "forbidden": repository(Code.FORBIDDEN, "access to the repository"),
    "html_403": UNKNOWN,
    "proxy_login": Meaning(Transient, advice="asks for its own password"),
    "proxy_login_page": Meaning(Transient, advice="asks for its own password"),
    "html_400": UNKNOWN,
    "html_401": UNKNOWN,
    "blocked": repository(Code.REFUSED, "ask its owner, or GitHub"),
    "exhausted": RESET,
    "last_call_forbidden": RIGHTS,
    "last_call_missing": repository(Code.NOT_FOUND, "check its name"),
    "too_large": ticket("correct the ticket"),
    "timed_out": UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as bytes can be made of it."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())

    @property
    def wire(self) -> bytes:
        """All of it, as it stands on the wire."""
        lines = [f"{name}: {value}" for name, value in (("Date", DATE), *self.headers)]
        return reply(f"{self.status} Said", self.body, *lines)

    @property
    def reply(self) -> Reply:
        """The same as the core sees it."""
        headers = {name.lower(): value for name, value in (("Date", DATE), *self.headers)}
        return Reply(self.status, headers, self.body)


NOTHING_LEFT: Final = (
    ("X-RateLimit-Remaining", "0"),
    ("X-RateLimit-Reset", str(NOW_S + 1800)),
)
OTHERS: Final = {
    "html_403": Answer(403, b"<html><h1>Forbidden</h1></html>", (("Content-Type", "text/html"),)),
    "html_400": Answer(400, b"<!DOCTYPE html><title>Bad Request</title>"),
    "html_401": Answer(401, b"\n <html><h1>Sign in</h1></html>"),
    "proxy_login": Answer(407, b""),
    "proxy_login_page": Answer(407, b"<html>Proxy Authentication Required</html>"),
    "forbidden": Answer(403, b'{"message":"Forbidden"}'),
    "blocked": Answer(451, b'{"message":"Repository access blocked"}'),
    "exhausted": Answer(403, b'{"message":"Forbidden"}', NOTHING_LEFT),
    # Refused for reasons of their own, and the last calls that this hour allows.
    "last_call_forbidden": Answer(
        403, b'{"message":"Resource not accessible by integration"}', NOTHING_LEFT
    ),
    "last_call_missing": Answer(404, b'{"message":"Not Found"}', NOTHING_LEFT),
    "too_large": Answer(413, b"", (("Content-Type", "text/html"),)),
    "timed_out": Answer(408, b""),
}
ANSWERS: Final[Mapping[str, Answer]] = {
    **{
        name: Answer(given.status, given.body, given.headers)
        for name, canned in CATALOGUE.items()
        for given in [canned.reply(NOW_S)]
    },
    **OTHERS,
}
each_answer = pytest.mark.parametrize("name", ANSWERS)


@pytest.mark.parametrize("name", ["bad_credentials", "app_unknown"])
def test_a_command_is_not_told_to_restart(name: str) -> None:
    """`plan` said "and restart" of a revoked token, and nothing of it runs: the workers do, if any have that token."""
    refused = classify(ANSWERS[name].reply, writing=False)

    assert isinstance(refused, Permanent)
    assert refused.sentence.endswith(", and restart workers that run with the old one")


def test_every_answer_has_a_meaning() -> None:
    """A new one needs its meaning."""
    assert set(MEANINGS) == set(ANSWERS)


def test_every_row_of_the_table_is_met() -> None:
    """By the bytes of at least one answer: a row that nothing meets is a guess."""
    met = {
        rule_of(answer.reply, writing=writing)
        for answer, writing in itertools.product(ANSWERS.values(), (True, False))
    }

    assert met == {*(rule.name for rule in RULES), "unclear"}


def assert_means(outcome: WriteOutcome | ReadFailure, meaning: Meaning) -> None:
    """It is of that kind, and says to people what they can do."""
    assert isinstance(outcome, meaning.kind)
    if isinstance(outcome, Permanent):
        found = (outcome.scope, outcome.code, outcome.fields)
        assert found == (meaning.scope, meaning.code, meaning.fields)
    if isinstance(outcome, RateLimited):
        assert outcome.wait_s == meaning.wait_s
    if isinstance(outcome, RateLimited | Permanent | Transient):
        assert meaning.advice in said_of(outcome)
        assert " answered " in outcome.reason


@each_answer
async def test_what_an_answer_means_for_a_write(name: str) -> None:
    """And that no answer makes the adapter send it twice."""
    async with raw_server(answers(ANSWERS[name].wire)) as server:
        async with HttpGitHub(TOKEN, server.url) as client:
            outcome = await client.create_issue(TARGET, DRAFT, yes)

        assert_means(outcome, MEANINGS[name])
        assert not isinstance(outcome, Created) or outcome.number == 7
        assert server.requests == 1


UNCLEAR_TO_READ: Final = Meaning(Transient)
AS_READ: Final[Mapping[str, Meaning]] = {
    # Nothing was sent that could be wrong.
    **dict.fromkeys(
        (name for name, meaning in MEANINGS.items() if meaning.scope is Scope.TICKET),
        repository(Code.REFUSED, "look into the repository"),
    ),
    # A redirect that leads nowhere from here.
    "renamed_for_reads": UNCLEAR_TO_READ,
    "renamed_for_writes": UNCLEAR_TO_READ,
    **dict.fromkeys(
        (name for name, meaning in MEANINGS.items() if meaning.kind in {Unknown, Created}),
        UNCLEAR_TO_READ,
    ),
}


@each_answer
async def test_what_an_answer_means_for_a_read(name: str) -> None:
    """The same, but that an unclear one may be asked for again, and no ticket is to blame."""
    async with raw_server(answers(ANSWERS[name].wire)) as server:
        async with HttpGitHub(TOKEN, server.url, patience=PATIENT) as client:
            outcome = await client.read_repository(TARGET.full_name)

        assert not isinstance(outcome, Found)
        meaning = AS_READ.get(name, MEANINGS[name])
        if meaning is UNCLEAR_TO_READ:
            assert isinstance(outcome, Transient)
        else:
            assert_means(outcome, meaning)
        limited = isinstance(outcome, RateLimited)
        assert not limited or server.requests == 1, "a limit is never answered with another call"
