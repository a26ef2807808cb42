"""`run` and `web` without the catalogue of commands, where they are plainly asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from monarch.__main__ import _long_work
from monarch.cli import run
from tests.cli.conftest import Give


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What is run in the work's place, by its roles, or as `web`."""
    begun: list[str | None] = []
    monkeypatch.setattr(run, "run_roles", begun.append)
    monkeypatch.setattr(run, "serve_page", lambda: begun.append("web"))
    return begun


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["run"], None),
        (["run", "--roles", "intake,planner"], "intake,planner"),
        (["run", "--roles=intake"], "intake"),
        (["run", "--roles="], ""),
        (["run", "--roles", ""], ""),
        (["web"], "web"),
    ],
)
def test_what_is_plain_begins_at_once(
    begun: list[str | None], arguments: list[str], begins: str | None
) -> None:
    """With the roles that were given."""
    work = _long_work(arguments)
    assert work is not None

    work()

    assert begun == [begins]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["status"],
        ["run", "--help"],
        ["run", "-h"],
        ["run", "--roles"],
        ["run", "--roles", "--help"],
        ["run", "--role", "intake"],
        ["run", "intake"],
        ["run", "--roles", "intake", "--roles", "planner"],
        ["--version", "run"],
        ["web", "--help"],
        ["web", "run"],
    ],
)
def test_what_is_not_plain_is_left_to_the_catalogue(arguments: list[str]) -> None:
    """It has the help and the errors."""
    assert _long_work(arguments) is None


def test_what_is_wrong_is_said_as_by_the_catalogue(give: Give, tmp_path: Path) -> None:
    """The same words and the same status, whichever way it comes."""
    program = [sys.executable, "-m", "monarch", "run", "--roles", "juggler"]

    plain = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)

    by_catalogue = give("run", "--roles", "juggler")
    assert (plain.returncode, plain.stdout) == (by_catalogue.exit_code, by_catalogue.stdout)
    assert plain.stderr == by_catalogue.stderr
