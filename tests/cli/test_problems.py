"""Under `--json` an error has one form, whichever command ended with it."""

import json
from typing import Any

import pytest

from monarch.cli.terminal.problem import Problem, tell
from tests.cli.conftest import Give

REQUEST = "1732406400000-0"
NOWHERE = {"VALKEY_URL": "valkey://127.0.0.1:1", "GH_PAT": "ghp_0123456789abcdef"}
FORM = {"message", "status", "expected", "got", "advice", "mistakes"}
COMMANDS = (
    ("cancel", REQUEST),
    ("config", "--set", "extra"),
    ("dead", "drop", "--all", "--yes"),
    ("dead", "list"),
    ("dead", "replay", "--all"),
    ("dead", "show", "1-1"),
    ("doctor", "extra"),
    ("events",),
    ("first", REQUEST),
    ("missed", "school"),
    ("pause",),
    ("plan", "school/template"),
    ("publish", "school/template", "school/team"),
    ("recall", REQUEST),
    ("requests",),
    ("resume",),
    ("show", REQUEST),
    ("status",),
    ("submit", "school/template", "school/team"),
    ("update", REQUEST),
    ("verify", REQUEST),
    ("workers",),
)


def error_of(stderr: str) -> dict[str, Any]:
    """The one error on standard error; all that stands there is a JSON document a line."""
    documents = [json.loads(line) for line in stderr.splitlines()]
    (error,) = [one["error"] for one in documents if "error" in one]
    assert set(error) == FORM
    return dict(error)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_error_has_the_same_form_in_every_command(give: Give, command: tuple[str, ...]) -> None:
    """No Valkey, or wrong usage: what people read in words stands in the same fields everywhere."""
    told = give(*command, "--json", **NOWHERE)

    error = error_of(told.stderr)
    assert (told.exit_code, told.stdout) == (error["status"], "")
    assert error["status"] in {1, 2}
    assert error["advice"]


def test_what_was_expected_and_what_came_stand_apart(give: Give) -> None:
    """So that a script need not read sentences."""
    error = error_of(give("show", "nonsense", "--json").stderr)

    assert error == {
        "message": "a request's id is two numbers with a dash between, such as 1732406400000-0; got nonsense",
        "status": 2,
        "expected": "two numbers with a dash between, such as 1732406400000-0",
        "got": "nonsense",
        "advice": "see `monarch requests`",
        "mistakes": [],
    }


def test_wrong_usage_names_what_the_command_takes(give: Give) -> None:
    """It is found before the command begins."""
    missing = error_of(give("submit", "--json").stderr)
    limit = error_of(give("events", "--json", "--limit", "x").stderr)

    assert missing["expected"] == "monarch submit [OPTIONS] {source} {targets}..."
    assert missing["advice"] == "see `monarch submit --help`"
    assert limit["expected"] == "a whole number from 1 to 1,000,000"
    assert limit["got"] == "x"


def test_every_mistake_of_a_configuration_is_listed(give: Give) -> None:
    """One at a time would mean one start for each."""
    error = error_of(give("status", "--json", VALKEY_PORT="0", MONARCH_MENTIONS="no").stderr)

    assert (error["status"], len(error["mistakes"])) == (2, 2)
    assert error["mistakes"][0].startswith("VALKEY_PORT: expected a port, 1 to 65535; got '0'.")


def test_what_is_worth_knowing_is_a_document_too(give: Give) -> None:
    """Beside a result, and no error: a parser of standard error meets nothing else."""
    told = give("submit", "school/template", "school/team", "school/template", "--json")

    notes = [json.loads(line)["note"] for line in told.stderr.splitlines()]
    assert told.exit_code == 0
    assert "will end as a dead letter" in notes[0]
    assert "no worker is running" in notes[1]


def test_a_secret_breaks_no_document(give: Give) -> None:
    """It is hidden in each text by itself: with the finished line, a quotation mark would go."""
    error = error_of(give("show", "https://hooks.slack.com/services/T0/B0/x", "--json").stderr)

    assert error["got"] == "https://hooks.slack.com/***"


def test_what_stands_behind_the_end_of_options_asks_for_nothing(give: Give) -> None:
    """There it is an argument."""
    assert give("show", "--", "--json").stderr.startswith("monarch: a request's id is")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("is it correct?", "monarch: is it correct? See this.\n"),
        ("no reply for 'm' ", "monarch: no reply for 'm'. See this.\n"),
        ("it is away", "monarch: it is away. See this.\n"),
    ],
)
def test_advice_follows_any_message(
    capsys: pytest.CaptureFixture[str], message: str, told: str
) -> None:
    """Words from outside end as they like: `correct?. See` and `'m' . See`."""
    tell(Problem(message, 1, advice="See this."))

    assert capsys.readouterr().err == told
