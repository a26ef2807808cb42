"""A connection that has just been closed, on the event loop that workers use; on asyncio's own the error is another one."""

from pathlib import Path
from typing import Any

import pytest
import uvloop
from valkey.asyncio import Connection

from monarch.adapters.valkey.client.connection import classified, connected
from monarch.adapters.valkey.client.sentinel import Guide, Sentinels
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.ports import StoreError
from monarch.sandbox.valkey import EmbeddedValkey


def close(connection: Any) -> None:
    """Between two commands, as a server that is killed does."""
    connection._writer.transport.abort()


def test_a_worker_that_is_stopped_while_valkey_closes_its_subscription_meets_store_trouble(
    tmp_path: Path,
) -> None:
    """It was a `RuntimeError`, and the worker ended with a traceback and status 1."""

    async def story() -> None:
        async with connected(server.url, "tests") as client:
            ear = client.pubsub()
            await ear.subscribe("anything")
            close(ear.connection)
            with pytest.raises(StoreError, match="unsubscribing"), classified("unsubscribing"):
                await ear.unsubscribe("anything")

    with EmbeddedValkey(tmp_path) as server:
        uvloop.run(story())


def test_a_script_on_a_connection_that_was_closed_meets_store_trouble() -> None:
    """Its batch is answered with that, and the next one is carried."""

    class _Client:
        def pipeline(self, *, transaction: bool) -> "_Client":
            assert not transaction
            return self

        def execute_command(self, *_: object) -> None:
            pass

        async def execute(self, *, raise_on_error: bool) -> list[object]:
            assert not raise_on_error
            raise RuntimeError(
                "unable to perform operation on <TCPTransport>; the handler is closed"
            )

    async def story() -> None:
        scripts = Scripts(_Client(), "{monarch}:")  # type: ignore[arg-type]  # it has what is asked of it
        for _ in range(2):
            with pytest.raises(StoreError, match="clock"):
                await scripts.call("clock", [Keys("tests").parked])

    uvloop.run(story())


def test_another_runtime_error_is_what_it_is() -> None:
    """A mistake of the program must not look like an outage."""
    with pytest.raises(RuntimeError, match="something else"), classified("anything"):
        raise RuntimeError("something else")


async def test_a_sentinel_whose_connection_was_closed_is_one_that_did_not_answer() -> None:
    """The others are asked; it was an error that nothing takes for an outage."""

    class _Guide(Guide):
        async def _ask(self, address: tuple[str, int]) -> Any:
            raise RuntimeError(f"{address}: the handler is closed")

    guide = _Guide(Sentinels((("127.0.0.1", 1),), "monarch"), Connection, {})

    with pytest.raises(StoreError, match="the handler is closed"), classified("asking"):
        await guide.locate()
