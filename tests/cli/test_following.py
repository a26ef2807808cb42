"""Who follows survives what the workers survive, and ends with a status that scripts can tell apart."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import typer
import valkey

from monarch.cli import follow
from monarch.cli.terminal import away
from monarch.core.ids import RequestId
from monarch.ports import StoreError
from monarch.sandbox.valkey import EmbeddedValkey
from tests.cli.conftest import Give

MONARCH = [sys.executable, "-m", "monarch"]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey that a test may kill."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    with EmbeddedValkey(folder) as embedded:
        yield embedded


class Follower:
    """A command in the foreground."""

    def __init__(self, server: EmbeddedValkey, folder: Path, *arguments: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            [*MONARCH, *arguments],
            cwd=folder,
            env={**kept, "VALKEY_URL": server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, words: str) -> str:
        """Wait for a line on standard error that has these words."""
        return _line_with(self.process.stderr, words)

    def until_out(self, words: str) -> str:
        """Wait for one on standard output."""
        return _line_with(self.process.stdout, words)

    def end(self) -> tuple[int, str]:
        """Wait for the end; its status, and the rest of standard error."""
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def _line_with(stream: IO[str] | None, words: str) -> str:
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if words in line:
            return line
    raise AssertionError(f"{words!r} is not in {said!r}")


@pytest.fixture
def follower(own: EmbeddedValkey, tmp_path: Path) -> Iterator[Follower]:
    """`submit --wait`, whose work no worker takes."""
    found = Follower(own, tmp_path, "submit", "o/s", "o/a", "--wait")
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()


def ended(server: EmbeddedValkey, state: str = "done") -> None:
    """The request ends, as if a worker had done it."""
    client: Any = valkey.Valkey.from_url(server.url)
    ((entry, _),) = client.xrange("{monarch}:requests")
    request = entry.decode()
    done = {"state": state, "target": "o/a", "copied": "2"}
    client.hset(f"{{monarch}}:migration:{request}:o/a", mapping=done)
    fields = {"state": state, "targets": "o/a", "tickets": "2", "source": "o/s"}
    client.hset(f"{{monarch}}:request:{request}", mapping=fields)
    client.connection_pool.disconnect()


def test_a_valkey_that_restarts_ends_no_following(own: EmbeddedValkey, follower: Follower) -> None:
    """The workers go on by themselves, and the request with them."""
    follower.until("o/a: queued")
    own.kill()
    follower.until("Valkey does not answer")
    own.restart()
    follower.until("Valkey answers again")
    ended(own)

    status, said = follower.end()

    assert status == 0
    assert "done: 1 of 1 target done, 2 tickets copied" in said


def test_who_follows_is_told_that_nobody_works(follower: Follower) -> None:
    """`queued` for ever says nothing."""
    told = follower.until("waits: ")

    assert (
        "no worker is running, and messages that are published now are lost. Start one with `monarch run`"
        in told
    )


def test_a_key_that_was_mended_meanwhile_is_no_failure(
    own: EmbeddedValkey, follower: Follower
) -> None:
    """The request was done, and a script took exit 1 for its failure: minutes ago a key had been in the way."""
    follower.until("o/a: queued")
    client: Any = valkey.Valkey.from_url(own.url)
    client.set("{monarch}:dead", "text")
    follower.until("{monarch}:dead")
    client.delete("{monarch}:dead")
    ended(own)

    status, said = follower.end()

    assert status == 0
    assert "done: 1 of 1 target done" in said
    assert "which is left out here" not in said
    client.connection_pool.disconnect()


def test_an_interrupted_following_says_that_it_goes_on(follower: Follower) -> None:
    """And where to look; the request is not called off by it."""
    request = follower.until_out("-").strip()
    follower.until("o/a: queued")
    follower.process.send_signal(signal.SIGINT)

    status, said = follower.end()

    assert status == 130
    assert f"request {request} goes on: see `monarch show {request}`" in said


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_is_stopped_leaves_the_request_it_made(
    own: EmbeddedValkey, tmp_path: Path, sent: signal.Signals
) -> None:
    """SIGTERM left both outputs empty: the request's id was nowhere, and the next start asked for it again."""
    program = Follower(own, tmp_path, "submit", "o/s", "o/a", "--wait", "--json")
    try:
        client: Any = valkey.Valkey.from_url(own.url)
        while not any(one["cmd"] == "xread" for one in client.client_list()):
            assert program.process.poll() is None
        program.process.send_signal(sent)

        status, said = program.end()

        ((entry, _),) = client.xrange("{monarch}:requests")
        goes_on = f"interrupted; request {entry.decode()} goes on"
        assert status == 128 + sent
        assert json.loads(said)["error"]["status"] == status
        assert goes_on in json.loads(said)["error"]["message"]
        client.connection_pool.disconnect()
    finally:
        program.process.kill()
        program.process.communicate()


def test_what_cannot_be_seen_any_more_is_no_failure_of_the_request(
    own: EmbeddedValkey, follower: Follower
) -> None:
    """A status of its own: scripts must not take it for one that ended badly. Nor does it go on, for all that is known."""
    follower.until("o/a: queued")
    client: Any = valkey.Valkey.from_url(own.url)
    client.flushall()

    status, said = follower.end()

    assert status == 3
    assert "any more: it has expired, or Valkey has lost its memory." in said
    assert "ask for it again: nothing is copied twice" in said
    assert "goes on" not in said
    client.connection_pool.disconnect()


