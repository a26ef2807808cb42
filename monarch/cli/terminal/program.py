"""The program around the commands: with `--json`, wrong usage is reported in JSON like every other error.

Wrong usage is found before a command begins, so this module looks for `--json` in the arguments, not at the option.
"""

import difflib
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from monarch.cli.calling import WRONG, demand_all_of_it, end
from monarch.cli.terminal.printing import got
from monarch.cli.terminal.problem import Problem, for_programs, tell

_JSON: Final = "--json"
_VALUES: Final = frozenset(
    {"true", "false", "yes", "no", "on", "off", "1", "0", "t", "f", "y", "n"}
)
"""What people write behind a flag as its value, in lower case."""


_MEANT: Final = {
    "heal": "verify REQUEST --heal",
    "undo": "recall REQUEST --undo",
    "replay": "dead replay",
    "retry": "dead replay",
    "drop": "dead drop",
    "list": "requests",
    "ls": "requests",
    "logs": "events",
    "log": "events",
    "health": "status",
    "start": "run",
    "stop": "pause",
    "worker": "workers",
    "request": "show REQUEST",
    "event": "events",
    "migrate": "submit",
    "dead delete": "dead drop",
    "dead remove": "dead drop",
    "dead rm": "dead drop",
    "dead ls": "dead list",
    "dead retry": "dead replay",
    "dead resend": "dead replay",
    "dead view": "dead show",
}
"""What people call commands by that do not bear that name, and what they mean."""

_NEAR: Final = 0.7
"""How near a word must be to the name of a command to be taken for its misspelling, from 0 to 1."""

_LONGEST: Final = 100


