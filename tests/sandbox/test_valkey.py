"""A real Valkey: killed, restarted, frozen; what it answered is still there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import valkey

from monarch.sandbox.valkey import EmbeddedValkey, ValkeyStartError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARENT = """
import os, pathlib, signal, sys
from monarch.sandbox.valkey import EmbeddedValkey
server = EmbeddedValkey(pathlib.Path(sys.argv[1]))
server.start()
print(server.port, server._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server that runs."""
    with EmbeddedValkey(tmp_path / "data") as running:
        yield running


def connected(server: EmbeddedValkey) -> valkey.Valkey:
    """A client; close it, or use ``with``."""
    return valkey.Valkey.from_url(server.url, decode_responses=True, socket_timeout=5)


def test_what_was_answered_survives_a_kill(server: EmbeddedValkey) -> None:
    """Same port, same directory, same data."""
    with connected(server) as client:
        entry = client.xadd("stream", {"a": "1"})
    server.kill()
    assert not server.is_running
    server.restart()

    with connected(server) as client:
        assert client.xrange("stream") == [(entry, {"a": "1"})]


def test_it_is_configured_not_to_forget(server: EmbeddedValkey) -> None:
    """Append-only file on each write, nothing evicted, loopback only."""
    with connected(server) as client:
        config = client.config_get()

    expected = {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "bind": "127.0.0.1",
    }
    assert {name: config[name] for name in expected} == expected


def test_options_are_handed_on(tmp_path: Path) -> None:
    """A test that wants it faster, or smaller, says so."""
    options = {"appendfsync": "everysec", "maxmemory": "10mb"}
    with EmbeddedValkey(tmp_path, options=options) as server, connected(server) as client:
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert client.config_get("maxmemory") == {"maxmemory": "10485760"}


def test_stopping_twice_is_fine(server: EmbeddedValkey) -> None:
    """A test may stop what its fixture stops again."""
    server.stop()
    server.stop()

    assert not server.is_running


def test_a_frozen_server_answers_when_it_thaws(server: EmbeddedValkey) -> None:
    """Its connections stay open meanwhile."""
    with connected(server) as client:
        client.ping()
        server.freeze()
        connection = client.connection_pool.get_connection("PING")
        connection.send_command("PING")
        assert not connection.can_read(0.1)
        server.thaw()

        assert connection.read_response() == "PONG"
        client.connection_pool.release(connection)


def test_a_frozen_server_can_be_stopped(server: EmbeddedValkey) -> None:
    """SIGTERM alone would wait for ever."""
    server.freeze()
    server.stop()

    assert not server.is_running


def test_a_wrong_option_and_a_taken_port_are_told(tmp_path: Path, server: EmbeddedValkey) -> None:
    """Also when another Valkey answers on that port."""
    with pytest.raises(ValkeyStartError):
        EmbeddedValkey(tmp_path / "a", options={"no-such-option": "1"}).start()
    with pytest.raises(ValkeyStartError, match="in use"):
        EmbeddedValkey(tmp_path / "b", port=server.port).start()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_it_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    """No server is left behind by a crashed test run."""
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        check=False,
        timeout=20,
    )
    port, pid = map(int, parent.stdout.split())

    assert parent.returncode == -9
    assert not _is_running(pid) or not _listens(port)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _listens(port: int) -> bool:
    """Wait on a connection, if there is one, until the other end is gone."""
    try:
        with valkey.Valkey(port=port, socket_timeout=5) as client:
            client.blpop(["nothing"], timeout=4)
    except valkey.ConnectionError:
        return False
    return True