def test_a_valkey_that_stays_away_is_given_up_at_last(
    give: Give, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a quarter of an hour; a script that waits for ever reports nothing."""
    assert give("status").exit_code == 0
    monkeypatch.setenv("VALKEY_URL", "valkey://127.0.0.1:1/0")
    monkeypatch.setattr(away, "AWAY_FOR_S", 0.0)
    monkeypatch.setattr(follow, "AGAIN_S", 0.0)

    with pytest.raises(typer.Exit) as end:
        follow.follow(RequestId("17-0"), quiet=True)

    assert end.value.exit_code == 3
    assert "request 17-0 goes on: see `monarch show 17-0`" in capsys.readouterr().err


@pytest.mark.parametrize(("settles_s", "told"), [(float("inf"), False), (0.0, True)])
def test_workers_that_subscribe_again_are_not_missed_at_once(
    give: Give,
    server: EmbeddedValkey,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settles_s: float,
    *,
    told: bool,
) -> None:
    """Right after "Valkey answers again" nobody listened, though the workers were there a moment later."""
    request = RequestId(give("submit", "o/s", "o/a").stdout.strip())
    client: Any = valkey.Valkey.from_url(server.url)
    worker = client.pubsub()
    worker.subscribe("channel_migrate_issue_tickets")
    assert worker.get_message(timeout=60)["type"] == "subscribe"
    looks, really = iter(range(9)), follow._look

    async def look(person: Any, of: RequestId) -> Any:
        match next(looks):
            case 1:
                worker.unsubscribe()
                assert worker.get_message(timeout=60)["type"] == "unsubscribe"
                raise StoreError("Timeout reading from socket")
            case 3:
                ended(server)
        return await really(person, of)

    monkeypatch.setattr(follow, "_look", look)
    monkeypatch.setattr(follow, "AGAIN_S", 0.0)
    monkeypatch.setattr(away, "SETTLES_S", settles_s)

    follow.follow(request, quiet=False)

    said = capsys.readouterr().err
    assert "Valkey answers again" in said
    assert ("are lost" in said.partition("answers again")[2]) is told
    worker.close()
    client.connection_pool.disconnect()


def test_events_are_followed_through_a_restart(own: EmbeddedValkey, tmp_path: Path) -> None:
    """What happened meanwhile is shown afterwards."""
    events = Follower(own, tmp_path, "events", "-f")
    submits = Follower(own, tmp_path, "submit", "o/s", "o/a")
    try:
        first = submits.until_out("-").strip()
        events.until("no worker is running")
        events.until_out(f"request={first}")
        own.kill()
        events.until("Valkey does not answer")
        own.restart()
        again = Follower(own, tmp_path, "submit", "o/s", "o/b")
        second = again.until_out("-").strip()
        again.end()

        told = events.until_out(f"request={second}")

        assert re.search(r"UTC  request\.appended", told)
    finally:
        for one in (events, submits):
            one.process.kill()
            one.process.communicate()


def test_a_password_that_was_set_meanwhile_is_told_as_such(
    own: EmbeddedValkey, tmp_path: Path
) -> None:
    """A follower said that Valkey does not answer, and waited for what only a person can mend."""
    events = Follower(own, tmp_path, "events", "-f")
    try:
        events.until("no worker is running")
        client: Any = valkey.Valkey.from_url(own.url)
        client.config_set("requirepass", "secret")
        client.client_kill_filter(_type="normal", skipme=True)
        client.connection_pool.disconnect()

        told = events.until("Valkey refuses what it is asked (following events: Authent")

        assert "waiting. Correct VALKEY_USERNAME and VALKEY_PASSWORD" in told
    finally:
        events.process.kill()
        events.process.communicate()


def test_the_status_is_watched_until_interrupted(own: EmbeddedValkey, tmp_path: Path) -> None:
    """Through a restart, too."""
    watcher = Follower(own, tmp_path, "status", "--watch")
    try:
        watcher.until_out("requests      0")
        own.kill()
        watcher.until("Valkey does not answer")
        own.restart()
        watcher.until("Valkey answers again")
        Follower(own, tmp_path, "submit", "o/s", "o/a").end()
        watcher.until_out("requests      1")
        watcher.process.send_signal(signal.SIGINT)

        status, said = watcher.end()

        assert status == 130
        assert "Traceback" not in said
    finally:
        watcher.process.kill()
        watcher.process.communicate()


def test_a_watched_status_for_programs_is_a_document_a_line(
    own: EmbeddedValkey, tmp_path: Path
) -> None:
    """Several documents of many lines, one behind the other, are none."""
    watcher = Follower(own, tmp_path, "status", "--watch", "--json")
    try:
        first, second = watcher.until_out("}"), watcher.until_out("}")

        assert json.loads(first)["at_ms"] < json.loads(second)["at_ms"]
    finally:
        watcher.process.kill()
        watcher.process.communicate()


def test_a_silence_of_another_cause_is_told_again() -> None:
    """A server that comes back with another password was away first, and only a person can mend the second."""
    said: list[str] = []
    silence = away.Away("waiting", said.append)

    for error in ("closed", "closed", "NOAUTH", "closed", "NOAUTH"):
        assert not silence.missed(StoreError(error))
    silence.ended()
    silence.missed(StoreError("closed"))

    assert [line.partition(";")[0] for line in said] == [
        "Valkey does not answer (closed)",
        "Valkey does not answer (NOAUTH)",
        "Valkey answers again",
        "Valkey does not answer (closed)",
    ]


def test_a_refusal_says_what_to_do() -> None:
    """Waiting alone does not help with it."""
    said: list[str] = []

    away.Away("waiting", said.append).missed(StoreError("NOAUTH.", remedy="Correct the password."))

    assert said == ["Valkey refuses what it is asked (NOAUTH); waiting. Correct the password."]


def test_no_silence_fills_the_screen() -> None:
    """Its words may hold a number that is another one each time."""
    said: list[str] = []
    silence = away.Away("waiting", said.append)

    for number in range(100):
        silence.missed(StoreError(f"port {number}"))

    assert len(said) == away.CAUSES
