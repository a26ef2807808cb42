"""From a command to the work and back: settings, the event loop, and what becomes of failures."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.settings import Settings

T = TypeVar("T")

FAILED, WRONG, INTERRUPTED = 1, 2, 130


def fail(message: str, status: int = FAILED) -> NoReturn:
    """Say why on standard error, and end."""
    print(f"monarch: {message}", file=sys.stderr)
    raise typer.Exit(status)


def settings(*, needs_github: bool = False) -> "Settings":
    """The settings of the environment; where they are wrong, all mistakes are shown."""
    from monarch.settings import ConfigurationError, load_settings  # noqa: PLC0415 - lazily

    try:
        return load_settings(needs_github=needs_github)
    except ConfigurationError as error:
        fail(str(error), WRONG)


def operate(work: "Callable[[Operator], Awaitable[T]]") -> T:
    """Do `work` with an operator's connection to the installation that the environment names."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.operator import operator  # noqa: PLC0415 - lazily

    known = settings()

    async def connected() -> T:
        async with operator(known) as person:
            return await work(person)

    with failures_told():
        return anyio.run(connected)


@contextmanager
def failures_told() -> Iterator[None]:
    """Around work: a Valkey that cannot be asked, and an interrupt, end the command with a word for people."""
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        yield
    except StoreError as error:
        fail(f"{str(error).rstrip('.')}. See `monarch doctor`.")
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
