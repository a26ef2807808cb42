"""The page before a real server: what it refuses, what its keys hold, and what is asked of it at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from valkey.asyncio import Valkey

from monarch.app.page import page_of
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import settings_from

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_visitor(server: EmbeddedValkey, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client on the machine of a page with this server."""
    known = settings_from({"VALKEY_URL": server.url, **settings})
    async with page_of(known) as served, served.page.living():
        transport = httpx.ASGITransport(served.app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as visitor:
            yield visitor


@pytest.fixture
async def _no_more_clients(client: Valkey) -> AsyncIterator[None]:
    """No other client is let in."""
    usual = (await client.config_get("maxclients"))["maxclients"]
    await client.config_set("maxclients", 1)
    yield
    await client.config_set("maxclients", usual)


@pytest.mark.usefixtures("_no_more_clients")
@pytest.mark.parametrize("path", ["/", "/dead", "/acts/pause", "/receipts/x"])
async def test_a_server_that_lets_no_more_clients_in_answers_and_refuses(
    server: EmbeddedValkey, path: str
) -> None:
    """The words "Valkey does not answer" sent people to its process, which is well; `maxclients` is what to raise."""
    async with a_visitor(server) as visitor:
        answer = await visitor.get(path)

    assert answer.status_code == 503
    assert "Valkey refuses what it is asked" in answer.text
    assert "max number of clients reached" in answer.text
    assert "maxclients" in answer.text
    assert "does not answer" not in answer.text


@pytest.mark.usefixtures("client")
async def test_acts_that_are_asked_for_at_once_wait_for_their_turn(server: EmbeddedValkey) -> None:
    """All but the first answered 503: "Valkey does not answer: ConnectionError: Too many connections"."""
    answers: list[int] = []
    async with a_visitor(server) as visitor, anyio.create_task_group() as tasks:

        async def look() -> None:
            answers.append((await visitor.get("/acts/pause")).status_code)

        for _ in range(10):
            tasks.start_soon(look)

    assert answers == [200] * 10


async def test_an_update_of_a_request_that_cannot_be_read_names_its_key(
    server: EmbeddedValkey, client: Valkey
) -> None:
    """The page said that no such request is known."""
    key = "{monarch}:request:1795630000000-0"
    await client.set(key, "text")
    nowhere = {"GH_PAT": "ghp_x", "GITHUB_API_URL": "http://127.0.0.1:1"}

    async with a_visitor(server, **nowhere) as visitor:
        headers = {"Accept": "application/json"}
        answer = await visitor.get("/requests/1795630000000-0/update", headers=headers)

    assert f"The key {key} holds something else" in answer.json()["error"]
    assert "is known" not in answer.text
