"""The two servers, over real HTTP."""

import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
import pytest
from anyio.abc import SocketStream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monarch.core.delivery import Stream
from monarch.ports import StoreError
from monarch.telemetry import Snapshot, StreamSnapshot, Telemetry
from monarch.web import connections, server
from monarch.web.door.guard import Guard
from monarch.web.door.visit import Doors
from monarch.web.server import health_app, listening_on, metrics_app, serving
from tests.web.asking import HOST, asking, asking_on


async def well() -> Snapshot:
    """Valkey answers, and nothing stops the fleet."""
    return Snapshot(0, (), workers=1, replicas=1)


async def away() -> Snapshot:
    """Valkey does not."""
    message = "connection refused"
    raise StoreError(message)


async def silent() -> Snapshot:
    """Valkey is behind a black hole."""
    await anyio.sleep_forever()
    return Snapshot(0, ())


def answering(snapshot: Snapshot) -> Callable[[], Awaitable[Snapshot]]:
    """A fleet that stands like this."""

    async def answer() -> Snapshot:
        return snapshot

    return answer


async def test_a_scrape_shows_counters_and_the_fleet(telemetry: Telemetry) -> None:
    """The gauges are those of this very moment."""
    telemetry.message_heard(size_bytes=1)
    snapshot = Snapshot(0, (StreamSnapshot(Stream.REQUESTS, length=4),))

    async with asking(metrics_app(telemetry, answering(snapshot))) as client:
        answer = await client.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "monarch_messages_heard_total 1.0" in answer.text
    assert 'monarch_stream_length{stream="requests"} 4.0' in answer.text
    assert "monarch_valkey_up 1.0" in answer.text


