r"""Standard output and standard error: made fit for any text, and ended cleanly if their reader is gone.

What an encoding cannot express is spelled out (`\\xe4`). A closed pipe (`| head -1`) ends the program as it ends other
Unix tools, by SIGPIPE (a shell says 141), silently. Output that cannot be written (a full disk) is a failure, reported
on standard error, with status 1.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NOT_WRITTEN: Final = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG, errno.EDQUOT}


@contextmanager
def output_ended() -> Iterator[None]:
    """Around a program that ends by `SystemExit`, as typer's do: make sure that all its output was written."""
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


def _make_fit() -> None:
    """Spell out what the encoding cannot express; a stream that was closed from the start takes everything.

    Ignore a terminal that claims to have no columns: rich would print nothing on it.
    """
    if os.environ.get("COLUMNS", "").strip("0") == "":
        os.environ.pop("COLUMNS", None)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for good
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _end_by_sigpipe() -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)


def _fail(error: OSError) -> None:
    # Send what is still buffered to nowhere, or the interpreter would try again and print its own complaint.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    message = f"monarch: cannot write the output: {error.strerror}\n"
    try:
        os.write(2, message.encode())
    except OSError:
        os.dup2(nowhere, 2)
    raise SystemExit(1) from None
