"""How results look: a table for people on a terminal, plain columns in a pipe, JSON for programs.

Texts come from outside (messages, repositories, GitHub's answers), so whatever a terminal could obey is
shown, not sent.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

Row = Sequence[object]

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (0, "s"))


def clean(value: object) -> str:
    """A value on one line; control characters are spelled out, nothing is `-`."""
    text = "" if value is None else str(value)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown or "-"


def age(seconds: float | None) -> str:
    """`3 s`, `5 min`, `2 h`, `4 d`; `-` where there is none."""
    if seconds is None:
        return "-"
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size or not size)
    return f"{int(seconds // (size or 1))} {unit}"


def moment(ms: int | None) -> str:
    """Milliseconds since 1970 as a date and time, in UTC."""
    if not ms:
        return "-"
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def as_json(value: object, *, indent: int | None = 2) -> str:
    """A JSON document of dataclasses, tuples and plain values."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, default=str)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def show_json(value: object) -> None:
    """Print one JSON document."""
    print(as_json(value))


def show_table(columns: Sequence[str], rows: Iterable[Row], out: TextIO | None = None) -> None:
    """Print a table: drawn on a terminal, aligned columns anywhere else."""
    stream = out or sys.stdout
    cells = [[clean(value) for value in row] for row in rows]
    if stream.isatty():
        _draw(columns, cells, stream)
    else:
        _align([[column.upper() for column in columns], *cells], stream)


def show_facts(facts: Mapping[str, object]) -> None:
    """Print names and values below each other."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        print(f"{name:<{width}}  {clean(value)}")


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]], stream: TextIO) -> None:
    from rich import box  # noqa: PLC0415 - lazily
    from rich.console import Console  # noqa: PLC0415 - lazily
    from rich.table import Table  # noqa: PLC0415 - lazily
    from rich.text import Text  # noqa: PLC0415 - lazily

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        # The first column names the row: it is to be copied whole.
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console(file=stream).print(table)


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


def _align(lines: Sequence[Sequence[str]], stream: TextIO) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip(), file=stream)


def fields_of(fields: Mapping[str, Any]) -> str:
    """`name=value` for each field that has a value."""
    return " ".join(f"{name}={clean(value)}" for name, value in fields.items() if value != "")
