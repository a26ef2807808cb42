"""A key that holds something else stops what people do before it begins, and is named."""

from typing import TYPE_CHECKING, Final, cast

import pytest

from tests.cli.conftest import Give

if TYPE_CHECKING:
    import valkey

REQUEST: Final = "1732406400000-0"
BASE: Final = "{monarch}:"
WORK: Final = (
    *("requests", "migrations", "notices", "dead", "open", "known"),
    *("cohorts", "knocks", "knockers", "parked", "parked:entries", f"request:{REQUEST}"),
)
COMMANDS: Final = {
    ("submit", "o/s", "o/a"): ("requests", "known", "open"),
    ("cancel", REQUEST): WORK,
    ("first", REQUEST): WORK,
    ("try", REQUEST): WORK,
    ("pause",): ("paused", "open", "notices"),
    ("resume",): ("paused", "open", "notices"),
}
"""What people give, and the keys that it writes to."""


@pytest.fixture
def running(client: "valkey.Valkey") -> "valkey.Valkey":
    """A request that runs, and a dead letter of another one."""
    client.zadd(f"{BASE}known", {REQUEST: 1732406400000})
    client.zadd(f"{BASE}open", {REQUEST: 1732406400000})
    fields = {"state": "running", "version": "4", "run": "1", "via": "pubsub", "source": "o/s"}
    fields |= {"channel": "", "targets": "o/a", "appended_ms": "1732406400000"}
    client.hset(f"{BASE}request:{REQUEST}", mapping=fields)
    letter = {"stream": "requests", "entry": "1-1", "request": "1-1", "migration": ""}
    letter |= {"code": "entry_trimmed", "reason": "no", "payload": "{}"}
    client.xadd(f"{BASE}dead", letter)
    return client


@pytest.mark.parametrize(
    ("command", "name"), [(one, name) for one, names in COMMANDS.items() for name in names]
)
def test_the_key_in_the_way_is_named_and_nothing_is_changed(
    give: Give, running: "valkey.Valkey", command: tuple[str, ...], name: str
) -> None:
    """The act was half done and failed, so a repeated one was done twice; its error named other keys."""
    running.delete(f"{BASE}{name}")
    spoil = running.sadd if name == "paused" else running.set
    spoil(f"{BASE}{name}", "text")
    before = contents(running)

    said = give(*command)

    words = " ".join(said.stderr.split())
    assert said.exit_code == 1
    assert f"WRONGTYPE {BASE}{name} is a {'set' if name == 'paused' else 'string'}" in words
    assert "Nothing was" in words
    assert contents(running) == before


def contents(client: "valkey.Valkey") -> dict[bytes, bytes]:
    """Every key, as it stands."""
    return {key: cast("bytes", client.dump(key)) for key in client.scan_iter()}
