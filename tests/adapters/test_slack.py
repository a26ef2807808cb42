"""Slack: what an answer means, and that nothing is said twice."""

import json
import socket
from typing import Any, get_args

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monarch.adapters.slack import Answer, HttpSlack, NoSlack
from monarch.adapters.slack_errors import ERRORS, Meaning, meaning_of
from monarch.core.card.messages import Words
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.ports import Gone, Posted, Slack, Unanswered
from monarch.sandbox.process import running_sandbox
from tests.adapters.github.raw import Behaviour, answers, drops_after, hangs, raw_server, reply
from tests.sandbox.world import a_seed

DOCUMENTED = [
    "access_denied",
    "accesslimited",
    "account_inactive",
    "app_access_restricted",
    "as_user_not_supported",
    "attachment_payload_limit_exceeded",
    "block_mismatch",
    "cannot_reply_to_message",
    "cant_broadcast_message",
    "cant_update_message",
    "channel_not_found",
    "deprecated_endpoint",
    "duplicate_channel_not_found",
    "duplicate_message_not_found",
    "edit_window_closed",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "external_channel_migrating",
    "fatal_error",
    "internal_error",
    "invalid_arg_name",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_attachments",
    "invalid_auth",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_form_data",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_post_type",
    "is_archived",
    "is_bot",
    "is_inactive",
    "markdown_text_conflict",
    "message_limit_exceeded",
    "message_not_found",
    "messages_tab_disabled",
    "metadata_must_be_sent_from_app",
    "metadata_too_large",
    "method_deprecated",
    "missing_file_data",
    "missing_post_type",
    "missing_scope",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_dual_broadcast_content_update",
    "no_permission",
    "no_text",
    "not_allowed_token_type",
    "not_authed",
    "not_in_channel",
    "org_login_required",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "service_unavailable",
    "slack_connect_canvas_sharing_blocked",
    "slack_connect_file_link_sharing_blocked",
    "slack_connect_lists_sharing_blocked",
    "streaming_state_conflict",
    "team_access_not_granted",
    "team_added_to_org",
    "team_not_found",
    "token_expired",
    "token_revoked",
    "too_many_attachments",
    "too_many_contact_cards",
    "two_factor_setup_required",
    "unknown_method",
    "update_failed",
]
"""Those of `chat.postMessage`, of `chat.update`, and those of every method."""

TOKEN = "xoxb-123456789-abcdefghi"
POSTED = b'{"ok":true,"channel":"C1","ts":"1503435956.000247"}'


