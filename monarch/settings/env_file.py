"""Reads a `.env` file, or says on which line it cannot be read.

`python-dotenv` parses; what it would skip with a warning is a mistake here, because a skipped line makes a command work
on the wrong installation. An unset value is left out; a value is never shown.

No `$` is replaced, in whichever quotes it stands. Docker Compose reads the same file and replaces `$NAME` outside single
quotes, so that one there is a mistake: the file would mean two things.
"""

import codecs
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from monarch.settings.mistakes import ConfigurationError

MAX_BYTES: Final = 1024 * 1024

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What can be the name of a variable; a shell takes no other."""

_UNQUOTED: Final = re.compile(r"(\$[${A-Za-z_])")
_DOUBLE_QUOTED: Final = re.compile(r"\\\\|(\\\$|\$[${A-Za-z_])")
"""What Docker Compose replaces, as the group; a backslash counts in double quotes alone, and two of them are a sign of their own."""

_IN_DOUBLE_QUOTES: Final = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class EnvFile(NamedTuple):
    """What a file holds: nothing if there is none.

    `places` says where each variable stands, such as `.env line 3`; `mistakes` what is wrong with the lines.
    """

    variables: Mapping[str, str]
    places: Mapping[str, str]
    mistakes: Sequence[str]


def read_env_file(path: Path, ours: Container[str]) -> EnvFile:
    """The variables of a file, and what is wrong with its lines.

    The variables of the other lines are still returned, so that one bad line does not make them look missing.

    Args:
        path: of the file; it need not exist.
        ours: the names that Monarch reads; what Docker Compose makes of the others is no concern of ours.

    Raises:
        ConfigurationError: it is not a file, cannot be read, or is not text in UTF-8.
    """
    text = _text(path)
    bindings = list(parse_stream(StringIO(text)))
    bad = [f"{_place(path, text, each)}: {_mistake(each)}" for each in bindings if _is_bad(each)]
    bad += _contradictions(path, text, bindings)
    good = [each for each in bindings if not _is_bad(each)]
    bad += _replaced(path, text, [each for each in good if each.key in ours])
    # Without the bad lines: the parser would write a warning of its own for each.
    lines = StringIO("".join(each.original.string for each in good))
    values = dotenv_values(stream=lines, interpolate=False)
    known = {name: value for name, value in values.items() if value is not None}
    places = {each.key: _place(path, text, each) for each in good if each.key is not None}
    return EnvFile(known, places, bad)


def _text(path: Path) -> str:
    try:
        if not path.exists() and not path.is_symlink():
            return ""
        if not path.is_file():
            message = f"{path}: expected a file; got {_kind(path)}. Remove it."
            raise ConfigurationError([message])
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{path}: expected a file that can be read; got: {error.strerror}. Correct it."
        raise ConfigurationError([message]) from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError([f"{path}: expected at most 1 MiB; got more. Correct it."])
    if content.startswith(_UTF_16) or b"\0" in content:
        message = f"{path}: expected text in UTF-8; got UTF-16, as PowerShell writes it, or no text. Save it as UTF-8."
        raise ConfigurationError([message])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{path} line {line}: expected text in UTF-8; got other bytes. Save it as UTF-8."
        raise ConfigurationError([message]) from None


def _kind(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    return "a pipe or a device" if path.exists() else "a link that leads to no file"


def _contradictions(path: Path, text: str, bindings: Sequence[Binding]) -> Iterator[str]:
    """Each variable that has two values: readers differ in which one they take. Empty behind a value, it loses that."""
    firsts: dict[str, Binding] = {}
    for each in bindings:
        if each.key is None or each.value is None or not (each.value or each.key in firsts):
            continue
        first = firsts.setdefault(each.key, each)
        if first.value != each.value:
            place, line = _place(path, text, each), _line(text, first)
            came = "another one" if each.value else "nothing, and the last one counts"
            yield f"{place}: {each.key}: expected the value of line {line}; got {came}. Remove one of them."


def _replaced(path: Path, text: str, bindings: Sequence[Binding]) -> Iterator[str]:
    """Each variable of which Docker Compose makes another value than we do."""
    for each in bindings:
        kinds = sorted(set(map(_kind_of_dollar, _dollars(each))))
        if kinds:
            yield (
                f"{_place(path, text, each)}: {each.key}: expected a value that Docker Compose reads as Monarch does; got,"
                f" outside single quotes, {', and '.join(kinds)} (not shown, it may be a secret). Write the value as it is"
                " meant, in single quotes."
            )


def _dollars(each: Binding) -> Iterator[str]:
    """Where Docker Compose replaces something: the `$` and the sign beside it."""
    written = each.original.string.partition("=")[2].lstrip()
    if written.startswith("'"):
        return
    quoted = _IN_DOUBLE_QUOTES.match(written)
    found = _DOUBLE_QUOTED.findall(quoted[1]) if quoted else _UNQUOTED.findall(each.value or "")
    yield from filter(None, found)


def _kind_of_dollar(found: str) -> str:
    if found == "$$":
        return "a $$, which Compose reads as one $"
    if found.startswith("\\"):
        return "a \\$, which Compose reads as a $ alone"
    return "a $ with a name, which Compose replaces"


def _is_bad(each: Binding) -> bool:
    return _is_unreadable(each) or _is_misnamed(each)


def _is_unreadable(each: Binding) -> bool:
    """Whether it is not an assignment: a line without `=`, an unclosed quote, words after a closing quote."""
    return each.error or (each.key is not None and each.value is None)


def _is_misnamed(each: Binding) -> bool:
    """Whether no variable can have this name: `1X`, `A-B`."""
    return each.key is not None and _NAME.fullmatch(each.key) is None


def _place(path: Path, text: str, each: Binding) -> str:
    return f"{path} line {_line(text, each)}"


def _line(text: str, each: Binding) -> int:
    """The line where it begins, which is that of its name."""
    line, lines = each.original.line, text.splitlines()
    # The parser counts blank lines before an assignment as its own.
    while line <= len(lines) and not lines[line - 1].strip():
        line += 1
    return line


def _mistake(each: Binding) -> str:
    """Say what was expected, and not what came: it may be a secret."""
    expected = "a quote closed on its line or later"
    if not _is_unreadable(each):
        expected = "a name of letters, digits and '_' that begins with no digit"
    return f"expected NAME=value, {expected}; got something else (not shown, it may be a secret). Correct it."
