"""The result of an act, in lines for people: how many copies are so now, and each that was left, with its link."""

from collections.abc import Iterator, Sequence

from monarch.cli.calling import settings
from monarch.cli.terminal.printing import clean, say
from monarch.core.after.sentences import ended_word, newly_copied
from monarch.core.after.touch import Left
from monarch.core.report.summary import MigrationView


def print_acts(migrations: Sequence[MigrationView]) -> None:
    """Print what the last act did in each target; nothing if there was none."""
    if not any(one.acted for one in migrations):
        return
    from monarch.app.wiring import web_url_of  # noqa: PLC0415 - lazily

    web_url = web_url_of(settings())
    for one in migrations:
        for line in acted_lines(one, web_url):
            say(line)


def acted_lines(migration: MigrationView, web_url: str) -> Iterator[str]:
    """What the last act did in one target; nothing if there was none."""
    if not migration.acted:
        return
    word, copied = ended_word(migration.acted), newly_copied(migration)
    new = f"{copied} copied, " if copied else ""
    left = f", {len(migration.left)} left as they are" if migration.left else ""
    yield f"{clean(migration.target)}: {new}{migration.changed} {word}{left}"
    yield from left_lines(migration.place, migration.left, web_url)


def left_lines(target: str, left: Sequence[Left], web_url: str) -> Iterator[str]:
    """Each copy that is left, with what people did to it and where it is."""
    for one in left:
        yield f"  left #{one.number} ({one.why}): {issue_url(target, one.number, web_url)}"


def issue_url(target: str, number: int, web_url: str) -> str:
    """Where people see an issue."""
    return f"{web_url}/{clean(target)}/issues/{number}"