def slack(
    status: int, body: bytes | dict[str, Any], headers: dict[str, str] | None = None
) -> HttpSlack:
    """A client whose every call is answered so."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    transport = httpx.MockTransport(
        lambda _: httpx.Response(status, headers=headers, content=content)
    )
    return HttpSlack(TOKEN, "https://slack.example/api", transport=transport)


def refusing(error: str, headers: dict[str, str] | None = None) -> HttpSlack:
    """A client whose every call is refused for this reason."""
    return slack(200, {"ok": False, "error": error}, headers)


async def post(behave: Behaviour, *, deadline_s: float = 5) -> tuple[Answer | Gone, int]:
    """Post once to a server that behaves so; the answer, and the requests that arrived."""
    async with raw_server(behave) as server:
        async with HttpSlack(TOKEN, server.url, deadline_s=deadline_s) as client:
            answer = await client.post("C1", Words("text"))
        return answer, server.requests


async def test_a_refusal_that_repeats_the_token_is_quoted_without_it() -> None:
    """Slack refuses with a 200, so that every answer is read with the same suspicion."""
    token = "no-shape-of-its-own-0123456789"
    content = json.dumps({"ok": False, "error": f"invalid_auth {token}"}).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))

    answer = await HttpSlack(token, "https://slack.example/api", transport=transport).post(
        "C1", Words("text")
    )

    assert isinstance(answer, Permanent)
    assert "invalid_auth ***" in answer.reason
    assert token not in repr(answer)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_post_leaves_as_slack_documents_it(slash: str) -> None:
    """JSON with its charset, no previews, and no names looked up."""
    async with raw_server(answers(reply("200 OK", POSTED))) as server:
        async with HttpSlack(TOKEN, f"{server.url}/api{slash}") as client:
            answer = await client.post("C1", Words("Fertig: <https://x.example|é>"))
        head, _, body = bytes(server.received[0]).partition(b"\r\n\r\n")

    line, *headers = head.decode("ascii").split("\r\n")
    assert answer == Posted("1503435956.000247", "C1")
    assert line == "POST /api/chat.postMessage HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}" in headers
    assert "Content-Type: application/json; charset=utf-8" in headers
    assert json.loads(body) == {
        "channel": "C1",
        "text": "Fertig: <https://x.example|é>",
        "blocks": [],
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


async def test_an_edit_names_its_message() -> None:
    """And says nothing about previews, which `chat.update` does not know."""
    async with raw_server(answers(reply("200 OK", b'{"ok":true}'))) as server:
        async with HttpSlack(TOKEN, server.url) as client:
            answer = await client.update("C1", "1.2", Words("text"))
        head, _, body = bytes(server.received[0]).partition(b"\r\n\r\n")

    assert answer == Posted("1.2", "C1")
    assert head.startswith(b"POST /chat.update ")
    assert json.loads(body) == {
        "channel": "C1",
        "ts": "1.2",
        "text": "text",
        "blocks": [],
        "parse": "none",
        "link_names": False,
    }


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(drops_after(b""), id="dropped"),
        pytest.param(drops_after(reply("200 OK", POSTED)[:-5]), id="cut off"),
        pytest.param(answers(reply("200 OK", POSTED[:-5])), id="cut JSON"),
        pytest.param(answers(reply("200 OK", b'{"ok":true}')), id="posted, but where?"),
        pytest.param(answers(reply("502 Bad Gateway", b"<html>")), id="502"),
        pytest.param(answers(reply("503 Busy", b'{"ok":false,"error":"x"}')), id="503"),
    ],
)
async def test_a_post_without_a_clear_answer_is_unanswered_and_not_repeated(
    behave: Behaviour,
) -> None:
    """It may be in the channel."""
    answer, requests = await post(behave)

    assert isinstance(answer, Unanswered)
    assert requests == 1


async def test_a_post_ends_with_its_deadline() -> None:
    """It may be in the channel."""
    answer, requests = await post(hangs, deadline_s=1)

    assert isinstance(answer, Unanswered)
    assert requests == 1


async def test_a_refused_connection_certainly_posted_nothing() -> None:
    """No server listens: it may be tried again."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with HttpSlack(TOKEN, f"http://127.0.0.1:{nobody.getsockname()[1]}") as client:
            answer = await client.post("C1", Words("text"))

    assert isinstance(answer, Transient)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("channel_not_found", "invite the app"),
        ("not_in_channel", "invite the app"),
        ("is_archived", "unarchive"),
        ("invalid_auth", "SLACK_BOT_TOKEN"),
        ("not_authed", "SLACK_BOT_TOKEN"),
        ("account_inactive", "SLACK_BOT_TOKEN"),
        ("token_revoked", "SLACK_BOT_TOKEN"),
        ("token_expired", "SLACK_BOT_TOKEN"),
        ("missing_scope", "chat:write"),
        ("no_permission", "chat:write"),
        ("restricted_action_read_only_channel", "chat:write"),
        ("msg_too_long", "release"),
        ("invalid_blocks_format", "release"),
    ],
)
async def test_a_permanent_refusal_dead_letters_the_notice_and_says_what_to_do(
    error: str, advice: str
) -> None:
    """That of a bad token too, so its scope is never the credential's."""
    answer = await refusing(error).post("C1", Words("text"))

    assert isinstance(answer, Permanent)
    assert (answer.scope, answer.code) == (Scope.REPOSITORY, Code.SLACK_REFUSED)
    assert error in answer.reason
    assert advice in answer.sentence


@pytest.mark.parametrize("error", DOCUMENTED)
async def test_every_documented_error_has_its_row(error: str) -> None:
    """Of both methods, as docs.slack.dev lists them: what a person must do, what passes, or nothing to do."""
    row = meaning_of(error)

    assert row is not None
    assert ERRORS[error] is row
    assert bool(row.advice.text) is (row.meaning in {Meaning.PERSON, Meaning.BLOCKS})


@pytest.mark.parametrize(
    "error",
    [e for e, row in ERRORS.items() if row.meaning in {Meaning.GONE, Meaning.FROZEN}],
)
async def test_a_message_that_cannot_be_edited_any_more_needs_nobody(error: str) -> None:
    """A person deleted it, or it is there for good. A post that is refused so is another matter."""
    answer = await refusing(error).update("C1", "1.2", Words("text"))

    assert isinstance(answer, Gone)
    assert answer.is_deleted == (ERRORS[error].meaning is Meaning.GONE)
    assert isinstance(await refusing(error).post("C1", Words("text")), Transient)
    assert isinstance(await refusing(error).post("C1", Words("text"), "1.1"), Gone)


BLOCKS = Words("in words", ({"type": "divider"},))


def picky(error: str, bodies: list[dict[str, Any]]) -> HttpSlack:
    """A Slack that refuses every message with blocks."""

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        if bodies[-1]["blocks"]:
            return httpx.Response(200, json={"ok": False, "error": error})
        return httpx.Response(200, json={"ok": True, "ts": "1.1", "channel": "C1"})

    return HttpSlack(TOKEN, "https://slack.example/api", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "error", [error for error, row in ERRORS.items() if row.meaning is Meaning.BLOCKS]
)
async def test_a_message_whose_blocks_slack_refuses_is_its_text_alone(error: str) -> None:
    """Posted and edited; an edit says so, or the old blocks would stay."""
    bodies: list[dict[str, Any]] = []
    client = picky(error, bodies)

    assert await client.post("C1", BLOCKS) == Posted("1.1", "C1")
    assert await client.update("C1", "1.1", BLOCKS) == Posted("1.1", "C1")

    assert [body["text"] for body in bodies] == ["in words"] * 4
    assert [body["blocks"] for body in bodies] == [[{"type": "divider"}], []] * 2


