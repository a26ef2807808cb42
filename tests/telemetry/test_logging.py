"""What a log line looks like, and what it never shows."""

import json
import logging
import socket
from collections.abc import Iterator
from contextvars import Context
from io import StringIO

import pytest
import structlog

from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token, UnreadableEntry
from monarch.core.ids import RequestId
from monarch.telemetry.logging import configure
from monarch.telemetry.naming import name_lines_by
from tests.cli.terminals import Terminal

TOKEN = "ghp_" + "a" * 36


def an_error(message: str) -> Exception:
    """An error that was raised, beside a local variable."""
    private = "a-local-value"
    try:
        int(private)
    except ValueError as error:
        error.args = (message,)
        return error
    raise AssertionError(message)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is a process's own; each test gives it back as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(out: StringIO) -> list[dict[str, object]]:
    """What was logged, read as a machine reads it."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_one_json_object() -> None:
    """Machines read it."""
    out = StringIO()

    configure("json", "info", stream=out).info("ticket.copied", number=3)

    (line,) = lines(out)
    assert line["event"] == "ticket.copied"
    assert line["level"] == "info"
    assert line["number"] == 3
    assert str(line["timestamp"]).endswith("Z")


def test_lines_below_the_level_are_left_out() -> None:
    """The level is Monarch's own lines'."""
    out = StringIO()

    configure("json", "warning", stream=out).info("ticket.copied")

    assert out.getvalue() == ""


def test_a_delivery_names_every_line_inside() -> None:
    """By request, target, entry and attempt; another task's lines it does not name."""
    out = StringIO()
    log = configure("json", "info", stream=out)
    token = Token(Stream.MIGRATIONS, "c", "18-0", 1)
    delivery = Delivery(token, MigrationEntry(RequestId("17-0"), "o/a", 0, 1), attempts=2)

    def work() -> None:
        name_lines_by(delivery)
        log.info("inside")
        log.info("itself", entry_id="19-0")

    Context().run(work)
    Context().run(lambda: log.info("outside"))

    inside, itself, outside = lines(out)
    assert inside["request_id"] == "17-0"
    assert inside["target"] == "o/a"
    assert inside["entry_id"] == "18-0"
    assert inside["attempt"] == 3
    assert itself["entry_id"] == "19-0"
    assert outside.keys() == {"event", "level", "timestamp"}


def test_an_entry_that_nobody_can_read_is_bound_by_its_id() -> None:
    """There is nothing else to name it by."""
    out = StringIO()
    log = configure("json", "info", stream=out)

    delivery = Delivery(Token(Stream.NOTICES, "c", "18-0", 1), UnreadableEntry("no fields"))

    def work() -> None:
        name_lines_by(delivery)
        log.info("inside")

    Context().run(work)

    assert lines(out)[0]["entry_id"] == "18-0"


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize(
    "secret",
    ["hunter2", 'quo"ted\\', TOKEN, "xoxb-1234567890-abcdef", "two\nlines"],
)
def test_a_known_secret_is_never_shown(style: str, secret: str) -> None:
    """Wherever it stands: in the event, a field, a nested field or a traceback."""
    out = StringIO()
    log = configure("json" if style == "json" else "console", "info", [secret], out)

    event = f"said {secret}"
    log.info(event, field=secret, nested={"key": [secret]})
    log.info("it.failed", exc_info=an_error(secret))

    shown = out.getvalue()
    assert "***" in shown
    assert "it.failed" in shown
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown


@pytest.mark.parametrize(
    "text",
    [
        f"token {TOKEN} refused",
        "Bearer github_pat_" + "b" * 30,
        "xoxb-12345-67890-abcdef",
        "valkey://monarch:open-sesame@host:6379/0",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_not_shown_either(text: str) -> None:
    """Somebody else's token may come back in an answer."""
    out = StringIO()

    configure("json", "info", stream=out).info("answer.read", text=text)

    (line,) = lines(out)
    assert "***" in str(line["text"])
    for part in (TOKEN, "b" * 30, "67890", "open-sesame", "abc"):
        assert part not in str(line["text"])


def test_ordinary_words_are_left_alone() -> None:
    """Addresses, names and times are no secrets."""
    out = StringIO()
    text = "https://github.com/o/a/issues/3 at 12:30:05, me@example.org, valkey://host:6379/0"

    configure("json", "info", ["", "ab"], out).info("said", text=text)

    assert lines(out)[0]["text"] == text


def test_libraries_speak_through_the_same_door() -> None:
    """From WARNING up, as JSON, redacted, with their name."""
    out = StringIO()
    configure("json", "debug", ["hunter2"], out)

    logging.getLogger("httpx").info("HTTP Request: GET ...")
    logging.getLogger("uvicorn.error").warning("password %s", "hunter2")

    (line,) = lines(out)
    assert line["event"] == "password ***"
    assert line["logger"] == "uvicorn.error"
    assert line["level"] == "warning"


def test_a_traceback_for_people_shows_no_local_variables() -> None:
    """Locals hold tokens that nobody thought of."""
    out = StringIO()
    log = configure("console", "info", stream=out)

    log.info("it.failed", exc_info=an_error("it says this"))

    assert "ValueError: it says this" in out.getvalue()
    assert "a-local-value" not in out.getvalue().replace('private = "a-local-value"', "")


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_a_terminal_that_wants_no_colours_gets_none(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    """Log lines for people are no exception."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    out = Terminal()

    configure("console", "info", stream=out).warning("valkey.unavailable", where="reading")

    assert ("\x1b[" in out.getvalue()) is coloured


def test_a_lookup_whose_caller_has_gone_is_no_error() -> None:
    """While the name `valkey` did not resolve, each try ended in an error of asyncio's beside our own line."""
    out = StringIO()
    configure("json", "info", stream=out)

    for error in (socket.gaierror(-3, "Temporary failure"), ValueError("ours")):
        asyncio = logging.getLogger("asyncio")
        asyncio.error("Future exception was never retrieved", exc_info=error)

    (line,) = lines(out)
    assert "ValueError: ours" in str(line["exception"])
