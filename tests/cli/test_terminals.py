"""What commands look like on terminals of 80, 100 and 140 columns and in a pipe, on a bad night.

The pictures stand in `tests/data/terminals`. `DRAW_PICTURES=1` draws them anew; look at them before they are kept.
"""

import io
import json
import os
import signal
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final

import pytest
from rich.cells import cell_len

from monarch.cli.terminal.output import output_ended
from monarch.cli.terminal.printing import show_json
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.readings import progress_line, readings
from monarch.core.outcome import Code
from tests.cli.conftest import Give, requests_in
from tests.cli.terminals import OTHER, REQUEST, SOURCE, TEAMS, Screen, Terminal, night, screen_for

PICTURES: Final = Path(__file__).parents[1] / "data" / "terminals"
COMMANDS: Final = {
    "status": ("status",),
    "workers": ("workers",),
    "requests": ("requests",),
    "show": ("show", REQUEST),
    "events": ("events",),
    "dead-list": ("dead", "list"),
    "dead-show": ("dead", "show", "1795748199000-0"),
    "doctor": ("doctor",),
    "plan": ("plan", "o/s", "o/a"),
    "verify": ("verify", REQUEST),
}
WIDTHS: Final = (80, 100, 140, None)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, give: Give) -> Screen:
    """A screen on which everything has failed that can fail."""
    night(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    return screen_for(monkeypatch)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_night_looks_like_its_picture(
    screen: Screen, command: str, width: int | None
) -> None:
    """Byte for byte, so that a change of it is seen."""
    picture = PICTURES / f"{command}-{width or 'pipe'}.txt"

    shown = screen(width, *COMMANDS[command])

    if os.environ.get("DRAW_PICTURES"):
        picture.write_text(shown, "utf-8")
    assert shown == picture.read_text("utf-8")


@pytest.mark.parametrize("width", [20, 40, *WIDTHS])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_name_and_no_number_is_ever_folded(
    screen: Screen, command: str, width: int | None
) -> None:
    """Each stands whole on one line, whatever the width."""
    shown = screen(width, *COMMANDS[command])

    known = [
        REQUEST,
        OTHER,
        *TEAMS,
        "repository_not_found",
        "1795748199000-0",
        "1234",
        "#1024",
        "!!!!!!!!!!!!",
    ]
    in_a_pipe = " ".join(screen(None, *COMMANDS[command]).split())
    told = [word for word in known if word in in_a_pipe]
    assert [word for word in told if word not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_wider_than_a_terminal_of_80_columns(screen: Screen, command: str) -> None:
    """But what is to be copied whole: a payload."""
    lines = screen(80, *COMMANDS[command]).splitlines()

    assert [line for line in lines if len(line) > 80 and "payload" not in line] == []


def test_equal_reasons_stand_once_below_the_table(screen: Screen) -> None:
    """Behind the names of all that failed for it."""
    shown = " ".join(screen(80, "show", REQUEST).split())

    assert shown.count("GitHub answered 404") == 1
    assert f"{TEAMS[1]}, {TEAMS[2]}: GitHub answered 404" in shown


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("requests",), "no requests\n"),
        (("requests", "--state", "dead"), "no requests that are dead\n"),
        (("dead", "list"), "no dead letters\n"),
        (("dead", "list", "--target", "o/a"), "no such dead letters\n"),
    ],
)
def test_an_empty_listing_says_so(give: Give, command: tuple[str, ...], words: str) -> None:
    """A bare head looks like a listing that broke off."""
    assert give(*command).stdout == words


@pytest.mark.parametrize("command", [(), ("submit",), ("dead",), ("dead", "replay")])
def test_a_flag_stands_in_the_help_by_its_name_alone(give: Give, command: tuple[str, ...]) -> None:
    """`--wait <bool>` asks for a value that the command then takes for an argument."""
    shown = give(*command, "--help").stdout

    assert "--help" in shown
    assert "bool" not in shown


