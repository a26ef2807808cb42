"""Every fault, acted out over real sockets."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from monarch.sandbox import faults
from monarch.sandbox.faults import Match

if TYPE_CHECKING:
    from monarch.sandbox.control.client import SandboxClient


ISSUES = "repos/org/team-a/issues"
POST = Match(api="github", method="POST")


async def created(sandbox: SandboxClient) -> int:
    """How many issues came through the API."""
    state = await sandbox.state()
    return len([i for repo in state.repositories.values() for i in repo.issues if i.by_api])


async def post(github: httpx.AsyncClient, title: str = "x") -> httpx.Response:
    """Create an issue."""
    return await github.post(ISSUES, json={"title": title})


async def abandon(sandbox: SandboxClient, github: httpx.AsyncClient, fault: int) -> None:
    """Create an issue, and go as soon as that call has met the fault."""
    async with anyio.create_task_group() as group:
        group.start_soon(post, github)
        assert await sandbox.wait(fault=fault, pending=1, method="POST")
        group.cancel_scope.cancel()


async def raw_post(sandbox: SandboxClient) -> bytes:
    """Create an issue over a bare socket and return every byte that comes back."""
    address = urlsplit(sandbox.base_url)
    body = b'{"title": "raw"}'
    request = (
        b"POST /github/repos/org/team-a/issues HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\n"
        b"Authorization: Bearer ghp_bot\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    received = b""
    async with await anyio.connect_tcp(str(address.hostname), address.port or 0) as stream:
        await stream.send(request + body)
        try:
            while True:
                received += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return received


async def test_an_answer_has_no_effect(sandbox: SandboxClient, github: httpx.AsyncClient) -> None:
    """Whatever it says is answered, text or JSON, and nothing is done."""
    await sandbox.add_fault(faults.Answer(status=502, body="<html>unicorn</html>"), match=POST)
    await sandbox.add_fault(
        faults.Answer(status=429, headers={"Retry-After": "7"}, body={"message": "slow"}),
        match=POST,
    )
    first, second = await post(github), await post(github)

    assert (first.status_code, first.text) == (502, "<html>unicorn</html>")
    assert first.headers["content-type"].startswith("text/html")
    assert (second.status_code, second.json()) == (429, {"message": "slow"})
    assert second.headers["retry-after"] == "7"
    assert await created(sandbox) == 0
    assert (await post(github)).status_code == 201


async def test_an_answer_after_has_its_effect(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """GitHub does answer 502 for things that it did."""
    await sandbox.add_fault(faults.AnswerAfter(body="<html/>"), match=POST)

    assert (await post(github)).status_code == 502
    assert await created(sandbox) == 1


@pytest.mark.parametrize(("action", "effects"), [(faults.DropBefore(), 0), (faults.DropAfter(), 1)])
async def test_a_dropped_connection_carries_not_one_byte(
    sandbox: SandboxClient, action: faults.Action, effects: int
) -> None:
    """Over a bare socket: closed, nothing received, effect or none as told."""
    await sandbox.add_fault(action, match=POST)

    assert await raw_post(sandbox) == b""
    assert await created(sandbox) == effects
    assert [entry.outcome for entry in await sandbox.log()] == ["dropped"]


async def test_a_dropped_connection_is_a_protocol_error_for_httpx(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """Also on a connection that was used before; the next call is served again."""
    assert (await post(github)).status_code == 201
    await sandbox.add_fault(faults.DropAfter(), match=POST)

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await post(github)
    assert (await post(github)).status_code == 201
    assert await created(sandbox) == 3


async def test_a_delay_comes_before_the_effect(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """The answer is right, only late; the effect happens though the client has gone."""
    fault = await sandbox.add_fault(faults.Delay(seconds=0.2), match=POST)
    await abandon(sandbox, github, fault)

    assert await sandbox.wait(created=1)


async def test_a_hang_before_ends_with_its_client(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """No effect, and the log says that nothing was answered."""
    fault = await sandbox.add_fault(faults.HangBefore(), match=POST)
    await abandon(sandbox, github, fault)

    assert await sandbox.wait(calls=1, method="POST", outcome="dropped")
    assert await created(sandbox) == 0


@pytest.mark.parametrize(
    "action", [faults.HangBefore(), faults.HangAfter(), faults.Hold(), faults.Hold(after=True)]
)
async def test_whoever_is_stopped_goes_on_when_released(
    sandbox: SandboxClient, github: httpx.AsyncClient, action: faults.Action
) -> None:
    """The effect is there before the release exactly if the action says after."""
    fault = await sandbox.add_fault(action, match=POST)
    async with anyio.create_task_group() as group:
        answers: list[int] = []

        async def write() -> None:
            answers.append((await post(github)).status_code)

        group.start_soon(write)
        assert await sandbox.wait(fault=fault, pending=1, method="POST")
        is_after = action in (faults.HangAfter(), faults.Hold(after=True))
        assert await created(sandbox) == int(is_after)
        await sandbox.release(fault)

    assert answers == [201]
    assert await created(sandbox) == 1


async def test_a_held_call_has_its_effect_though_its_client_has_gone(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """GitHub acting late, on a request whose sender gave up."""
    fault = await sandbox.add_fault(faults.Hold(), match=POST)
    await abandon(sandbox, github, fault)
    assert await created(sandbox) == 0
    await sandbox.release(fault)

    assert await sandbox.wait(created=1, repo="org/team-a")


async def test_taking_a_rule_away_lets_go_whoever_it_holds(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """By id or all together."""
    for all_of_them in (False, True):
        fault = await sandbox.add_fault(faults.Hold(), match=POST)
        async with anyio.create_task_group() as group:
            group.start_soon(post, github)
            assert await sandbox.wait(fault=fault)
            await sandbox.remove_faults(None if all_of_them else fault)

    assert await created(sandbox) == 2
    assert await sandbox.faults() == []


async def test_a_truncated_body_breaks_off_or_does_not_parse(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """Unframed the connection ends too early; framed the reply is whole and the JSON is not."""
    await sandbox.add_fault(faults.Truncate(), match=POST)
    await sandbox.add_fault(faults.Truncate(framed=True), match=POST)

    with pytest.raises(httpx.RemoteProtocolError):
        await post(github)
    framed = await post(github)
    assert (framed.status_code, len(framed.content)) == (201, 20)
    assert await created(sandbox) == 2


async def test_a_wrong_content_type(sandbox: SandboxClient, github: httpx.AsyncClient) -> None:
    """The body is right, its label is not."""
    await sandbox.add_fault(faults.WrongContentType(value="text/plain"), match=POST)
    reply = await post(github)

    assert (reply.status_code, reply.headers["content-type"]) == (201, "text/plain")
    assert reply.json()["number"] == 1


async def test_the_nth_call_is_hit_and_counted(
    sandbox: SandboxClient, github: httpx.AsyncClient, slack: httpx.AsyncClient
) -> None:
    """Calls that do not match do not count."""
    fault = await sandbox.add_fault(faults.Answer(status=500), match=POST, nth=2)
    await github.get(ISSUES)
    await slack.post("auth.test")
    statuses = [(await post(github)).status_code for _ in range(3)]

    assert statuses == [201, 500, 201]
    [report] = await sandbox.faults()
    assert (report.id, report.matched, report.hits) == (fault, 3, 1)
    assert [entry.fault for entry in await sandbox.log()] == [None, None, None, fault, None]


async def test_replies_carry_a_date_and_survive_keep_alive(github: httpx.AsyncClient) -> None:
    """A client computes waits from the server's clock."""
    replies = [await github.get(ISSUES) for _ in range(3)]

    assert all("GMT" in reply.headers["date"] for reply in replies)


async def test_a_client_that_goes_in_the_middle_of_its_request_does_nothing(
    sandbox: SandboxClient,
) -> None:
    """Half a body is no call."""
    address = urlsplit(sandbox.base_url)
    with socket.create_connection((str(address.hostname), address.port or 0)) as connection:
        connection.sendall(b"POST /github/x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{")

    assert await sandbox.log() == []


async def test_a_bomb_is_small_on_the_wire_and_large_unpacked(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """A thousandth of what it unpacks to, and JSON all the same; nothing is done."""
    await sandbox.add_fault(faults.Bomb(megabytes=2), match=POST)
    answer = await post(github)

    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 10_000
    assert (len(answer.content), answer.json()) == (2_000_002, [])
    assert await created(sandbox) == 0
