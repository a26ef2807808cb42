"""Writes over real sockets: what counts is whether bytes left, and what came back."""

import json
import socket

import httpx
import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.core.copy.render import Draft
from monarch.core.outcome import (
    Code,
    Created,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    Unknown,
    Withheld,
    WriteOutcome,
)
from tests.adapters.github.builders import (
    API,
    DRAFT,
    TARGET,
    TEACHER,
    TOKEN,
    Always,
    as_bytes,
    github,
    issue_json,
    yes,
)
from tests.adapters.github.raw import (
    Behaviour,
    answers,
    drops_after,
    hangs,
    in_turn,
    raw_server,
    reply,
)
from tests.schemas import assert_request_matches

CREATED = reply("201 Created", as_bytes(issue_json(7)), "Content-Type: application/json")
HTML = b"<html><h1>Unicorn!</h1></html>"


async def write(behave: Behaviour, *, deadline_s: float = 5) -> tuple[WriteOutcome, int]:
    """Write once to a server that behaves so; the outcome, and the requests that arrived."""
    async with raw_server(behave) as server:
        async with HttpGitHub(TOKEN, server.url, write_deadline_s=deadline_s) as client:
            outcome = await client.create_issue(TARGET, DRAFT, yes)
        return outcome, server.requests


async def test_a_201_is_created_under_its_number() -> None:
    """Number and id of the new issue come from the answer."""
    outcome, requests = await write(answers(CREATED))

    assert outcome == Created(7, 1007, author=TEACHER)
    assert requests == 1


async def test_what_leaves_is_as_github_documents_it() -> None:
    """Path, headers and body of a write, byte for byte."""
    async with raw_server(answers(CREATED)) as server:
        async with HttpGitHub(TOKEN, f"{server.url}/api/v3/") as client:
            await client.create_issue(TARGET, Draft("Täg \ud800", "é 🦋"), yes)
        head, _, body = bytes(server.received[0]).partition(b"\r\n\r\n")

    line, *headers = head.decode("ascii").lower().split("\r\n")
    assert line == "post /api/v3/repos/org/team-a/issues http/1.1"
    assert f"authorization: bearer {TOKEN}".lower() in headers
    assert "accept: application/vnd.github+json" in headers
    assert "x-github-api-version: 2022-11-28" in headers
    assert any(header.startswith("user-agent: monarch/") for header in headers)
    assert_request_matches("post", "/repos/{owner}/{repo}/issues", json.loads(body))
    assert json.loads(body) == {"title": "Täg \ud800", "body": "é 🦋"}


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(drops_after(b""), id="dropped before any reply"),
        pytest.param(drops_after(CREATED[:60]), id="dropped within the headers"),
        pytest.param(drops_after(CREATED[:-200]), id="dropped within the body"),
        pytest.param(drops_after(b"SMTP ready\r\n\r\n"), id="no HTTP at all"),
        pytest.param(answers(reply("502 Bad Gateway", HTML, "Content-Type: text/html")), id="502"),
        pytest.param(answers(reply("201 Created", as_bytes(issue_json())[:-9])), id="cut JSON"),
        pytest.param(answers(reply("201 Created", HTML)), id="201 with HTML"),
        pytest.param(answers(reply("201 Created", b"{}")), id="201 without a number"),
        pytest.param(answers(reply("200 OK", as_bytes([issue_json()]))), id="200 with a list"),
        pytest.param(answers(reply("202 Accepted", b"")), id="202"),
        pytest.param(
            answers(reply("201 Created", b"no gzip", "Content-Encoding: gzip")), id="not unpackable"
        ),
    ],
)
async def test_whatever_does_not_say_what_became_of_a_write_leaves_it_unknown(
    behave: Behaviour,
) -> None:
    """Once bytes have left, only a clear answer is one; and nothing is ever sent twice."""
    outcome, requests = await write(behave)

    assert isinstance(outcome, Unknown)
    assert requests == 1


async def test_a_write_without_an_answer_ends_with_its_deadline_and_is_unknown() -> None:
    """One deadline lies around all of it."""
    outcome, requests = await write(hangs, deadline_s=1)

    assert outcome == Unknown("GitHub did not answer a write: no answer within 1 s")
    assert requests == 1


async def test_a_wrong_content_type_hides_no_created_issue() -> None:
    """What the body says counts, not what it is called."""
    outcome, _ = await write(
        answers(reply("201 Created", as_bytes(issue_json(3)), "Content-Type: text/html"))
    )

    assert outcome == Created(3, 1003, author=TEACHER)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_write_follows_no_redirect_and_was_not_done(status: str) -> None:
    """A renamed repository answers so; the next preflight finds its new name."""
    elsewhere = "Location: http://127.0.0.1:1/repositories/77/issues"
    outcome, requests = await write(answers(reply(status, b"{}", elsewhere)))

    assert isinstance(outcome, Transient)
    assert "renamed" in outcome.reason
    assert requests == 1


