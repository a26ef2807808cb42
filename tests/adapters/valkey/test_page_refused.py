"""The page before a real server that refuses it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from valkey.asyncio import Valkey

from monarch.app.page import page_of
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import settings_from

pytestmark = pytest.mark.anyio


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
    async with page_of(settings_from({"VALKEY_URL": server.url})) as served, served.page.living():
        transport = httpx.ASGITransport(served.app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get(path)

    assert answer.status_code == 503
    assert "Valkey refuses what it is asked" in answer.text
    assert "max number of clients reached" in answer.text
    assert "maxclients" in answer.text
    assert "does not answer" not in answer.text