def test_an_empty_listing_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, give: Give) -> None:
    """What was looked for may be long; a word is not broken."""
    long = ("requests", "--source", SOURCE, "--target", TEAMS[2], "--state", "failed")
    assert give(*long).exit_code == 0

    lines = screen_for(monkeypatch)(80, *long).splitlines()

    assert [len(line) <= 80 for line in lines] == [True, True]
    assert TEAMS[2] in lines[1]


def test_no_events_are_said_beside_the_result(give: Give) -> None:
    """Their listing has no head, so in a pipe each line is an event."""
    shown = give("events")

    assert shown.stdout == ""
    assert "no events yet" in shown.stderr.splitlines()


def test_a_filter_without_events_does_not_say_that_nothing_happened(give: Give) -> None:
    """There may be others."""
    shown = give("events", "--target", "o/a")

    assert shown.stdout == ""
    assert "no such events: see them all with `monarch events`" in shown.stderr.splitlines()


@pytest.mark.parametrize("command", [("requests",), ("events",), ("dead", "list")])
def test_a_limit_that_valkey_cannot_read_is_wrong_usage(
    give: Give, command: tuple[str, ...]
) -> None:
    """It is the command's fault, not Valkey's: `monarch doctor` would find nothing."""
    shown = give(*command, "--limit", "99999999999999999999")

    assert shown.exit_code == 2
    assert "--limit" in shown.stderr


@pytest.mark.parametrize(("encoding", "is_plain"), [("ascii", True), ("utf-8", False)])
def test_the_spinner_is_plain_where_the_output_is(
    monkeypatch: pytest.MonkeyPatch, encoding: str, *, is_plain: bool
) -> None:
    """An ASCII terminal showed the escapes of its dots as letters."""
    screen = Encoded(BytesIO(), encoding, errors="backslashreplace")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", screen)

    with readings(quiet=False) as tell:
        tell("o/a")

    screen.seek(0)
    shown = screen.read()
    assert "o/a: 1 reading" in shown
    assert (shown.isascii() and "\\u28" not in shown) is is_plain


class Encoded(TextIOWrapper):
    """A terminal of an encoding."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_one_repository_is_counted_as_one() -> None:
    """And one reading, too."""
    assert progress_line(1, "o/a", 1) == "1 repository, o/a: 1 reading"
    assert progress_line(2, "o/b", 3) == "2 repositories, o/b: 3 readings"


@pytest.mark.parametrize("width", [40, 80])
def test_what_is_wrong_is_broken_between_words(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """A code that a terminal cuts in two cannot be read; a pipe gets each line whole."""
    words = f"monarch: --code should be one of {', '.join(sorted(Code))}; got `monarch dead list`"
    screen, pipe = Terminal(), StringIO()
    monkeypatch.setenv("COLUMNS", str(width))

    for stream in (screen, pipe):
        monkeypatch.setattr(sys, "stderr", stream)
        complain(f"{words}\n- one more line")

    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(line.strip() for line in lines[:-1]) == words
    assert lines[-1] == "- one more line"
    assert pipe.getvalue() == f"{words}\n- one more line\n"


@pytest.mark.parametrize(
    "command",
    [
        ("show", "x" * 300),
        ("cancel", "x" * 75),
        ("requests", "--state", "x" * 80),
        ("requests", "--source", "x" * 80),
        ("dead", "list", "--code", "x" * 81),
        ("submit", "o/s", "x" * 80),
        ("submit", "o/s", "見" * 80),
        ("submit", "o/s", "o/a", "--channel", "x" * 200),
        ("events", "--target", "x" * 200),
    ],
    ids=lambda command: f"{command[0]}-{len(command[-1])}",
)
def test_what_was_given_does_not_widen_an_error(
    monkeypatch: pytest.MonkeyPatch, give: Give, command: tuple[str, ...]
) -> None:
    """Eighty characters without a blank, quoted, were wider than the terminal."""
    assert give(*command).stderr
    told = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", told)

    complain(give(*command).stderr.rstrip())

    assert max(map(cell_len, told.getvalue().splitlines())) <= 80


# ------------------------------------------------------------------------------------------- colour


def test_what_needs_a_person_is_red(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed gate and dead letters."""
    monkeypatch.delenv("NO_COLOR")

    shown = screen(140, "status")

    assert "\x1b[1;31m3\x1b[0m" in shown
    assert "\x1b[1;31mclosed for 57 s" in shown


