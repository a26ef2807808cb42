"""A Valkey that fails over: what was confirmed is still there, under another primary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import valkey

from scripts.fleet_machine.sentinels import WatchedValkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monarch.sandbox.valkey import EmbeddedValkey

WITHIN_MS = 4_000


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedValkey]:
    """All five run."""
    with WatchedValkey(tmp_path) as running:
        yield running


def _client(server: EmbeddedValkey) -> valkey.Valkey:
    return valkey.Valkey.from_url(server.url, decode_responses=True, socket_timeout=5)


def test_the_replica_takes_over_by_handing_over_and_by_a_kill(watched: WatchedValkey) -> None:
    """What both servers have on disk survives either; the server that died comes back as the replica."""
    first = watched.primary
    with _client(first) as client:
        client.set("before", "1")
        assert client.waitaof(1, 1, WITHIN_MS) == [1, 1]
    watched.failover(coordinated=True)
    second = watched.primary
    assert second is not first
    with _client(second) as client:
        assert client.get("before") == "1"
        client.set("between", "2")
        assert client.waitaof(1, 1, WITHIN_MS) == [1, 1]
    watched.settle()

    assert watched.kill_primary() is second
    assert watched.primary is first
    watched.revive(second)

    with _client(second) as client:
        assert client.role()[0] == "slave"
        assert client.mget("before", "between") == ["1", "2"]


def test_a_primary_that_lost_its_replica_refuses_writes(watched: WatchedValkey) -> None:
    """Nothing is confirmed that a failover would roll back."""
    watched.replica.kill()

    with (
        _client(watched.primary) as client,
        pytest.raises(valkey.ResponseError, match="NOREPLICAS"),
    ):
        client.set("alone", "1")