@pytest.mark.parametrize("trouble", [away, silent])
async def test_a_scrape_without_valkey_shows_the_counters(
    telemetry: Telemetry,
    trouble: Callable[[], Awaitable[Snapshot]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What this process counted is known without anybody."""
    monkeypatch.setattr(server, "ASK_WITHIN_S", 0.05)
    telemetry.message_heard(size_bytes=1)

    async with asking(metrics_app(telemetry, trouble)) as client:
        answer = await client.get("/metrics")

    assert "monarch_messages_heard_total 1.0" in answer.text
    assert "monarch_valkey_up 0.0" in answer.text


@pytest.mark.parametrize(("snapshot", "status"), [(well, 200), (away, 503), (silent, 503)])
async def test_health_asks_valkey(
    telemetry: Telemetry,
    snapshot: Callable[[], Awaitable[Snapshot]],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker without Valkey is no worker."""
    monkeypatch.setattr(server, "ASK_WITHIN_S", 0.05)
    telemetry.loop_progressed(name="requests")

    async with asking(health_app(telemetry, lambda: True, snapshot)) as client:
        answer = await client.get("/health")

    assert answer.status_code == status
    assert answer.json()["valkey_connected"] is (status == 200)
    assert "requests" in answer.json()["loops_seconds_ago"]


async def test_health_says_what_a_valkey_that_refuses_wants(telemetry: Telemetry) -> None:
    """A password that the worker lacks was an outage that ends by itself."""
    remedy = "Correct VALKEY_USERNAME and VALKEY_PASSWORD, or those in VALKEY_URL."

    async def refused() -> Snapshot:
        message = "reading the fleet: AuthenticationError: invalid username-password pair"
        raise StoreError(message, remedy=remedy)

    async with asking(health_app(telemetry, lambda: True, refused)) as client:
        answer = await client.get("/health")

    (obstacle,) = answer.json()["obstacles"]
    assert answer.status_code == 503
    assert (obstacle["cause"], obstacle["advice"]) == ("valkey_refuses", remedy)
    assert "invalid username-password pair" in obstacle["words"]


async def test_ready_follows_the_worker(telemetry: Telemetry) -> None:
    """Asked each time, not remembered."""
    taking = [True]

    async with asking(health_app(telemetry, lambda: taking[0], well)) as client:
        before = await client.get("/ready")
        taking[0] = False
        after = await client.get("/ready")

    assert (before.status_code, after.status_code) == (200, 503)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_what_is_there_to_be_looked_at_says_so(
    telemetry: Telemetry, path: str, method: str
) -> None:
    """The page behind it took the other methods: it spoke of a button to press, and allowed POST."""
    page = Guard(PlainTextResponse("the page"), Doors())
    app = health_app(telemetry, lambda: True, well, page)
    async with asking(metrics_app(telemetry, well) if path == "/metrics" else app) as client:
        refused = await client.request(method, path)
        looked = await client.head(path)

    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert refused.text == "Only GET and HEAD are answered at this address.\n"
    assert (looked.status_code, looked.text) == (200, "")


async def test_without_a_page_no_other_address_is_known(telemetry: Telemetry) -> None:
    """Health and readiness need none."""
    async with asking(health_app(telemetry, lambda: True, well)) as client:
        answer = await client.get("/")

    assert answer.status_code == 404


async def test_the_port_of_metrics_says_where_the_rest_is(telemetry: Telemetry) -> None:
    """It said "Not Found" to a browser that had been sent to the wrong one of two ports."""
    async with asking(metrics_app(telemetry, well)) as client:
        answer = await client.get("/health")

    assert answer.status_code == 404
    assert "the page, /health and /ready are on MONARCH_WEB_PORT" in answer.text


def test_an_address_in_use_is_an_error_to_be_told() -> None:
    """The caller can say which setting to change."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(OSError, match="in use"):
            listening_on(HOST, port)


def test_a_port_is_held_before_anything_is_served() -> None:
    """Another process listened first, and the worker ended later with a traceback: its own listening failed in silence."""
    with listening_on(HOST, 0) as listener, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(listener.getsockname())


async def test_signals_stay_the_programs(telemetry: Telemetry) -> None:
    """The worker drains on SIGTERM; a web server must not take it away."""
    before = signal.getsignal(signal.SIGTERM)

    async with asking(health_app(telemetry, lambda: True, well)):
        during = signal.getsignal(signal.SIGTERM)

    assert during is before


async def test_a_cancelled_program_frees_its_port(telemetry: Telemetry) -> None:
    """The next process can listen at once."""
    ports: list[int] = []

    with anyio.CancelScope() as scope:
        async with serving(
            health_app(telemetry, lambda: True, well), listening_on(HOST, 0)
        ) as port:
            ports.append(port)
            scope.cancel()
            await anyio.sleep_forever()

    with socket.create_server((HOST, ports[0])) as again:
        assert again.getsockname()[1] == ports[0]


async def test_idle_connections_make_room_for_a_probe(telemetry: Telemetry) -> None:
    """Each stranger who sends half a request and waits is let go when another one comes."""
    app = health_app(telemetry, lambda: True, well)
    let_go, many = 0, anyio.Event()

    async def wait(stranger: SocketStream) -> None:
        nonlocal let_go
        async with stranger:
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                await stranger.send(b"GET /health HTTP/1.1\r\nHost: a\r\n")
                await stranger.receive()
        let_go += 1
        if let_go == 2 * connections.MOST:
            many.set()

    async with serving(app, listening_on(HOST, 0)) as port, anyio.create_task_group() as tasks:
        for _ in range(3 * connections.MOST):
            tasks.start_soon(wait, await anyio.connect_tcp(HOST, port))
        async with asking_on(port) as client:
            answer = await client.get("/health")
        await many.wait()
        tasks.cancel_scope.cancel()

    assert answer.status_code == 200


async def test_half_a_request_is_ended_after_a_while(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the connection has been used before."""
    monkeypatch.setattr(connections, "REQUEST_WITHIN_S", 0.1)
    app = health_app(telemetry, lambda: True, well)
    async with (
        serving(app, listening_on(HOST, 0)) as port,
        await anyio.connect_tcp(HOST, port) as one,
    ):
        await one.send(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\nGET /he")
        answer = await one.receive()
        while b"}" not in answer:
            answer += await one.receive()
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await one.receive()

    assert b"200 OK" in answer


async def test_who_asks_is_who_is_connected() -> None:
    """A header does not make a visitor of this machine into a trusted proxy of another network."""

    async def peer(request: Request) -> Response:
        return PlainTextResponse(request.client.host if request.client else "")

    async with asking(Starlette(routes=[Route("/", peer)])) as client:
        headers = {"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"}

        assert (await client.get("/", headers=headers)).text == HOST
