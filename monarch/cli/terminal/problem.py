"""What ended a command, for people and for programs; it never contains a secret.

With `--json` standard error has one JSON document a line: `{"error": …}` for what ended the command and
`{"note": …}` for what else is worth knowing. Standard output is for results alone, as always.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Final

from monarch.cli.terminal.printing import as_json, fitted
from monarch.core.redact import redact

_FOR_PROGRAMS: Final = ContextVar("_FOR_PROGRAMS", default=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a command ended before its work was done.

    Attributes:
        message: what is wrong, as people read it.
        status: the exit status.
        expected: what should have come; `None`: the message says everything.
        got: what came instead.
        advice: what to do, as people read it after the message.
        mistakes: each of several, with what was expected, what came and what to do.
    """

    message: str
    status: int
    expected: str | None = None
    got: str | None = None
    advice: str | None = None
    mistakes: tuple[str, ...] = ()


@contextmanager
def for_programs() -> Iterator[None]:
    """Within the block a program reads standard error."""
    before = _FOR_PROGRAMS.set(True)
    try:
        yield
    finally:
        _FOR_PROGRAMS.reset(before)


def tell(problem: Problem) -> None:
    """Report on standard error what ended the command."""
    if _FOR_PROGRAMS.get():
        _print_document({"error": asdict(problem)})
        return
    _print(f"monarch: {_followed(problem.message, problem.advice)}")


def complain(text: str) -> None:
    """Report on standard error what is worth knowing; on a terminal each line wraps between words."""
    if _FOR_PROGRAMS.get():
        _print_document({"note": text.removeprefix("! ")})
        return
    _print(text)


def _followed(message: str, advice: str | None) -> str:
    """The message with the advice behind it; a message from outside may end in a blank or in a mark of its own."""
    if not advice:
        return message
    message = message.rstrip()
    if not advice[0].isupper():
        return f"{message}: {advice}"
    return f"{message} {advice}" if message.endswith((".", "?", "!")) else f"{message}. {advice}"


def _print(text: str) -> None:
    lines = (fitted(line, out=sys.stderr) for line in redact(text).split("\n"))
    print("\n".join(lines), file=sys.stderr, flush=True)


def _print_document(value: object) -> None:
    is_unicode = (sys.stderr.encoding or "").lower().startswith("utf")
    text = as_json(_without_secrets(value), indent=None, ascii_only=not is_unicode)
    print(text, file=sys.stderr, flush=True)


def _without_secrets(value: object) -> object:
    """Hide secrets in each text by itself: hiding in the finished document could remove a quotation mark."""
    if isinstance(value, dict):
        return {name: _without_secrets(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(part) for part in value]
    return redact(value) if isinstance(value, str) else value
