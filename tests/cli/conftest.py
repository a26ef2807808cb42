"""An installation to give commands to: a real Valkey, and the environment that names it."""

import os
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import valkey
from typer.testing import CliRunner, Result

from monarch.cli.commands import app
from monarch.sandbox.valkey import EmbeddedValkey

Fields = dict[bytes, bytes]
Give = Callable[..., Result]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """One server for all of these tests; each empties it first."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as embedded:
        yield embedded


@pytest.fixture
def client(server: EmbeddedValkey) -> Iterator["valkey.Valkey"]:
    """A client of the emptied server."""
    found: valkey.Valkey = valkey.Valkey.from_url(server.url)
    found.flushall()
    yield found
    found.connection_pool.disconnect()


def requests_in(client: "valkey.Valkey") -> list[tuple[str, Fields]]:
    """The entries of the stream of requests."""
    entries = cast("list[tuple[bytes, Fields]]", client.xrange("{monarch}:requests"))
    return [(entry.decode(), fields) for entry, fields in entries]


@pytest.fixture
def give(
    server: EmbeddedValkey,
    client: "valkey.Valkey",
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
) -> Give:
    """Give a command, in an environment that holds nothing else; returns its result."""
    for name in list(os.environ):
        if name.startswith(("MONARCH_", "VALKEY_", "GITHUB_", "GH_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setenv("VALKEY_URL", server.url)

    def given(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, arguments, env=environment)

    return given
