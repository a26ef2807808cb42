"""Live views, over real HTTP: frames, signs of life, the four states' server side, and bounds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import httpx
import pytest

from monarch.telemetry import Snapshot, Telemetry
from monarch.web import connections
from monarch.web.page import hub, live
from monarch.web.page.sights import PageRequest, Sight
from tests.web.asking import HOST, asking_on
from tests.web.doubles import Given, paging


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here waits for a second."""
    monkeypatch.setattr(hub, "EVERY_S", 0.01)
    monkeypatch.setattr(hub, "REST", 0.0)
    monkeypatch.setattr(live, "BEAT_S", 0.05)


@dataclass
class Event:
    """One event of a stream; `name` is `""` for a frame."""

    name: str
    data: str
    id: str


@asynccontextmanager
async def reading(
    client: httpx.AsyncClient, address: str = "/live/"
) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of a live view."""
    async with client.stream("GET", address, timeout=10) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, list[str]] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields.setdefault(name, []).append(value)
        elif fields:
            parts = {name: "\n".join(values) for name, values in fields.items()}
            fields = {}
            yield Event(parts.get("event", ""), parts.get("data", ""), parts.get("id", ""))


async def until(events: AsyncIterator[Event], name: str) -> Event:
    """The next event of that name."""
    async for event in events:
        if event.name == name:
            return event
    raise AssertionError(name)


async def test_a_change_is_a_frame_and_no_change_is_a_beat(telemetry: Telemetry) -> None:
    """Live: the first frame comes at once, the next one when something is different."""
    source = Given()
    async with paging(source, telemetry) as (client, _), reading(client) as events:
        first = await until(events, "")
        beat = await until(events, "beat")
        source.fleet = Snapshot(0, (), workers=7, replicas=7)
        second = await until(events, "")

    assert "1 worker, 1 listening" in first.data
    assert json.loads(beat.data)["at"] >= int(first.id)
    assert "7 workers, 7 listening" in second.data
    assert int(second.id) >= int(first.id)


async def test_a_frame_is_what_the_page_shows(telemetry: Telemetry) -> None:
    """A stream never says something else than a reload would."""
    async with paging(Given(), telemetry) as (client, _):
        page = await client.get("/")
        async with reading(client) as events:
            frame = await until(events, "")

    assert frame.data.strip() in page.text


async def test_a_valkey_that_goes_away_is_told_and_its_return_too(telemetry: Telemetry) -> None:
    """Connected, but what is seen is old; then a frame, also where nothing has changed meanwhile."""
    source = Given()
    async with paging(source, telemetry) as (client, _), reading(client) as events:
        await until(events, "")
        source.is_away = True
        away = await until(events, "away")
        source.is_away = False
        back = await until(events, "")

    assert "connection refused" in json.loads(away.data)["why"]
    assert "1 worker" in back.data


async def test_a_stopping_worker_says_goodbye(telemetry: Telemetry) -> None:
    """So that the page connects again at once, to another one."""
    async with paging(Given(), telemetry) as (client, page), reading(client) as events:
        await until(events, "")
        page.hub.stopped.set()
        await until(events, "bye")
        rest = [event async for event in events]

    assert rest == []


async def test_an_open_stream_does_not_hold_a_worker_up(telemetry: Telemetry) -> None:
    """The end of the page ends every stream, before the server waits for them."""
    ended = anyio.Event()
    async with anyio.create_task_group() as tasks:

        async def read(port: int, is_read: anyio.Event) -> None:
            async with asking_on(port) as client, reading(client) as events:
                await until(events, "")
                is_read.set()
                await until(events, "bye")
            ended.set()

        async with paging(Given(), telemetry) as (client, _):
            is_read = anyio.Event()
            tasks.start_soon(read, client.base_url.port or 0, is_read)
            await is_read.wait()
        await ended.wait()


async def test_live_views_take_a_tenth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rendering of one second was followed by a rest of two, so the page took a third."""
    worked_s, rests = iter(range(1000)), list[float]()
    rested = anyio.Event()

    async def rest(seconds: float) -> None:
        if seconds >= 1:
            rests.append(seconds)
            rested.set()
        await anyio.lowlevel.checkpoint()

    async def read(_: object) -> Sight | None:
        return None

    monkeypatch.setattr(hub, "REST", 9.0)
    monkeypatch.setattr(hub, "_worked_s", lambda: next(worked_s))
    monkeypatch.setattr(hub, "_rest", rest)
    views = hub.Hub(read, lambda _sight, _now_ms: "")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(views.run)
        with views.reading(PageRequest("fleet", "/")):
            await rested.wait()
        tasks.cancel_scope.cancel()

    assert rests[0] == 9.0


async def test_a_page_that_nobody_looks_at_costs_nothing(telemetry: Telemetry) -> None:
    """Once the last reader has gone Valkey is asked nothing."""
    source = Given()
    async with paging(source, telemetry) as (client, page):
        assert source.asked == 0
        async with reading(client) as events:
            await until(events, "")
        while page.hub.readers:
            await anyio.lowlevel.checkpoint()
        await client.get("/ready")
        before = source.asked
        for _time in range(50):
            await client.get("/ready")

    assert source.asked <= before + 1


async def test_readers_of_one_view_share_its_frames(telemetry: Telemetry) -> None:
    """Twenty readers are rendered for once."""
    source = Given()
    drawn: list[int] = []
    async with paging(source, telemetry) as (client, page):
        draw = page.hub._draw

        def counted(sight: Sight, now_ms: int) -> str:
            drawn.append(now_ms)
            return draw(sight, now_ms)

        page.hub._draw = counted
        async with anyio.create_task_group() as tasks:
            for _reader in range(20):
                tasks.start_soon(_read_a_frame, client)

    assert 0 < len(drawn) < 20


async def _read_a_frame(client: httpx.AsyncClient) -> None:
    async with reading(client) as events:
        await until(events, "")


async def test_beyond_the_bound_a_reader_is_asked_to_reload(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page itself is still there."""
    monkeypatch.setattr(hub, "READERS", 1)
    async with paging(Given(), telemetry) as (client, _), reading(client) as events:
        await until(events, "")
        refused = await client.get("/live/")
        page = await client.get("/")

    assert (refused.status_code, page.status_code) == (503, 200)


async def test_a_reader_who_takes_nothing_is_let_go(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His frames would pile up in the worker's memory."""
    monkeypatch.setattr(connections, "TAKEN_WITHIN_S", 0.05)
    source = Given()
    async with paging(source, telemetry) as (client, page):
        slow = await anyio.connect_tcp(HOST, client.base_url.port or 0)
        async with slow:
            await slow.send(b"GET /live/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await slow.receive(100)
            number = 0
            while page.hub.readers:
                number += 1
                source.fleet = Snapshot(
                    0, (), workers=1, paused=True, paused_by=f"{number}" * 50_000
                )
                await client.get("/ready")
