"""Led by Sentinels: which of them is believed, and that a primary that was replaced is left at once."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from valkey.asyncio import Connection, Valkey
from valkey.asyncio.client import PubSub
from valkey.exceptions import ConnectionError as ConnectionLostError

from monarch.adapters.valkey.client.connection import classified, connected
from monarch.adapters.valkey.client.sentinel import ASK_WITHIN_S, CHECK_EVERY_S, Guide, Sentinels
from monarch.adapters.valkey.client.sockets import ServerPlace, place
from monarch.ports import StoreError
from scripts.fleet_machine.sentinels import WatchedValkey
from tests.tls import AUTHORITY, tls_in_front_of

NAME = "monarch"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedValkey]:
    """Two servers and three Sentinels; a primary writes on without its replica, so that it can be wrong."""
    with WatchedValkey(tmp_path_factory.mktemp("watched"), careful=False) as running:
        yield running


def led_by(watched: WatchedValkey) -> ServerPlace:
    """As the settings would say it."""
    addresses = tuple(("127.0.0.1", sentinel.port) for sentinel in watched.sentinels)
    return place("valkey://unused:1/0", Sentinels(addresses, NAME))


# ------------------------------------------------------------------------------- a real failover


async def test_a_server_that_is_a_replica_by_now_is_no_primary(watched: WatchedValkey) -> None:
    """The Sentinels may name it a moment too long; what counts is what it says itself."""
    told = Told(1, watched.replica.port)
    async with (
        guided(told) as guide,
        connected(replace(place("valkey://unused:1"), guide=guide), "tests") as it,
    ):
        with pytest.raises(StoreError, match="is no primary, it says 'slave'"):
            await _ping(it)


async def test_a_primary_that_was_replaced_is_left_though_it_still_answers(
    watched: WatchedValkey,
) -> None:
    """Forced, the old primary goes on confirming writes for ten seconds, and loses them all."""
    where = led_by(watched)
    async with connected(where, "tests") as client, connected(where, "ear") as listener:
        heard = listener.pubsub()
        await heard.subscribe("somewhere")
        await client.set("before", "1")
        old = watched.primary
        watched.failover()
        async with connected(old.url, "tests") as still:
            assert (await still.info("replication"))["role"] == "master"

        with anyio.fail_after(CHECK_EVERY_S + ASK_WITHIN_S):
            while await _port_of(client) != watched.primary.port:
                pass
        await client.set("after", "2")
        with pytest.raises(ConnectionLostError, match="no longer the primary"):
            await _listened(heard)
        async with connected(watched.primary.url, "tests") as new:
            assert await new.get("after") == b"2"
        await heard.aclose()  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped


async def test_a_name_that_no_sentinel_knows_is_said(watched: WatchedValkey) -> None:
    """Each of them has answered, and none with an address."""
    addresses = tuple(("127.0.0.1", sentinel.port) for sentinel in watched.sentinels)
    where = place("valkey://unused:1/0", Sentinels(addresses, "somebody"))

    async with connected(where, "tests") as client:
        with pytest.raises(StoreError, match=r"primary 'somebody' of .+ No such master"):
            await _ping(client)


async def _ping(client: Valkey) -> None:
    with classified("asking"):
        await client.ping()


async def _listened(heard: PubSub) -> None:
    while True:
        await heard.get_message(timeout=0.1)


async def _port_of(client: Valkey) -> int:
    return int((await client.config_get("port"))["port"])


# ----------------------------------------------------------------------------- whom to believe


class Told:
    """A Sentinel that says what the test sets, or nothing, and counts how often it was asked."""

    def __init__(self, epoch: int, port: int, *, silent: bool = False) -> None:
        self.epoch, self.port, self.silent = epoch, port, silent
        self.asked = 0

    async def answer(self, stream: SocketStream) -> None:
        """Answer one client until it goes."""
        async with stream:
            reader = BufferedByteReceiveStream(stream)
            try:
                while True:
                    await self._answer(stream, await _command(reader))
            except (anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    async def _answer(self, stream: SocketStream, command: list[bytes]) -> None:
        if self.silent:
            return
        if command[:2] == [b"SENTINEL", b"MASTER"]:
            self.asked += 1
            await stream.send(_packed(b"config-epoch", b"%d" % self.epoch))
        elif command[0] == b"SENTINEL":
            await stream.send(_packed(b"127.0.0.1", b"%d" % self.port))
        else:
            await stream.send(b"+OK\r\n")


async def _command(reader: BufferedByteReceiveStream) -> list[bytes]:
    async def line() -> bytes:
        return await reader.receive_until(b"\r\n", 1024)

    words = []
    for _ in range(int((await line())[1:])):
        await line()
        words.append(await line())
    return words


def _packed(*words: bytes) -> bytes:
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n%s" % (len(words), b"".join(parts))


@asynccontextmanager
async def listening(*told: Told) -> AsyncIterator[tuple[tuple[str, int], ...]]:
    """The addresses of these."""
    async with AsyncExitStack() as stack:
        listeners = [
            await stack.enter_async_context(await anyio.create_tcp_listener(local_host="127.0.0.1"))
            for _ in told
        ]
        tasks = await stack.enter_async_context(anyio.create_task_group())
        for listener, one in zip(listeners, told, strict=True):
            tasks.start_soon(listener.serve, one.answer)
        ports = [each.extra(SocketAttribute.local_port) for each in listeners]  # noqa: S610  # anyio's, not Django's
        yield tuple(("127.0.0.1", port) for port in ports)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def guided(*told: Told, now: Callable[[], float] = time.monotonic) -> AsyncIterator[Guide]:
    """A guide that asks these."""
    async with listening(*told) as addresses:
        yield Guide(Sentinels(addresses, NAME), Connection, {}, now)


async def test_the_newest_configuration_is_believed() -> None:
    """A Sentinel that was cut off still names the primary of before."""
    async with guided(Told(7, 2), Told(6, 1, silent=True), Told(6, 1)) as guide:
        assert await guide.locate() == ("127.0.0.1", 2)


async def test_one_that_is_silent_costs_no_time_when_the_others_answer() -> None:
    """Behind a black hole nothing comes back; two of three are enough."""
    async with guided(Told(1, 1, silent=True), Told(1, 1), Told(1, 1)) as guide:
        with anyio.fail_after(ASK_WITHIN_S / 2):
            assert await guide.locate() == ("127.0.0.1", 1)


async def test_when_all_are_silent_it_is_said_in_time() -> None:
    """The lease outlives the question."""
    async with guided(Told(1, 1, silent=True), Told(1, 1, silent=True)) as guide:
        with anyio.fail_after(ASK_WITHIN_S + 1), pytest.raises(ConnectionLostError, match="answer"):
            await guide.locate()


async def test_an_address_counts_for_a_second_and_is_kept_when_nobody_answers() -> None:
    """Sentinels that are away are no reason to leave a primary that works."""
    clock = [0.0]
    told = Told(1, 1)
    async with guided(told, now=lambda: clock[0]) as guide:
        here = await guide.locate()
        assert not await guide.has_moved_from(here)
        assert told.asked == 1
        clock[0] += CHECK_EVERY_S
        told.silent = True
        assert not await guide.has_moved_from(here)
        told.silent, told.port, told.epoch = False, 2, 2
        assert not await guide.has_moved_from(here)
        clock[0] += CHECK_EVERY_S

        assert await guide.has_moved_from(here)


async def test_sentinels_are_asked_by_tls_where_the_address_says_so() -> None:
    """Where the way to the data is encrypted, so is the way to the Sentinels."""
    async with listening(Told(1, 7)) as [(_, port)]:
        with tls_in_front_of(port) as by_tls:
            asked = Sentinels((("127.0.0.1", by_tls),), NAME)
            guide = place(f"valkeys://unused?ssl_ca_certs={AUTHORITY}", asked).guide
            assert guide is not None

            assert await guide.locate() == ("127.0.0.1", 7)
