"""Shows the readings of a survey while it goes on, on standard error: standard output is for the result alone."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from monarch.cli.terminal.printing import clean

Tell = Callable[[str], None]

EVERY: Final = 100
"""How many readings of one repository to report at a time without a terminal, on which a line cannot be rewritten."""


@contextmanager
def readings(*, quiet: bool) -> Iterator[Tell]:
    """A function to call with the name of each repository that is read; it shows the progress."""
    if quiet:
        yield lambda _name: None
    elif sys.stderr.isatty():
        with _spinner() as tell:
            yield tell
    else:
        yield _Lines().tell


class _Lines:
    """A line for each repository when its reading begins, and again if that takes long."""

    def __init__(self) -> None:
        self._read: Counter[str] = Counter()

    def tell(self, name: str) -> None:
        """Count one more reading."""
        self._read[name] += 1
        count = self._read[name]
        if count == 1:
            print(f"{clean(name)}: reading", file=sys.stderr, flush=True)
        elif count % EVERY == 0:
            print(f"{clean(name)}: {count} readings", file=sys.stderr, flush=True)


@contextmanager
def _spinner() -> Iterator[Tell]:
    from rich.console import Console  # noqa: PLC0415 - lazily
    from rich.progress import Progress, SpinnerColumn, TextColumn  # noqa: PLC0415 - lazily

    read: Counter[str] = Counter()
    console = Console(stderr=True)
    spinner = SpinnerColumn("line" if console.options.ascii_only else "dots")
    words = TextColumn("{task.description}", markup=False)
    with Progress(spinner, words, console=console, transient=True) as bars:
        task = bars.add_task("reading", total=None)

        def tell(name: str) -> None:
            read[name] += 1
            bars.update(task, description=progress_line(len(read), name, read[name]))

        yield tell


def progress_line(repositories: int, name: str, count: int) -> str:
    """How many repositories are being read, the last one that was read, and how often."""
    noun = "repository" if repositories == 1 else "repositories"
    many = "reading" if count == 1 else "readings"
    return f"{repositories} {noun}, {clean(name)}: {count} {many}"
