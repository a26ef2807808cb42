"""A port for a program that is about to start: `monarch.sandbox.ports`."""

import socket
from itertools import repeat

import pytest

from monarch.sandbox import ports


def test_no_connection_gets_the_port_before_the_program_listens() -> None:
    """A worker found its port taken: on a busy machine a connection of another program had been given it."""
    chosen = {ports.free_port() for _ in range(200)}

    assert all(20_000 <= port < 32_000 for port in chosen), "Linux hands out 32,768 and more"
    assert len(chosen) > 100


def test_a_port_on_which_a_program_listens_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is tried."""
    taken = socket.create_server(("127.0.0.1", ports.free_port()))
    wanted = iter([taken.getsockname()[1], free := ports.free_port()])
    monkeypatch.setattr("random.randrange", lambda *_: next(wanted))

    with taken:
        assert ports.free_port() == free


def test_a_machine_without_a_free_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends."""
    with socket.create_server(("127.0.0.1", ports.free_port())) as taken:
        wanted = repeat(taken.getsockname()[1])
        monkeypatch.setattr("random.randrange", lambda *_: next(wanted))

        with pytest.raises(OSError, match="no free port between 20000 and 32000 in 100 tries"):
            ports.free_port()