@pytest.mark.parametrize("without", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_colour_where_none_is_wanted(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, command: str, without: dict[str, str]
) -> None:
    """In NO_COLOR's way, and on a terminal that can't."""
    monkeypatch.delenv("NO_COLOR")
    for name, value in without.items():
        monkeypatch.setenv(name, value)

    assert "\x1b" not in screen(100, *COMMANDS[command])


# --------------------------------------------------------------------------------- how output may end


def ended(out: int | None, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The program itself, whose standard output is `out`; `None`: it is closed."""
    command = [sys.executable, "-m", "monarch", *arguments]
    if out is None:
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False)


@pytest.mark.parametrize("what", ["--help", "--version"])
def test_a_closed_pipe_ends_it_as_it_ends_other_tools(what: str) -> None:
    """In silence, by SIGPIPE: a shell says 141. One is written by rich, the other by Python."""
    reads, writes = os.pipe()
    os.close(reads)

    result = ended(writes, what)

    os.close(writes)
    assert (result.returncode, result.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.parametrize("shell", [{}, {"COMP_WORDS": "monarch s", "COMP_CWORD": "x"}])
def test_a_completion_without_its_shell_is_refused(
    monkeypatch: pytest.MonkeyPatch, shell: dict[str, str]
) -> None:
    """It ended with a traceback of the library's."""
    for name, value in {"_MONARCH_COMPLETE": "complete_bash", **shell}.items():
        monkeypatch.setenv(name, value)

    result = ended(subprocess.PIPE)

    assert result.returncode == 2
    assert result.stderr == (
        b"monarch: _MONARCH_COMPLETE is for the completion of bash, which sets COMP_WORDS and COMP_CWORD."
        b" Unset _MONARCH_COMPLETE.\n"
    )


@pytest.mark.parametrize("columns", ["0", "00", ""])
def test_a_terminal_of_no_columns_is_one_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """`COLUMNS=0`, as some programs leave it: everything would be cut to nothing, with status 0."""
    monkeypatch.setenv("COLUMNS", columns)

    with output_ended():
        assert "COLUMNS" not in os.environ


@pytest.mark.parametrize("what", ["--help", "--version"])
def test_a_full_disk_is_told_and_fails(what: str) -> None:
    """No traceback."""
    full = os.open("/dev/full", os.O_WRONLY)

    result = ended(full, what)

    os.close(full)
    assert result.returncode == 1
    assert result.stderr == b"monarch: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("what", ["--help", "--version"])
def test_a_closed_output_is_told_and_fails(what: str) -> None:
    """`>&-`: a result that was not printed is no success."""
    result = ended(None, what)

    assert result.returncode == 1
    assert result.stderr == b"monarch: cannot write the output: Bad file descriptor\n"


@pytest.mark.usefixtures("give")
@pytest.mark.parametrize("as_json", [(), ("--json",)])
@pytest.mark.parametrize("path", [None, "/dev/full"])
def test_a_request_whose_id_cannot_be_printed_is_named_all_the_same(
    client: Any, path: str | None, as_json: tuple[str, ...]
) -> None:
    """It is made, and without its id a person would submit it again."""
    out = path and os.open(path, os.O_WRONLY)

    result = ended(out or None, "submit", "o/s", "o/a", *as_json)

    ((request, _),) = requests_in(client)
    assert result.returncode == 1
    told = f"monarch: submitted as {request}, but cannot write the output: "
    assert result.stderr.decode().splitlines()[-1].startswith(told)


@pytest.mark.usefixtures("give")
def test_a_request_whose_reader_is_gone_is_named_all_the_same(client: Any) -> None:
    """It ends by SIGPIPE, as ever."""
    reads, writes = os.pipe()
    os.close(reads)

    result = ended(writes, "submit", "o/s", "o/a")

    os.close(writes)
    ((request, _),) = requests_in(client)
    assert result.returncode == -signal.SIGPIPE
    told = f"monarch: submitted as {request}, but the output was closed\n"
    assert result.stderr.decode() == told


SIZES: Final = ("9" * 20, "9" * 5_000, "999999999", "²", "-3", "abc", "0", "12.5")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["COLUMNS", "LINES", "TERMINAL_WIDTH"])
def test_a_size_that_no_terminal_has_is_capped_or_unset(
    monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    """Before anything reads it: a ruler of that length fills the memory."""
    monkeypatch.setenv(name, size)

    with output_ended():
        assert os.environ.get(name) == ("1000" if size.startswith("99") else None)


@pytest.mark.parametrize("arguments", [("--help",), ("show",), ("shwo",)])
def test_a_huge_terminal_ends_no_command_with_a_traceback(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Its help and its errors are drawn as wide as it says."""
    monkeypatch.setenv("COLUMNS", "9" * 20)

    result = ended(subprocess.PIPE, *arguments)

    assert b"Traceback" not in result.stderr
    assert result.returncode == (0 if arguments == ("--help",) else 2)


def test_a_stream_that_speaks_ascii_is_given_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON stays JSON."""
    out = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", out)

    show_json({"name": "schön"})
    out.flush()

    assert json.loads(out.buffer.getvalue()) == {"name": "schön"}


def test_words_that_an_encoding_lacks_are_spelled_out() -> None:
    """An error has its reason in it, whatever the terminal speaks."""
    command = [sys.executable, "-m", "monarch", "requests", "--state", "schön"]
    speaks_ascii = {**os.environ, "PYTHONIOENCODING": "ascii", "VALKEY_PORT": "1"}

    result = subprocess.run(command, capture_output=True, check=False, env=speaks_ascii)

    assert result.returncode == 2
    assert b"sch\\xf6n" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("submit", "o/s", "o/a", "--by", "Zoë ✓"),
        ("submit", "o/s", "o/a", "--by=Zoë ✓"),
        ("submit", "o/s", "o/a", "--milestone", "Zoë ✓"),
        ("dead", "list", "--target", "Zoë ✓"),
        ("Zoë ✓",),
    ],
    ids=" ".join,
)
def test_a_name_that_the_locale_cannot_read_is_not_called_too_long(
    command: tuple[str, ...],
) -> None:
    """`--by` was to have up to 100 characters, and had five: Python had read each byte as half a surrogate pair."""
    result = _in_ascii(*command)

    assert result.returncode == 2
    assert result.stderr.startswith(
        b"monarch: an argument is not in ASCII, which is all that this locale reads: "
    )
    assert b"Zo\\xeb \\u2713. Set LC_ALL=C.UTF-8 and try again.\n" in result.stderr


def test_a_payload_may_have_any_bytes() -> None:
    """It is sent as it is, so it is never read as a text."""
    result = _in_ascii("publish", "--payload", "Zoë ✓")

    assert result.returncode == 1
    assert b"ASCII" not in result.stderr


def _in_ascii(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The program itself where the locale reads nothing but ASCII, and without a Valkey."""
    command = [sys.executable, "-m", "monarch", *arguments]
    ascii_alone = {"LC_ALL": "C", "PYTHONUTF8": "0", "VALKEY_URL": "valkey://127.0.0.1:1"}
    return subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, **ascii_alone}
    )
