"""Reads: what they find, what they repeat, and where they stop."""

from hashlib import sha256
from typing import Any

import httpx
import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.github.retries import Patience
from monarch.core.ids import TargetId
from monarch.core.outcome import Absent, Code, Found, Permanent, RateLimited, Scope, Transient
from monarch.core.target.permission import Credential
from monarch.core.ticket import Repository
from tests.adapters.github.builders import (
    API,
    TARGET,
    TOKEN,
    Always,
    HandClock,
    as_bytes,
    github,
    issue_json,
    repository_json,
)
from tests.adapters.github.raw import drops_after, hangs, raw_server

FINGERPRINT = sha256(TOKEN.encode()).hexdigest()[:8]


class Script:
    """Answers with one reply after the other, and notes what was asked."""

    def __init__(self, *replies: httpx.Response | Exception) -> None:
        self.asked: list[httpx.URL] = []
        self._replies = iter(replies)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Be a handler of `httpx.MockTransport`."""
        self.asked.append(request.url)
        reply = next(self._replies)
        if isinstance(reply, Exception):
            raise reply
        return reply


def ok(value: object, **headers: str) -> httpx.Response:
    """A 200 with JSON."""
    return httpx.Response(200, headers=headers, content=as_bytes(value))


def failed(status: int = 502) -> httpx.Response:
    """An answer that is not GitHub's."""
    return httpx.Response(status, content=b"<html>")


def moved(to: str, status: int = 301) -> httpx.Response:
    """A redirect."""
    return httpx.Response(status, headers={"Location": to}, content=b"{}")


# ---------------------------------------------------------------------------------------- who we are


async def test_the_account_is_the_users_and_is_asked_once() -> None:
    """A rotated token keeps the account, so it keeps what the budget learned."""
    script = Script(ok({"id": 9, "login": "bot"}))
    client = github(script)

    assert await client.credential("org/team-a") == Found(
        Credential("user:9", FINGERPRINT, "bot", 9)
    )
    assert await client.credential("org/team-a") == Found(
        Credential("user:9", FINGERPRINT, "bot", 9)
    )
    assert len(script.asked) == 1


async def test_an_installation_may_not_ask_and_its_token_stands_for_it() -> None:
    """GitHub answers 403 to a `GET /user` of an app's installation."""
    body = {"message": "Resource not accessible by integration"}

    answer = await github(Always(403, body)).credential("org/team-a")

    assert answer == Found(Credential(f"token:{FINGERPRINT}", FINGERPRINT))


async def test_a_refused_token_is_tried_again_after_a_while() -> None:
    """Everybody who waits would knock at once otherwise; once it is valid again, the next question finds out."""
    script = Script(httpx.Response(401), ok({"id": 9, "login": "bot"}))
    clock = HandClock()
    client = github(script, clock=clock)

    for _ in range(3):
        refused = await client.credential("org/team-a")

        assert isinstance(refused, Permanent)
        assert refused.scope is Scope.CREDENTIAL
    clock.wait(10)

    assert isinstance(await client.credential("org/team-a"), Found)
    assert len(script.asked) == 2


# -------------------------------------------------------------------------------------- repositories


async def test_a_repository_is_read_as_its_canonical_self() -> None:
    """The name that comes back is GitHub's, not the one that was asked for."""
    script = Script(ok(repository_json()), ok(repository_json()))

    answer = await github(script).read_repository("ORG/Team-A")

    assert answer == Found(
        Repository(TargetId(77), "org/team-a", archived=False, has_issues=True, may_push=True, private=True)
    )  # fmt: skip
    assert script.asked == [
        httpx.URL(f"{API}/repos/ORG/Team-A"),
        httpx.URL(f"{API}/repositories/77"),
    ]


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_renamed_repository_is_followed(status: int) -> None:
    """To the same host, by its id."""
    there = ok(repository_json())
    script = Script(moved(f"{API}/repositories/77", status), there, there)

    answer = await github(script).read_repository("org/old")

    assert isinstance(answer, Found)
    assert script.asked[1] == httpx.URL(f"{API}/repositories/77")


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/repositories/77",
        "http://api.github.example/repositories/77",
        "https://api.github.example:8443/repositories/77",
        "//evil.example/x",
        "https://api.github.example@evil.example/x",
        "https://a:b@api.github.example/x",
        "",
    ],
)
async def test_the_token_goes_to_no_other_place(to: str) -> None:
    """Another scheme, host, port or user is another place."""
    script = Script(moved(to))

    assert isinstance(await github(script).read_repository("org/old"), Transient)
    assert len(script.asked) == 1


