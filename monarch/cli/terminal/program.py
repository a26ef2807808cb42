"""The program around the commands: with `--json`, wrong usage is told in JSON as every other error is.

It is found before a command begins, so the arguments are looked at, and not the command's option.
"""

import sys
from collections.abc import Sequence
from typing import Any, Final

from typer.core import TyperGroup
from typer.exceptions import TyperException

from monarch.cli.terminal.problem import Problem, for_programs, tell

_JSON: Final = "--json"


class Program(TyperGroup):
    """The group of all commands."""

    # typer passes on what its own group takes: hence `Any`.
    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]  # see above
        """Run the command that the arguments name; see `TyperGroup.main`."""
        given = list(sys.argv[1:] if args is None else args)
        if _JSON not in given[: given.index("--") if "--" in given else None]:
            return super().main(args, **extra)
        with for_programs():
            raise SystemExit(self._status(given, extra))

    def _status(self, given: list[str], extra: dict[str, Any]) -> int:
        try:
            status = super().main(given, **{**extra, "standalone_mode": False})
        except TyperException as error:
            problem = _usage(error)
            tell(problem)
            return problem.status
        # Without an early end it is what the command returned.
        return status if isinstance(status, int) else 0


def _usage(error: TyperException) -> Problem:
    """Wrong usage: what its command takes, and where that is described."""
    context: Any = getattr(error, "ctx", None)
    usage = context.get_usage().split(":", 1)[-1].strip() if context else None
    return Problem(
        error.format_message(),
        error.exit_code,
        expected=getattr(error, "expected", usage),
        got=getattr(error, "came", None),
        advice=f"see `{context.command_path} --help`" if context else None,
    )
