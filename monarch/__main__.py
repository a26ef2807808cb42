"""The program `monarch`, also as `python -m monarch`."""

import os
import signal
import sys

_BY_SIGTERM = 143
"""The status by which a shell tells an end by SIGTERM."""


def main() -> None:
    """Run the command that the arguments name.

    As process 1 of a container it would not end on SIGTERM before it has a handler, and loading takes seconds: so the
    first instruction sets one. Nothing is under way by then. A worker sets its own later.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0 if "run" in sys.argv else _BY_SIGTERM))
    from monarch.cli.commands import app  # noqa: PLC0415 - nothing happens at import
    from monarch.cli.terminal.output import output_ended  # noqa: PLC0415 - likewise

    with output_ended():
        app(prog_name="monarch")


if __name__ == "__main__":
    main()
