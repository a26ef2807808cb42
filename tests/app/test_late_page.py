"""The page of a worker that is loaded at its first look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse

from monarch.app import late_page, page
from monarch.app.late_page import LatePage
from monarch.settings import Settings, settings_from
from monarch.web.page import drawing
from monarch.web.server import listening_on, serving
from tests.web.asking import HOST, asking_on


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What becomes of the page, in order; it says `here` to each visitor."""
    told: list[str] = []

    @asynccontextmanager
    async def noted(name: str) -> AsyncIterator[None]:
        told.append(f"{name} begins")
        try:
            yield
        finally:
            told.append(f"{name} ends")

    @asynccontextmanager
    async def page_of(_: Settings) -> AsyncIterator[SimpleNamespace]:
        async with noted("page"):
            living = SimpleNamespace(living=lambda: noted("life"))
            yield SimpleNamespace(app=PlainTextResponse("here"), page=living)

    monkeypatch.setattr(page, "page_of", page_of)
    return told


@asynccontextmanager
async def a_worker() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the page, which stands as it does in a worker."""
    late = LatePage(settings_from({}))
    async with (
        late.opening(),
        serving(late, listening_on(HOST, 0)) as port,
        late.living(),
        asking_on(port) as client,
    ):
        yield client


async def test_a_page_that_nobody_looks_at_is_never_opened(told: list[str]) -> None:
    """It costs nothing."""
    async with a_worker():
        await anyio.wait_all_tasks_blocked()

    assert told == []


async def test_two_first_looks_open_the_page_once(told: list[str]) -> None:
    """Both are answered, and so is the next one; what was opened is closed behind the server."""
    answers: list[str] = []

    async def look(client: httpx.AsyncClient) -> None:
        answers.append((await client.get("/")).text)

    async with a_worker() as client:
        async with anyio.create_task_group() as looks:
            looks.start_soon(look, client)
            looks.start_soon(look, client)
        await look(client)
        await anyio.wait_all_tasks_blocked()

    assert answers == ["here"] * 3
    assert told == ["page begins", "life begins", "life ends", "page ends"]


async def test_a_page_that_cannot_be_loaded_fails_its_look_alone(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code may be replaced while the worker runs: the worker goes on, and so does the next look."""
    loads = iter([ImportError("half of it is newer")])

    def load() -> None:
        for error in loads:
            raise error

    monkeypatch.setattr(late_page, "_load", load)
    async with a_worker() as client:
        first, second = await client.get("/"), await client.get("/")

    assert (first.status_code, second.text) == (500, "here")
    assert told[0] == "page begins"


def test_what_a_page_is_drawn_with_is_loaded_with_it() -> None:
    """Beside the event loop: to read one template takes longer than a worker may stand still."""
    late_page._load()

    environment = drawing._environment()
    assert environment.cache is not None
    assert len(environment.cache) == len(environment.list_templates()) > 0
