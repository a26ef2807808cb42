"""The program `monarch`, also as `python -m monarch`."""

import os
import signal
import sys
from collections.abc import Callable, Sequence

_BY_SIGTERM = 143
"""The status by which a shell tells an end by SIGTERM."""

_INTERRUPTED = 130
"""Likewise, by Ctrl-C."""

_ROLES = "--roles"


def main() -> None:
    """Run the command that the arguments name.

    As process 1 of a container it would not end on SIGTERM before it has a handler, and loading takes seconds: so the
    first instruction sets one. Nothing is under way by then. A worker sets its own later.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0 if "run" in sys.argv else _BY_SIGTERM))
    from monarch.cli.terminal.output import output_ended  # noqa: PLC0415 - nothing happens at import

    with output_ended():
        work = _long_work(sys.argv[1:]) or _any_command
        try:
            work()
        except KeyboardInterrupt:
            raise SystemExit(_INTERRUPTED) from None


def _any_command() -> None:
    from monarch.cli.commands import app  # noqa: PLC0415 - nothing happens at import

    app(prog_name="monarch")


def _long_work(arguments: Sequence[str]) -> Callable[[], None] | None:
    """What runs until it is stopped, where the arguments plainly ask for it; `None`: the catalogue of commands decides.

    The catalogue, with what reads arguments and draws help, takes two megabytes, and a worker would keep them for as
    long as it works. What is not plain (a wrong option, `--help`) is the catalogue's, so that help and errors are in one
    place.
    """
    match arguments:
        case ["run"]:
            return lambda: _run(None)
        case ["run", "--roles", roles] if not roles.startswith("-"):
            return lambda: _run(roles)
        case ["run", option] if option.startswith(f"{_ROLES}="):
            return lambda: _run(option.removeprefix(f"{_ROLES}="))
        case ["web"]:
            return _web
        case _:
            return None


def _run(roles: str | None) -> None:
    from monarch.cli.run import run_roles  # noqa: PLC0415 - nothing happens at import

    run_roles(roles)


def _web() -> None:
    from monarch.cli.run import serve_page  # noqa: PLC0415 - nothing happens at import

    serve_page()


if __name__ == "__main__":
    main()