class Group(TyperGroup):
    """A group of commands whose help shows a flag by its name alone: `<bool>` after it looks like a value to give."""

    # typer brings its own click, without types: hence `Any`.
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """See `TyperGroup.get_command`."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _name_alone(command.get_params(command.context_class(command, parent=ctx)))
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """See `TyperGroup.parse_args`; `--json` belongs to a command, and the parser called it no option at all."""
        if args and args[0] == _JSON and not ctx.resilient_parsing:
            name = next((word for word in args[1:] if word in self.list_commands(ctx)), "COMMAND")
            before = "" if ctx.parent is None else f"{ctx.info_name} "
            advice = f"Write `monarch {before}{name} {_JSON}`."
            end(Problem(f"{_JSON} goes after the command", WRONG, got=_JSON, advice=advice))
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """See `TyperGroup.resolve_command`.

        Refuses what would silently be taken for something else: of an option that is given twice the first value would
        be dropped, and a value behind a flag would be an argument.
        """
        if not ctx.resilient_parsing:
            _demand_read(args)
            self._demand_known(ctx, args[0])
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not ctx.resilient_parsing:
            context = command.context_class(command, info_name=name, parent=ctx)
            for param in command.params:
                _demand_once(param, before_the_end(rest), context)
                _demand_no_value(param, before_the_end(rest), context)
        return name, command, rest

    def _demand_known(self, ctx: Any, name: str) -> None:
        """Refuse a command that does not exist, with the one that is meant.

        The parser's own guess goes far: it offered `recall`, which closes every copy, for `heal`.
        """
        names = self.list_commands(ctx)
        if name in names or name.startswith("-"):
            return
        near = difflib.get_close_matches(name[:_LONGEST].lower(), names, 1, _NEAR)
        before = "" if ctx.parent is None else f"{ctx.info_name} "
        meant = f"{before}{near[0]}" if near else ""
        meant = _MEANT.get(f"{before}{name.lower()}", meant)
        message = f"there is no command {before}{got(name)}"
        advice = f"Did you mean `monarch {meant}`?" if meant else f"See `monarch {before}--help`."
        end(Problem(message, WRONG, f"one of {', '.join(names)}", name, advice=advice))

    def get_params(self, ctx: Any) -> Any:
        """See `TyperGroup.get_params`."""
        return _name_alone(super().get_params(ctx))


_AS_BYTES: Final = "--payload"
"""The option whose value is sent byte for byte, whatever it is."""


def _demand_read(given: Sequence[str]) -> None:
    """Refuse an argument that the locale could not read: whatever was said of its text would be untrue.

    Python keeps each byte that it could not read as half a surrogate pair.
    """
    for before, word in pairwise(("", *given)):
        if before == _AS_BYTES or word.startswith(f"{_AS_BYTES}=") or _is_text(word):
            continue
        encoding, came = _encoding(), got(os.fsencode(word).decode(errors="backslashreplace"))
        message = f"an argument is not in {encoding}, which is all that this locale reads: {came}"
        advice = "Give it in UTF-8." if encoding == _UTF_8 else "Set LC_ALL=C.UTF-8 and try again."
        end(Problem(message, WRONG, f"arguments in {encoding}", came, advice=advice))


_UTF_8: Final = "UTF-8"


def _encoding() -> str:
    return sys.getfilesystemencoding().upper()


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _demand_once(param: Any, given: list[str], context: Any) -> None:
    """Refuse a second value for an option that takes one."""
    if param.param_type_name != "option" or param.is_flag or param.multiple:
        return
    times = sum(each.partition("=")[0] in param.opts for each in given)
    if times > 1:
        raise typer.BadParameter(f"it takes one value, and was given {times}", context, param)


def _demand_no_value(param: Any, given: list[str], context: Any) -> None:
    """Refuse a word such as `false` behind a flag."""
    if param.param_type_name != "option" or not param.is_flag:
        return
    for flag, word in pairwise(given):
        if flag in param.opts and word.lower() in _VALUES:
            what = f"it takes no value: leave {word} out, and for no the option too"
            hint = f"{what} (an argument called {word} goes behind --)"
            raise typer.BadParameter(hint, context, param)


def before_the_end(given: list[str]) -> list[str]:
    """What comes before `--`, after which everything is an argument."""
    return given[: given.index("--")] if "--" in given else given


def _name_alone(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


class Program(Group):
    """The group of all commands."""

    # typer passes on what its own group takes: hence `Any`.
    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]  # see above
        """Run the command that the arguments name; see `TyperGroup.main`."""
        _demand_a_shell()
        given = list(sys.argv[1:] if args is None else args)
        if _JSON not in before_the_end(given):
            return super().main(args, **extra)
        with for_programs():
            raise SystemExit(self._status(given, extra))

    def invoke(self, ctx: Any) -> Any:
        """See `TyperGroup.invoke`."""
        with demand_all_of_it():
            return super().invoke(ctx)

    def _status(self, given: list[str], extra: dict[str, Any]) -> int:
        try:
            status = super().main(given, **{**extra, "standalone_mode": False})
        except TyperException as error:
            problem = _usage(error)
            tell(problem)
            return problem.status
        # Without an early end this is what the command returned.
        return status if isinstance(status, int) else 0


def _demand_a_shell() -> None:
    """Refuse a completion for bash without what bash says of its line; the library ended with a traceback."""
    if os.environ.get(_COMPLETE) == "complete_bash" and not (
        "COMP_WORDS" in os.environ and os.environ.get("COMP_CWORD", "").isdecimal()
    ):
        message = f"{_COMPLETE} is for the completion of bash, which sets COMP_WORDS and COMP_CWORD"
        tell(Problem(message, WRONG, advice=f"Unset {_COMPLETE}."))
        raise SystemExit(WRONG)


_COMPLETE: Final = "_MONARCH_COMPLETE"


def _usage(error: TyperException) -> Problem:
    """Wrong usage: what the command takes, and where that is described."""
    context: Any = getattr(error, "ctx", None)
    usage = context.get_usage().split(":", 1)[-1].strip() if context else None
    return Problem(
        error.format_message(),
        error.exit_code,
        expected=getattr(error, "expected", usage),
        got=getattr(error, "came", None),
        advice=f"see `{context.command_path} --help`" if context else None,
    )
