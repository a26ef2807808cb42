"""Arguments and options that several commands take."""

import re
from collections.abc import Callable
from typing import Annotated, Final

import typer

from monarch.cli.terminal.printing import got


class WrongValue(typer.BadParameter):
    """An option or argument has a value that it does not take."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"it should be {expected}, not {came}")
        self.expected, self.came = expected, came


_WHOLE: Final = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")

AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")]


def whole(least: int, most: int) -> Callable[[str | int], int]:
    """A parser of whole numbers in these bounds; its error says what it expected and what came."""

    def parsed(text: str | int) -> int:
        # Not everything that Python accepts: 1_0 is a typo.
        found = int(text) if _WHOLE.fullmatch(str(text)) else least - 1
        if not least <= found <= most:
            raise WrongValue(f"a whole number from {least:,} to {most:,}", got(str(text)))
        return found

    return parsed


PORT: Final = whole(0, 65_535)
Limit = Annotated[
    int,
    typer.Option(
        "--limit",
        "-n",
        parser=whole(1, 1_000_000),
        metavar="NUMBER",
        help="How many to show at most, the newest: 1 to 1,000,000.",
    ),
]
Source = Annotated[str, typer.Argument(help="The template: owner/repo or an address.")]
Targets = Annotated[
    list[str], typer.Argument(help="The repositories to copy into: owner/repo, one or more.")
]
Channel = Annotated[
    str | None,
    typer.Option(help="The Slack channel to report to; without it Slack gets no message."),
]
NotBefore = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Begin no earlier: ISO 8601 with its zone, such as 2026-11-30T08:00:00+01:00.",
    ),
]
Milestones = Annotated[
    list[str] | None,
    typer.Option(
        "--milestone",
        metavar="TITLE",
        help="Copy only the tickets in this milestone of the template. May be repeated.",
    ),
]
RequestName = Annotated[str, typer.Argument(help="A request's id, such as 1732406400000-0.")]
By = Annotated[str | None, typer.Option(help="Your name, shown to others; user@host by default.")]

Letters = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Ids of dead letters, or of entries: all letters of these."),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="letter|entry",
        help="What an ID is that is both: a letter, or the entry of letters.",
    ),
]
OfRequest = Annotated[str | None, typer.Option("--request", help="Only letters of this request.")]
OfTarget = Annotated[
    str | None, typer.Option("--target", help="Only letters of this target: owner/repo.")
]
WithCode = Annotated[str | None, typer.Option("--code", help="Only letters with this code.")]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", help="Only letters older than this: 90s, 2h, 3d.")
]
NewerThan = Annotated[
    str | None, typer.Option("--newer-than", help="Only letters newer than this: 90s, 2h, 3d.")
]
All = Annotated[bool, typer.Option("--all", help="Every letter.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show which letters match; change nothing.")
]
