"""What a command says if Valkey carried it out and the answer was lost on the way back."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from valkey.exceptions import TimeoutError as NoAnswer

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.scripts import Scripts
from monarch.ports import StoreError
from tests.cli.conftest import Give, requests_in
from tests.cli.test_letters import REQUEST, bury

WHY: Final = "TimeoutError: Timeout reading from 127.0.0.1:6379"
MAYBE: Final = "It may have been done: see "
DOCTOR: Final = "See `monarch doctor`.\n"
ADA: Final = ("--by", "ada")
SHOW: Final = f"`monarch show {REQUEST}`"


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lose the answers of these scripts: the server runs them, and the client hears nothing."""
    call = Scripts.call

    def losing(*names: str, after: int = 0) -> None:
        calls: list[str] = []

        async def lost(self: Scripts, name: str, keys: Sequence[str], *args: Any) -> object:
            answer = await call(self, name, keys, *args)
            calls.extend([name] if name in names else [])
            if name in names and len(calls) > after:
                with classified(name):
                    raise NoAnswer(WHY.partition(": ")[2])
            return answer

        monkeypatch.setattr(Scripts, "call", lost)

    return losing


@pytest.mark.parametrize(
    ("command", "words", "script", "see"),
    [
        (("pause", *ADA), "pause", "pause", "`monarch status`"),
        (("resume", *ADA), "resume", "pause", "`monarch status`"),
        (("cancel", REQUEST), "cancel", "cancel", SHOW),
        (("first", REQUEST), "first", "first", SHOW),
        (("try", REQUEST), "try", "hurry", SHOW),
        (("recall", REQUEST), "recall", "begin", SHOW),
        (("recall", REQUEST, "--undo"), "recall --undo", "begin", SHOW),
        (("dead", "replay", "--all"), "dead replay", "replay", "`monarch dead list`"),
        (("dead", "drop", "--all", "--yes"), "dead drop", "drop", "`monarch dead list`"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_command_whose_answer_was_lost_is_not_told_as_failed(
    give: Give,
    client: Any,
    lose: Callable[..., None],
    command: tuple[str, ...],
    words: str,
    script: str,
    see: str,
) -> None:
    """It was carried out: a person is told where that shows, in the words of the command."""
    bury(client, "o/a")
    lose(script)

    said = give(*command)

    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr == f"monarch: {words}: {WHY}. {MAYBE}{see}. {DOCTOR}"
    assert script != "pause" or client.exists("{monarch}:paused") == (words == "pause")


def test_a_message_whose_answer_was_lost_is_not_told_as_failed(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may well have been heard."""

    async def lost(*_: object) -> None:
        raise NoAnswer(WHY.partition(": ")[2])

    monkeypatch.setattr("valkey.asyncio.Valkey.publish", lost)

    said = give("publish", "o/s", "o/a")

    assert said.exit_code == 1
    assert said.stderr == f"monarch: publish: {WHY}. {MAYBE}`monarch requests`. {DOCTOR}"


def test_an_update_whose_answer_was_lost_is_not_told_as_failed(
    give: Give, client: Any, lose: Callable[..., None]
) -> None:
    """It is submitted, and only its id is not known."""
    request = give("submit", "o/s", "o/a").stdout.strip()
    copied = {"state": "done", "target": "o/a", "target_id": "7"}
    client.hset(f"{{monarch}}:migration:{request}:o/a", mapping=copied)
    done = {"state": "done", "targets": "o/a", "tickets": "2", "source": "o/s"}
    client.hset(f"{{monarch}}:request:{request}", mapping=done)
    lose("submit")

    said = give("update", request)

    assert len(requests_in(client)) == 2
    assert said.stderr == f"monarch: update: {WHY}. {MAYBE}`monarch requests`. {DOCTOR}"


@pytest.mark.parametrize("command", [("pause",), ("first", REQUEST), ("publish", "o/s", "o/a")])
def test_what_never_reached_valkey_changed_nothing(give: Give, command: tuple[str, ...]) -> None:
    """No server listens there, so no person need look."""
    said = give(*command, VALKEY_URL="valkey://127.0.0.1:1")

    assert said.exit_code == 1
    assert said.stderr.startswith(f"monarch: {command[0]}: ConnectionError: ")
    assert said.stderr.endswith(f". Nothing was changed. {DOCTOR}")


def test_a_second_page_of_letters_that_fails_does_not_deny_the_first(
    give: Give, client: Any, lose: Callable[..., None]
) -> None:
    """A hundred are dropped for sure."""
    for _ in range(101):
        bury(client, "o/a")
    lose("drop", after=1)

    said = give("dead", "drop", "--all", "--yes")

    last = said.stderr.splitlines()[-1]
    told = f"monarch: part of it was done, but dead drop: {WHY}. The rest may have been done: "
    assert f"{last}\n" == f"{told}see `monarch dead list`. {DOCTOR}"


def test_what_fails_behind_a_pause_does_not_deny_it(
    give: Give, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the figures are missing."""

    async def away(_: object) -> None:
        raise StoreError("reading the fleet: ConnectionError: gone", is_untouched=True)

    monkeypatch.setattr("monarch.adapters.valkey.views.fleet.FleetReader.snapshot", away)

    said = give("pause", *ADA)

    assert client.get("{monarch}:paused") == b"ada"
    told = "monarch: it was done, but reading the fleet: ConnectionError: gone. "
    assert said.stderr == f"{told}{DOCTOR}"


@pytest.mark.usefixtures("give")
def test_an_act_whose_words_cannot_be_printed_was_done(client: Any) -> None:
    """A full disk says nothing of the pause."""
    full = os.open("/dev/full", os.O_WRONLY)
    command = [sys.executable, "-m", "monarch", "pause", *ADA]

    said = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)

    os.close(full)
    assert client.get("{monarch}:paused") == b"ada"
    told = b"monarch: it was done, but cannot write the output: No space left on device\n"
    assert (said.returncode, said.stderr) == (1, told)
