"""A port for a program that is about to start: `monarch.sandbox.ports`."""

import random
import socket
import subprocess
import sys
from itertools import chain, repeat

import pytest

from monarch.sandbox import ports


def test_no_connection_gets_the_port_before_the_program_listens() -> None:
    """A worker found its port taken: on a busy machine a connection of another program had been given it."""
    chosen = {ports.free_port() for _ in range(200)}

    assert all(20_000 <= port < 32_000 for port in chosen), "Linux hands out 32,768 and more"
    assert len(chosen) > 100


def test_a_port_on_which_a_program_listens_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is tried."""
    others = random.Random()  # noqa: S311 - no secret
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = chain([port], iter(lambda: others.randrange(20_000, 32_000), None))
        monkeypatch.setattr("random.randrange", lambda *_: next(wanted))

        assert ports.free_port() != port


def test_a_port_that_was_given_is_given_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Sentinel found its port taken: another one had been given the same, and neither listened yet."""
    others, given = random.Random(), ports.free_port()  # noqa: S311 - no secret
    wanted = chain([given], iter(lambda: others.randrange(20_000, 32_000), None))
    monkeypatch.setattr("random.randrange", lambda *_: next(wanted))
    elsewhere = f"""
import random
from monarch.sandbox import ports
others, first = random.Random(), iter([{given}])
random.randrange = lambda *_: next(first, 0) or others.randrange(20_000, 32_000)
print(ports.free_port())
"""

    assert ports.free_port() != given
    said = subprocess.run([sys.executable, "-c", elsewhere], capture_output=True, check=True)
    assert int(said.stdout) != given


def test_a_machine_without_a_free_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends."""
    with socket.create_server(("127.0.0.1", ports.free_port())) as taken:
        wanted = repeat(taken.getsockname()[1])
        monkeypatch.setattr("random.randrange", lambda *_: next(wanted))

        with pytest.raises(OSError, match="no free port between 20000 and 32000 in 100 tries"):
            ports.free_port()