async def test_redirects_in_a_circle_end() -> None:
    """After five hops."""
    script = Script(*[moved("/repositories/77") for _ in range(10)])

    assert isinstance(await github(script).read_repository("org/old"), Transient)
    assert len(script.asked) == 6


async def test_a_missing_repository_is_told_from_a_broken_one() -> None:
    """A 404 is for a person; a body that lacks what we need may be read again."""
    missing = await github(Always(404, {"message": "Not Found"})).read_repository("org/x")
    broken = await github(Always(200, {"id": 1})).read_repository("org/x")

    assert isinstance(missing, Permanent)
    assert missing.code is Code.NOT_FOUND
    assert isinstance(broken, Transient)


async def test_a_canonical_name_that_would_lead_elsewhere_is_not_believed() -> None:
    """Writes are addressed to it."""
    odd = repository_json(full_name="org/../../user")

    assert isinstance(await github(Always(200, odd)).read_repository("org/x"), Transient)


# ----------------------------------------------------------------------------------------- repeating


@pytest.mark.parametrize(
    "trouble",
    [failed(500), failed(502), failed(503), httpx.ConnectError("refused"), httpx.ReadError("gone")],
)
async def test_a_read_is_repeated_where_that_may_help(trouble: httpx.Response | Exception) -> None:
    """A fault of the server, or no answer."""
    script = Script(trouble, ok(repository_json()), ok(repository_json()))

    assert isinstance(await github(script).read_repository("org/team-a"), Found)


async def test_three_tries_are_enough() -> None:
    """The rest is for the queue's own patience."""
    script = Script(*[failed() for _ in range(9)])

    assert isinstance(await github(script).read_repository("org/team-a"), Transient)
    assert len(script.asked) == 3


@pytest.mark.parametrize(
    ("status", "expected"),
    [(403, RateLimited), (429, RateLimited), (404, Permanent), (401, Permanent), (200, Transient)],
)
async def test_a_clear_answer_is_not_asked_for_again(status: int, expected: type[Any]) -> None:
    """A closed door least of all."""
    script = Script(httpx.Response(status, headers={"Retry-After": "9"}, content=b"<"), failed(599))

    assert isinstance(await github(script).read_repository("org/team-a"), expected)
    assert len(script.asked) == 1


async def test_a_web_page_in_place_of_an_answer_is_said_to_be_somebody_elses() -> None:
    """GitHub's API answers in JSON: a sign-in page of the house's proxy comes with a 200, too."""
    page = httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>")
    answer = await github(Script(page)).read_repository("org/team-a")

    assert isinstance(answer, Transient)
    assert answer.reason.endswith("(text/html); a proxy may have answered in its place")


async def test_a_read_ends_with_its_deadline() -> None:
    """All tries together; the waits between them count."""
    patience = Patience(try_s=5, all_s=0.1, wait_s=0)
    async with (
        raw_server(hangs) as server,
        HttpGitHub(TOKEN, server.url, patience=patience) as client,
    ):
        answer = await client.read_repository("org/team-a")

    assert answer == Transient("GitHub could not be read: no answer within 0.1 s")


async def test_a_dropped_read_is_repeated_on_a_new_connection() -> None:
    """Three connections, three requests."""
    patience = Patience(try_s=5, all_s=5, wait_s=0)
    async with (
        raw_server(drops_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")) as server,
        HttpGitHub(TOKEN, server.url, patience=patience) as client,
    ):
        answer = await client.list_issues(TARGET)

        assert isinstance(answer, Transient)
        assert len(server.received) == 3


async def test_what_broke_ends_without_a_full_stop() -> None:
    """More is joined to a reason: "without sending a response.; a request would try again"."""
    broken = httpx.RemoteProtocolError("Server disconnected without sending a response.")

    answer = await github(Script(broken, broken, broken)).read_repository("org/team-a")

    assert isinstance(answer, Transient)
    assert answer.reason.endswith("disconnected without sending a response")


# ---------------------------------------------------------------------------------------- one issue


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (httpx.Response(404, json={"message": "Not Found"}), Absent(taken=False)),
        (httpx.Response(410, json={"message": "This issue was deleted"}), Absent(taken=True)),
        (moved(f"{API}/repositories/99/issues/3"), Absent(taken=True)),
    ],
)
async def test_a_number_without_an_issue(reply: httpx.Response, expected: Absent) -> None:
    """Never used, deleted, or moved to another repository."""
    assert await github(Script(reply)).read_issue(TARGET, 4) == expected


