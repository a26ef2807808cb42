r"""Standard output and standard error: made fit for any text, and ended cleanly if their reader is gone.

What an encoding cannot express is spelled out (`\\xe4`). A closed pipe (`| head -1`) ends the program as it ends other
Unix tools, by SIGPIPE (a shell says 141), silently. Output that cannot be written (a full disk, a stream that was closed
from the start) is a failure, reported on standard error, with status 1. What the command had done by then is reported
with it, also on a closed pipe: nothing else names the request that was made.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

_NOT_WRITTEN: Final = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG, errno.EDQUOT}
_SIZES: Final = ("COLUMNS", "LINES", "TERMINAL_WIDTH")
"""What typer, click and rich read of a terminal's size."""

_LARGEST: Final = 1_000
"""No terminal is larger. They draw rulers of this length, whatever stands there."""

_DIGITS: Final = 4
"""A number that begins with so many digits, and has more, is too large by its beginning alone."""

_done: list[str] = []
"""What the command has done, for people; empty before it has changed anything."""


def note_done(what: str) -> None:
    """Keep what the command has done, to be reported if its output cannot be written; `""`: nothing yet."""
    _done[:] = [what] if what else []


def noted() -> str:
    """What the command has done; `""` if nothing."""
    return "".join(_done)


@contextmanager
def output_ended() -> Iterator[None]:
    """Around a program that ends by `SystemExit`, as typer's do: make sure that all its output was written."""
    note_done("")
    _cap_sizes()
    _make_fit()
    out, leads_to = sys.stdout, _where_it_leads()
    try:
        try:
            yield
        finally:
            out.flush()
    except BrokenPipeError:
        _end_by_sigpipe()
    except OSError as error:
        if error.errno not in _NOT_WRITTEN or error.filename is not None:
            raise
        _fail(error)
    except SystemExit:
        # On a closed pipe, typer replaces the stream, and rich redirects it to /dev/null.
        if sys.stdout is not out or _where_it_leads() != leads_to:
            _end_by_sigpipe()
        raise


def _where_it_leads() -> tuple[int, int, int] | None:
    try:
        found = os.fstat(1)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev


def _cap_sizes() -> None:
    """Make the sizes that the environment claims possible; call it before anything reads them.

    What is no number, or not positive, counts as unset: on a terminal of no columns rich would print nothing.
    """
    for name in _SIZES:
        given = os.environ.pop(name, "").strip()
        digits = given.lstrip("0")
        if digits.isascii() and digits.isdigit():
            os.environ[name] = str(min(int(digits[:_DIGITS]), _LARGEST))


def _make_fit() -> None:
    """Spell out what the encoding cannot express; a standard output that was closed from the start takes nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _in_place_of(name))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


_INSTEAD: Final = {"stdout": (1, os.O_RDONLY), "stderr": (2, os.O_WRONLY)}
"""The descriptor of each stream, and how it is opened where it was closed: results must not be lost in silence."""


def _in_place_of(name: str) -> TextIO:
    """A stream instead of one that was closed. It holds the descriptor, or a connection would get it."""
    descriptor, mode = _INSTEAD[name]
    nowhere = os.open(os.devnull, mode)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
    return open(descriptor, "w", encoding="utf-8", closefd=False)


def _end_by_sigpipe() -> None:
    if _done:
        _write_error(f"monarch: {noted()}, but the output was closed")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)


def _fail(error: OSError) -> None:
    # Send what is still buffered to nowhere, or the interpreter would try again and print its own complaint.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    before = f"{noted()}, but " if _done else ""
    if not _write_error(f"monarch: {before}cannot write the output: {error.strerror}"):
        os.dup2(nowhere, 2)
    raise SystemExit(1) from None


def _write_error(line: str) -> bool:
    """Write a line on standard error, past what is buffered; returns whether that succeeded."""
    try:
        os.write(2, f"{line}\n".encode())
    except OSError:
        return False
    return True