async def test_a_guard_that_says_no_right_before_sending_lets_no_byte_leave() -> None:
    """The connection is made, the lease has ended meanwhile, and the server hears nothing."""
    answers_of_guard = iter([True, False])
    async with raw_server(answers(CREATED)) as server:
        async with HttpGitHub(TOKEN, server.url) as client:
            outcome = await client.create_issue(TARGET, DRAFT, lambda: next(answers_of_guard))
        await server.closed.wait()

        assert outcome == Withheld()
        assert [bytes(data) for data in server.received] == [b""]


async def test_a_guard_that_says_no_at_once_connects_nowhere() -> None:
    """It is asked before anything else."""
    async with raw_server(answers(CREATED)) as server:
        async with HttpGitHub(TOKEN, server.url) as client:
            outcome = await client.create_issue(TARGET, DRAFT, lambda: False)

        assert outcome == Withheld()
        assert server.received == []


@pytest.mark.parametrize("asked", [2, 3], ids=["before its headers", "before its body"])
async def test_a_withheld_write_leaves_the_client_usable(asked: int) -> None:
    """Headers without their body are no request; the next write goes out on a connection of its own."""
    answers_of_guard = iter([*[True] * (asked - 1), False, True, True, True])
    async with (
        raw_server(answers(CREATED)) as server,
        HttpGitHub(TOKEN, server.url) as client,
    ):
        withheld = await client.create_issue(TARGET, DRAFT, lambda: next(answers_of_guard))
        outcome = await client.create_issue(TARGET, DRAFT, lambda: next(answers_of_guard))

    assert withheld == Withheld()
    assert outcome == Created(7, 1007, author=TEACHER)


async def test_a_refused_connection_certainly_wrote_nothing() -> None:
    """No server listens: it may be tried again."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        async with HttpGitHub(TOKEN, f"http://127.0.0.1:{port}") as client:
            outcome = await client.create_issue(TARGET, DRAFT, yes)

    assert isinstance(outcome, Transient)


async def test_a_failed_tls_handshake_certainly_wrote_nothing() -> None:
    """The request itself would have come after it."""
    async with raw_server(answers(CREATED)) as server:
        url = server.url.replace("http:", "https:")
        async with HttpGitHub(TOKEN, url) as client:
            outcome = await client.create_issue(TARGET, DRAFT, yes)

        assert isinstance(outcome, Transient)
        assert server.requests == 0


async def test_a_kept_connection_that_was_cut_off_leaves_the_second_write_unknown() -> None:
    """The first is answered; the second one's bytes leave into a connection that ends."""
    async with (
        raw_server(in_turn(answers(CREATED), drops_after(b""))) as server,
        HttpGitHub(TOKEN, server.url) as client,
    ):
        first = await client.create_issue(TARGET, DRAFT, yes)
        second = await client.create_issue(TARGET, DRAFT, yes)

        assert first == Created(7, 1007, author=TEACHER)
        assert isinstance(second, Unknown)
        assert server.requests == 2
        assert len(server.received) == 1


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("late"), httpx.ReadError("gone"), OSError("broken record")]
)
async def test_a_transport_that_traces_nothing_proves_nothing_by_its_silence(
    error: Exception,
) -> None:
    """Where it is unknown whether bytes left, they may have."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    assert isinstance(await github(fail).create_issue(TARGET, DRAFT, yes), Unknown)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"message": "Bad credentials"}, (Scope.CREDENTIAL, Code.CREDENTIAL)),
        (403, {"message": "Repository was archived so is read-only."}, (Scope.REPOSITORY, Code.ARCHIVED)),
        (404, {"message": "Not Found"}, (Scope.REPOSITORY, Code.NOT_FOUND)),
        (410, {"message": "Issues are disabled for this repo"}, (Scope.REPOSITORY, Code.ISSUES_DISABLED)),
        (422, {"message": "Validation Failed"}, (Scope.TICKET, Code.TICKETS_REFUSED)),
    ],
)  # fmt: skip
async def test_a_clear_refusal_wrote_nothing(
    status: int, body: object, expected: tuple[Scope, Code]
) -> None:
    """The table itself is tested with `core.github.classify`; here, that it is asked."""
    outcome = await github(Always(status, body)).create_issue(TARGET, DRAFT, yes)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.code) == expected


async def test_a_limit_says_how_long_to_wait() -> None:
    """And nothing was written."""
    limited = Always(403, {"message": "secondary rate limit"}, {"Retry-After": "30"})

    outcome = await github(limited).create_issue(TARGET, DRAFT, yes)

    assert isinstance(outcome, RateLimited)
    assert outcome.wait_s == 30


@pytest.mark.parametrize("name", ["org/../user", "org", "org/a/b", "org/a?b", "org/a%2fb", "/x"])
async def test_a_path_that_would_lead_elsewhere_is_a_mistake_of_ours(name: str) -> None:
    """Nothing is sent to it."""
    with pytest.raises(ValueError, match="repository"):
        await github(Always(200, {})).read_repository(name)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "tökn"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    """The start stops; the message has no secret in it."""
    with pytest.raises(ValueError, match="token for GitHub") as raised:
        HttpGitHub(token, API)

    assert not token or token not in str(raised.value)


def test_the_token_is_in_no_repr() -> None:
    """Not of the client, and not of what it holds."""
    client = github(Always(200, {}))

    assert TOKEN not in repr(client) + repr(vars(client)) + repr(client._http.headers)