@pytest.mark.parametrize(
    "to", [f"{API}/repositories/77/issues/4", "https://evil.example/repositories/1/issues/4", ""]
)
async def test_a_repository_renamed_meanwhile_does_not_make_its_issues_absent(to: str) -> None:
    """Only a move to another repository is evidence; the same one by its id is not."""
    assert isinstance(await github(Script(moved(to))).read_issue(TARGET, 4), Transient)


async def test_a_retired_api_version_is_no_deleted_issue() -> None:
    """Both are 410."""
    gone = Always(410, {"message": "This API version is not supported any more"})

    assert isinstance(await github(gone).read_issue(TARGET, 4), Permanent)


async def test_another_issue_than_the_one_asked_for_is_no_answer() -> None:
    """It would be evidence about the wrong number."""
    assert isinstance(await github(Always(200, issue_json(5))).read_issue(TARGET, 4), Transient)


async def test_an_issue_is_found_by_its_number() -> None:
    """At `/issues/{n}` of the canonical name."""
    script = Script(ok(issue_json(4)))

    answer = await github(script).read_issue(TARGET, 4)

    assert isinstance(answer, Found)
    assert answer.value.number == 4
    assert script.asked == [httpx.URL(f"{API}/repos/org/team-a/issues/4")]


# ------------------------------------------------------------------------------------------ listings


def link(url: str) -> dict[str, str]:
    """A header that leads on."""
    return {"link": f'<{url}>; rel="next", <{API}/x?page=9>; rel="last"'}


async def test_a_listing_is_all_its_pages_each_number_once_ascending() -> None:
    """A page that moved while it was read may show an issue twice; the later reading counts."""
    script = Script(
        ok([issue_json(1), issue_json(3)], **link(f"{API}/repositories/77/issues?after=abc")),
        ok([issue_json(3, title="Later"), issue_json(2, pull_request={})]),
    )

    answer = await github(script).list_issues(TARGET)

    assert isinstance(answer, Found)
    assert [(issue.number, issue.title) for issue in answer.value] == [
        (1, "Ticket 1"),
        (2, "Ticket 2"),
        (3, "Later"),
    ]
    assert [issue.is_pull for issue in answer.value] == [False, True, False]
    assert dict(script.asked[0].params) == {
        "state": "all",
        "sort": "created",
        "direction": "asc",
        "per_page": "100",
    }
    assert script.asked[1] == httpx.URL(f"{API}/repositories/77/issues?after=abc")


@pytest.mark.parametrize(
    "second",
    [
        [failed(), failed(), failed()],
        [httpx.Response(200, content=b"[{")],
        [ok([{"number": 3}])],
        [ok({"message": "no list"})],
        [httpx.Response(429)],
        [httpx.Response(404)],
        [moved("/repositories/77/issues")],
    ],
)
async def test_a_failed_page_fails_the_whole_listing(second: list[httpx.Response]) -> None:
    """Half a listing would be taken for the absence of the other half."""
    script = Script(ok([issue_json(1)], **link("/page2")), *second)

    answer = await github(script).list_issues(TARGET)

    assert isinstance(answer, Transient | RateLimited | Permanent)


async def test_a_next_page_elsewhere_is_not_read() -> None:
    """The token would go with it."""
    script = Script(ok([], **link("https://evil.example/page2")))

    assert isinstance(await github(script).list_issues(TARGET), Transient)
    assert len(script.asked) == 1


async def test_a_listing_that_goes_round_in_circles_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no evidence."""
    monkeypatch.setattr("monarch.adapters.github.reads.MAX_PAGES", 3)
    forever = Always(200, [], link("/again"))

    assert isinstance(await github(forever).list_issues(TARGET), Transient)


async def test_switched_off_issues_are_for_a_person() -> None:
    """A listing answers 410 then."""
    off = Always(410, {"message": "Issues are disabled for this repo"})

    answer = await github(off).list_issues(TARGET)

    assert isinstance(answer, Permanent)
    assert answer.code is Code.ISSUES_DISABLED
