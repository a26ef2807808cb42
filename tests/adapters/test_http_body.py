"""Bodies have a bound: what is larger is refused there, and the event loop goes on turning meanwhile."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterable

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.github.retries import TRIES
from monarch.adapters.http_body import MAX_BYTES, TooLargeError, read_body
from monarch.adapters.http_send import TooLarge, new_client, send_once
from monarch.adapters.slack import HttpSlack
from monarch.core.card.messages import Words
from monarch.core.github.reply import Reply
from monarch.core.outcome import Code, Found, Permanent, Transient, Unknown
from monarch.ports import Unanswered
from tests.adapters.github.builders import DRAFT, PATIENT, TARGET, TOKEN, as_bytes, issue_json, yes
from tests.adapters.github.raw import answers, raw_server

MB = 1024 * 1024


def a_bomb(unpacked_mb: int = 1024) -> bytes:
    """A few packed bytes that unpack to a thousand times as many."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    beginning = packing.compress(b"") + packing.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block stands for itself, so that the same one may come again and again.
    block = packing.compress(bytes(MB)) + packing.flush(zlib.Z_FULL_FLUSH)
    return beginning + block * unpacked_mb


BOMB = a_bomb()


def on_the_wire(body: bytes, status: int = 200, *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


PACKED = on_the_wire(BOMB, 200, "Content-Encoding: gzip")


class Chunks(httpx.AsyncByteStream):
    """A body in these pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = list(pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """One after the other."""
        for piece in self._pieces:
            yield piece


def answer(*pieces: bytes, encoding: str = "") -> httpx.Response:
    """An answer whose body comes so."""
    headers = {"content-encoding": encoding} if encoding else {}
    return httpx.Response(200, headers=headers, stream=Chunks(pieces))


@given(body=st.binary(max_size=5000), piece=st.integers(1, 700), packed=st.booleans())
def test_a_body_comes_as_it_was_however_it_is_cut(body: bytes, piece: int, *, packed: bool) -> None:
    """Packed or not."""
    raw = gzip.compress(body) if packed else body
    pieces = [raw[at : at + piece] for at in range(0, len(raw), piece)]

    whole = answer(*pieces, encoding="gzip" if packed else "")

    assert anyio.run(read_body, whole) == body


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("gzip", b"not packed"),
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9]),
        ("br", b"x"),
        ("zstd", b"x"),
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_an_error_of_http(
    encoding: str, raw: bytes
) -> None:
    """Broken, cut off, or packed in a way that was not asked for."""
    with pytest.raises(httpx.DecodingError):
        await read_body(answer(raw, encoding=encoding))


async def test_the_bound_is_exact() -> None:
    """So much is read, and one byte more is not."""
    assert len(await read_body(answer(b"x" * 9, b"x"), limit=10)) == 10
    with pytest.raises(TooLargeError):
        await read_body(answer(b"x" * 9, b"xx"), limit=10)


async def test_a_megabyte_of_gzip_is_refused_at_the_bound() -> None:
    """Without eating memory, and with the event loop turning between the steps."""
    assert len(BOMB) < 1.1 * MB
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    tracemalloc.start()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(turn)
            with pytest.raises(TooLargeError):
                await read_body(answer(BOMB, encoding="gzip"))
            tasks.cancel_scope.cancel()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * MAX_BYTES
    assert turns > 100


async def test_the_deadline_holds_while_a_bomb_is_unpacked() -> None:
    """A deadline that has passed ends it at the next step."""
    with anyio.move_on_after(0) as deadline:
        await read_body(answer(BOMB, encoding="gzip"))

    assert deadline.cancelled_caught


async def test_over_a_connection_it_is_too_large_and_the_connection_is_closed() -> None:
    """What is left of it is not read."""
    async with raw_server(answers(PACKED)) as server, new_client(server.url, {}, None) as client:
        first = await send_once(client, "GET", "x", deadline_s=20)
        second = await send_once(client, "GET", "x", deadline_s=20)

    assert first == second == TooLarge("its answer is larger than 32 MB")
    assert len(server.received) == 2


async def test_an_ordinary_packed_answer_is_read() -> None:
    """It is what is asked for, and the connection goes on."""
    raw = on_the_wire(gzip.compress(b"[]"), 200, "Content-Encoding: gzip")
    async with raw_server(answers(raw)) as server, new_client(server.url, {}, None) as client:
        for _ in range(2):
            sent = await send_once(client, "GET", "x", deadline_s=5)
            assert isinstance(sent, Reply)
            assert sent.body == b"[]"

    assert len(server.received) == 1
    assert b"Accept-Encoding: gzip\r\n" in bytes(server.received[0])


async def test_a_read_that_is_too_large_fails_with_a_sentence_and_is_not_repeated() -> None:
    """It would come again."""
    async with (
        raw_server(answers(PACKED)) as server,
        HttpGitHub(TOKEN, server.url, patience=PATIENT) as github,
    ):
        read = await github.read_issue(TARGET, 1)

    assert TRIES > 1
    assert server.requests == 1
    assert read == Transient("GitHub could not be read: its answer is larger than 32 MB")


@pytest.mark.parametrize("status", [201, 422])
async def test_a_write_whose_answer_is_too_large_may_have_been_done(status: int) -> None:
    """The status came, and the body was not read to its end."""
    raw = on_the_wire(BOMB, status, "Content-Encoding: gzip")
    async with (
        raw_server(answers(raw)) as server,
        HttpGitHub(TOKEN, server.url, patience=PATIENT) as github,
    ):
        written = await github.create_issue(TARGET, DRAFT, yes)

    assert isinstance(written, Unknown)
    assert "larger than 32 MB" in written.reason


async def test_slacks_answers_have_the_same_bound() -> None:
    """It may be posted."""
    async with raw_server(answers(PACKED)) as server, HttpSlack("xoxb-1", server.url) as slack:
        posted = await slack.post("C1", Words("text"))

    assert isinstance(posted, Unanswered)
    assert "larger than 32 MB" in posted.reason


@pytest.mark.parametrize(("bound", "found"), [(10_000, False), (10_000_000, True)])
async def test_a_whole_listing_has_a_bound_as_well(
    monkeypatch: pytest.MonkeyPatch, bound: int, *, found: bool
) -> None:
    """Page after page stays below the other one."""
    monkeypatch.setattr("monarch.adapters.github.reads.MAX_LISTING", bound)
    pages = iter(range(1, 51))

    def page(request: httpx.Request) -> httpx.Response:
        number = next(pages)
        link = f'<{request.url.copy_set_param("page", number + 1)}>; rel="next"'
        headers = {"link": link} if number < 50 else {}
        return httpx.Response(200, headers=headers, content=as_bytes([issue_json(number)]))

    transport = httpx.MockTransport(page)
    async with HttpGitHub(TOKEN, "https://api.example", transport=transport) as github:
        listing = await github.list_issues(TARGET)

    if found:
        assert isinstance(listing, Found)
        assert len(listing.value) == 50
    else:
        assert isinstance(listing, Permanent)
        assert listing.code is Code.LISTING_UNCLEAR
        assert "larger than" in listing.reason
