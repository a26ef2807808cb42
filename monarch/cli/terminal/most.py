"""How many lines a listing shows, and the note where a default has cut it."""

from collections.abc import Sized
from dataclasses import dataclass

import typer

from monarch.cli.terminal.problem import complain


@dataclass(frozen=True, slots=True)
class Most:
    """How many lines a listing shows at most; `is_given`: the person said so, and needs no note."""

    number: int
    is_given: bool

    @property
    def asked(self) -> int:
        """How many to read: one more shows that the listing is cut."""
        return self.number + 1


def most(context: typer.Context, limit: int) -> Most:
    """The option `--limit` of a command."""
    source = context.get_parameter_source("limit")
    return Most(limit, is_given=source is not None and source.name != "DEFAULT")


def tell_cut(found: Sized, shown: Most) -> None:
    """Note that there are more than the default shows."""
    if len(found) > shown.number and not shown.is_given:
        complain(f"showing the newest {shown.number}: --limit shows more")
