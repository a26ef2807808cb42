"""How results look: a table for people on a terminal, plain columns in a pipe, JSON for programs.

Texts come from outside (messages, repositories, GitHub's answers), so control characters that a terminal could
obey are shown, not sent.
"""

import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

from monarch.core.moments import date_of
from monarch.core.redact import redact
from monarch.core.span import span
from monarch.web.plain import plain

if TYPE_CHECKING:
    from rich.console import Console

    from monarch.cli.terminal.tables import Line, TableColumn

Row = Sequence[object]

_OBEYED: Final = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""What JSON would leave as it is: C1 control characters, marks that turn the direction of a text, and what is not text."""


def clean(value: object) -> str:
    """A value on one line; control characters are spelled out, nothing is `-`."""
    text = "" if value is None else str(value)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown or "-"


def got(text: str) -> str:
    """A given value, in an error about it: shortened, without secrets; an empty one reads `nothing`, to be seen."""
    if text and not text.strip():
        return "white space alone"
    text = redact(text)
    shown = clean(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "") if text else "nothing"
    # White space around it may be the mistake, and could not be seen otherwise.
    shown = shown if text == text.strip() else f'"{shown}"'
    return f"{shown} ({len(text):,} characters)" if len(text) > _SHOWN else shown


_SHOWN: Final = 70
"""Characters: with what stands around it, it fits on a line of 80 columns."""


def age(seconds: float | None) -> str:
    """`3 s`, `5 min`, `2 h`, `4 d`; `-` for none."""
    return "-" if seconds is None else span(seconds)


def moment(ms: int | None) -> str:
    """Milliseconds since 1970 as a date and time, in UTC."""
    if not ms:
        return "-"
    return date_of(ms).strftime("%Y-%m-%d %H:%M:%S UTC")


def as_json(value: object, *, indent: int | None = 2, ascii_only: bool = False) -> str:
    """A JSON document of dataclasses, tuples and plain values; `ascii_only` escapes the rest, as JSON has it.

    Control characters that a terminal could obey are always escaped: a parser reads the same.
    """
    text = json.dumps(plain(value), indent=indent, ensure_ascii=ascii_only, default=str)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def show_json(value: object, *, indent: int | None = 2) -> None:
    """Print one JSON document, in what the stream's encoding can express."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(as_json(value, indent=indent, ascii_only=not is_unicode), flush=indent is None)


@dataclass(frozen=True, slots=True)
class Styled:
    """A value with a colour, shown only on a terminal."""

    value: object
    style: str

    def __str__(self) -> str:
        return "" if self.value is None else str(self.value)


def alarm(value: object, *, when: bool = True) -> object:
    """A value that a person should act on: red."""
    return Styled(value, "bold red") if when else value


def doubt(value: object, *, when: bool = True) -> object:
    """A value that is worth a look: yellow."""
    return Styled(value, "yellow") if when else value


def show_table(
    columns: "Sequence[TableColumn]",
    rows: Iterable[Row],
    *,
    empty: str,
    out: TextIO | None = None,
) -> None:
    """Print a table: laid out for the terminal's width, or in aligned columns anywhere else; `empty` is for no rows."""
    from monarch.cli.terminal import tables  # noqa: PLC0415 - loads rich, which a worker does without

    stream = out or sys.stdout
    cells = [[tables.Piece(clean(value), _style(value)) for value in row] for row in rows]
    if not cells:
        print(fitted(empty, out=stream), file=stream)
    elif stream.isatty():
        console = _console(stream)
        _print_lines(console, tables.lay_out(columns, cells, console.width))
    else:
        for line in tables.plain(columns, cells):
            print(line, file=stream)


def show_facts(facts: Mapping[str, object], *, whole: Collection[str] = ()) -> None:
    """Print names and values below each other. Sentences wrap between words, except those that are `whole`."""
    from monarch.cli.terminal import tables  # noqa: PLC0415 - loads rich, which a worker does without

    wide, console = max(map(len, facts), default=0), _terminal(sys.stdout)
    for name, value in facts.items():
        first, text = f"{name:<{wide}}  ", clean(value)
        if console is None or name in whole:
            print(first + text)
            continue
        pieces = tables.wrapped(text, console.width, first, goes_on=" " * len(first))
        for line in pieces:
            _print_lines(
                console,
                [
                    [
                        tables.Piece(line[: len(first)]),
                        tables.Piece(line[len(first) :], _style(value)),
                    ]
                ],
            )


def say(text: str, *, goes_on: str = "    ") -> None:
    """Print a sentence: wrapped between words on a terminal, on one line in a pipe."""
    print(fitted(text, goes_on=goes_on), flush=True)


def fitted(text: str, *, goes_on: str = "    ", out: TextIO | None = None) -> str:
    """A sentence for `out` (standard output), wrapped between words on a terminal; further lines begin with `goes_on`."""
    console = _terminal(out or sys.stdout)
    if console is None:
        return text

    from monarch.cli.terminal import tables  # noqa: PLC0415 - loads rich, which a worker does without

    indent = text[: len(text) - len(text.lstrip())]
    return "\n".join(tables.wrapped(text.lstrip(), console.width, indent, goes_on=goes_on))


def _terminal(stream: TextIO) -> "Console | None":
    return _console(stream) if stream.isatty() else None


def _console(stream: TextIO) -> "Console":
    """Rich heeds NO_COLOR, TERM=dumb and COLUMNS."""
    from rich.console import Console  # noqa: PLC0415 - lazily

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def _print_lines(console: "Console", lines: "Iterable[Line]") -> None:
    from rich.text import Text  # noqa: PLC0415 - lazily

    for line in lines:
        # Without colours nothing is bold either: NO_COLOR asks for plain text.
        text = Text.assemble(*(piece.text if console.no_color else piece for piece in line))
        text.rstrip()
        # Soft wrap: the terminal wraps what is wider than itself, so that it can be copied whole.
        console.print(text, soft_wrap=True)


def _style(value: object) -> str:
    return value.style if isinstance(value, Styled) else _STYLES.get(str(value), "")


_STYLES: Mapping[str, str] = {
    "done": "green",
    "OK": "green",
    "running": "cyan",
    "parked": "yellow",
    "cancelled": "yellow",
    "WARN": "yellow",
    "failed": "red",
    "dead": "red",
    "FAIL": "red",
}


def fields_of(fields: Mapping[str, Any]) -> str:
    """`name=value` for each field that has a value."""
    return " ".join(f"{name}={clean(value)}" for name, value in fields.items() if value != "")