async def test_a_refusal_for_blocks_that_are_not_there_is_a_persons() -> None:
    """It is not sent a second time."""
    answer = await refusing("invalid_blocks").post("C1", Words("text"))

    assert isinstance(answer, Permanent)


async def test_a_reply_names_its_thread() -> None:
    """And whether the channel sees it; both calls look nothing up."""
    bodies: list[dict[str, Any]] = []
    client = picky("invalid_blocks", bodies)

    await client.post("C1", Words("text"), "1.1", broadcast=True)
    await client.update("C1", "1.1", Words("text"))

    assert (bodies[0]["thread_ts"], bodies[0]["reply_broadcast"]) == ("1.1", True)
    assert all((body["parse"], body["link_names"]) == ("none", False) for body in bodies)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("fatal_error", Unanswered),
        ("internal_error", Unanswered),
        ("service_unavailable", Transient),
        ("request_timeout", Transient),
        ("message_limit_exceeded", Transient),
        ("team_added_to_org", Transient),
        ("something_new", Transient),
        ("", Transient),
        ("ratelimited", RateLimited),
        ("rate_limited", RateLimited),
    ],
)
async def test_an_error_that_may_pass_is_not_permanent(error: str, expected: type[Any]) -> None:
    """And one after which the message may be there is not repeated blindly."""
    assert isinstance(await refusing(error).post("C1", Words("text")), expected)


@pytest.mark.parametrize(
    "body", [b'{"ok":false}', b'{"ok":false,"error":null}', b'{"ok":false,"error":{"code":1}}']
)
async def test_a_refusal_without_a_word_certainly_posted_nothing(body: bytes) -> None:
    """`ok` says it; a lost answer would be answered by a look, or by silence."""
    assert isinstance(await slack(200, body).post("C1", Words("text")), Transient)


async def test_a_post_is_there_even_if_its_channel_is_not_said() -> None:
    """The message can be edited by the channel that was asked for."""
    answer = await slack(200, b'{"ok":true,"ts":"1.2","channel":null}').post("C1", Words("text"))

    assert answer == Posted("1.2", "")


@pytest.mark.parametrize(
    ("header", "wait_s"), [("30", 30), ("0", 1), ("999999", 3600), ("soon", None), ("", None)]
)
async def test_a_limit_says_how_long_to_wait(header: str, wait_s: float | None) -> None:
    """In seconds, and within reason."""
    answer = await slack(429, b"", {"Retry-After": header}).post("C1", Words("text"))

    assert isinstance(answer, RateLimited)
    assert answer.wait_s == wait_s


@pytest.mark.parametrize("status", [302, 404, 405])
async def test_an_answer_that_is_not_slacks_points_to_the_address(status: int) -> None:
    """Nothing was posted, and nothing will be."""
    answer = await slack(status, b"<html>", {"Location": "/login"}).post("C1", Words("text"))

    assert isinstance(answer, Permanent)
    assert "SLACK_API_URL" in answer.sentence


async def test_without_a_token_every_notice_says_so() -> None:
    """Nothing is reported as sent."""
    silent: Slack = NoSlack()
    async with NoSlack():
        answers_ = [
            await silent.post("C1", Words("text")),
            await silent.update("C1", "1.2", Words("text")),
        ]

    for answer in answers_:
        assert isinstance(answer, Permanent)
        assert "SLACK_BOT_TOKEN is not set" in answer.reason


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    """The start stops; the message has no secret in it."""
    with pytest.raises(ValueError, match="token for Slack") as raised:
        HttpSlack(token)

    assert not token or token not in str(raised.value)


@settings(deadline=None)
@given(
    st.integers(200, 999),
    st.binary(max_size=40) | st.sampled_from([POSTED, b'{"ok":false}', b'{"ok":true,"ts":1}']),
    st.dictionaries(st.sampled_from(["Retry-After", "Location"]), st.text("0a:/[\x7f", max_size=9)),
)
def test_any_answer_is_an_outcome(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Nothing is raised, and nothing but a 2xx posts."""

    async def call() -> None:
        answer = await slack(status, body, headers).post("C1", Words("text"))

        assert isinstance(answer, get_args(Answer))
        assert not isinstance(answer, Posted) or status < 300

    anyio.run(call)


async def test_the_stand_in_takes_a_post_and_its_edit() -> None:
    """Over real HTTP, in a process of its own."""
    async with running_sandbox() as sandbox:
        await sandbox.seed(a_seed())
        async with HttpSlack("xoxb-bot", sandbox.slack_url) as client:
            posted = await client.post("C1", Words("one"))
            assert isinstance(posted, Posted)
            edited = await client.update("C1", posted.ts, Words("two"))
            elsewhere = await client.post("C2", Words("one"))

    assert edited == posted
    assert isinstance(elsewhere, Permanent)
