"""From a command to the work and back: settings, the event loop, and failures."""

import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from monarch.cli.terminal.output import note_done, noted
from monarch.cli.terminal.printing import clean, got
from monarch.cli.terminal.problem import Problem, complain, tell

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.ports import StoreError
    from monarch.settings import Settings

T = TypeVar("T")

FAILED, WRONG, OUT_OF_SIGHT, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143
"""Exit statuses. `OUT_OF_SIGHT`: the followed request goes on, but its state cannot be seen any more."""


def end(problem: Problem) -> NoReturn:
    """Say on standard error what ends the command, and end it."""
    tell(problem)
    raise _with(problem.status)


def _with(status: int) -> BaseException:
    """The exception that ends a command: that of the argument parser, or a plain one in a worker, which has no parser."""
    if "typer" not in sys.modules:
        return SystemExit(status)
    import typer  # noqa: PLC0415 - see above

    return typer.Exit(status)


def fail(
    message: str,
    status: int = FAILED,
    *,
    advice: str | None = None,
    mistakes: tuple[str, ...] = (),
) -> NoReturn:
    """Say why on standard error, with what to do, and end."""
    end(Problem(message, status, advice=advice, mistakes=mistakes))


def refuse(what: str, expected: str, came: str, *, advice: str | None = None) -> NoReturn:
    """End for wrong usage: `what` (an option, an argument) has a value that it does not take."""
    message = f"{what} should be {expected}, not {got(came)}"
    end(Problem(message, WRONG, expected=expected, got=got(came), advice=advice))


def refuse_word(what: str, which: str, words: Iterable[str], came: str) -> NoReturn:
    """End for wrong usage: `what` takes `which` (*one of*, *some of*) these words; offers the nearest to what came."""
    import difflib  # noqa: PLC0415 - lazily

    known = list(words)
    words_given = came[:_LONGEST_WORD].lower().replace(",", " ").split()
    near = difflib.get_close_matches(" ".join(words_given), known, n=1)
    expected = f"{which} {', '.join(known)}"
    advice = f"Did you mean {near[0]}?" if near else None
    if which == "one of" and len(set(words_given) & set(known)) > 1:
        advice = "Give one of them alone."
    # Behind a list, "not X" would read as one more of its words.
    message = f"{what} should be {expected}; got {got(came)}"
    end(Problem(message, WRONG, expected=expected, got=got(came), advice=advice))


_LONGEST_WORD: Final = 100


def unknown_request(request: str) -> NoReturn:
    """End: there is no such request, or its record cannot be read."""
    from monarch.ports.spoiled import unknown  # noqa: PLC0415 - lazily

    reason, advice = unknown(request, _spoiled())
    fail(clean(reason), advice=advice or None)


def settings(*, needs_github: bool = False) -> "Settings":
    """The settings of the environment; if they are wrong, all mistakes are shown."""
    from monarch.settings import ConfigurationError, load_settings  # noqa: PLC0415 - lazily

    try:
        return load_settings(needs_github=needs_github)
    except ConfigurationError as error:
        fail(str(error), WRONG, mistakes=error.mistakes)


def operate(work: "Callable[[Operator], Awaitable[T]]") -> T:
    """Do `work` with an operator's connection to the installation that the environment names."""
    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.operator import operator  # noqa: PLC0415 - lazily

    known = settings()

    async def connected() -> T:
        async with operator(known) as person:
            return await work(person)

    with failures_reported():
        answer = anyio.run(connected)
    if noted() == _PART:
        note_done(_WHOLE)
    return answer


_PART: Final = "part of it was done"
_WHOLE: Final = "it was done"
_SCRIPT: Final = re.compile(r"^[a-z]+: ")
"""What a `StoreError` of a script begins with; people know the command, not the script."""


async def changed(command: str, see: str, change: Awaitable[T], *, is_part: bool = False) -> T:
    """Await one change; if Valkey fails in it, end and say whether it was done, or what shows that.

    `command` is what people gave, `see` a command that shows whether it was done. `is_part`: others may follow.
    An answer can be lost behind a change that was carried out, so only `is_untouched` means that it was not. Whatever
    fails after it, the error says that it was done.
    """
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        answer = await change
    except StoreError as error:
        reason = f"{command}: {_SCRIPT.sub('', str(error), count=1).rstrip('.')}"
        fail(
            _behind_done(f"{reason}. {_fate(is_untouched=error.is_untouched)}"),
            advice=_where(error, see),
        )
    if _has_changed(answer):
        note_done(_PART if is_part else _WHOLE)
    return answer


def _fate(*, is_untouched: bool) -> str:
    if noted():
        return "The rest was not done" if is_untouched else "The rest may have been done"
    return "Nothing was changed" if is_untouched else "It may have been done"


def _where(error: "StoreError", see: str) -> str:
    what = remedy_for(error)
    return what if error.is_untouched and not noted() else f"see {see}. {what}"


def _has_changed(answer: object) -> bool:
    """Whether an answer reports something that was done: not a refusal, and not a count of 0."""
    from monarch.ports import NotDone  # noqa: PLC0415 - lazily

    if isinstance(answer, tuple):
        return not all(one.refused for one in answer)
    return bool(answer) and not isinstance(answer, NotDone)


def _behind_done(reason: str) -> str:
    return f"{noted()}, but {reason}" if noted() else reason


def end_if_interrupted() -> None:
    """Call this in every round of an endless loop: Ctrl-C cancels the task once, and that may have been swallowed.

    Before Python 3.12 `asyncio.wait_for` swallows it if what it waits for is done at that moment; the client of Valkey
    waits for each command with it.
    """
    import asyncio  # noqa: PLC0415 - lazily

    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


_DOCTOR: Final = "See `monarch doctor`."


@contextmanager
def spoiled_told() -> Iterator[None]:
    """Around readings: name each key that held something else than its record, whatever else becomes of the command."""
    from monarch.ports.spoiled import is_told, spoiled_keys, told  # noqa: PLC0415 - lazily

    with spoiled_keys() as met:
        try:
            yield
        finally:
            for key in met:
                if not is_told(key):
                    complain(f"! {told(clean(key))}")
            _SPOILED.set((*_SPOILED.get(), *met))


def remedy_for(error: "StoreError") -> str:
    """What a person has to do, a sentence."""
    return error.remedy or _DOCTOR


_SPOILED: Final = ContextVar[tuple[str, ...]]("_SPOILED", default=())
"""The keys that the command has named as broken."""


def cannot_be_read(*records: str) -> bool:
    """Whether a reading for this command has met a broken record of these: that it found none says nothing then."""
    from monarch.ports.spoiled import is_spoiled  # noqa: PLC0415 - lazily

    return is_spoiled(_spoiled(), *records)


def _spoiled() -> tuple[str, ...]:
    from monarch.ports.spoiled import spoiled_so_far  # noqa: PLC0415 - lazily

    return (*_SPOILED.get(), *spoiled_so_far())


def nothing(words: str, *records: str) -> str:
    """What an empty listing says; `records` are what it is read from."""
    return "what there is cannot be read" if cannot_be_read(*records) else words


@contextmanager
def demand_all_of_it() -> Iterator[None]:
    """Around a command: if it could not show everything it fails at its end, as `ls` does."""
    note_done("")
    _SPOILED.set(())
    yield
    if _SPOILED.get():
        raise _with(FAILED)


@contextmanager
def failures_reported() -> Iterator[None]:
    """Around work: a Valkey that cannot be asked, and an interrupt, end the command with a message; see `spoiled_told`."""
    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    try:
        with spoiled_told():
            yield
    except StoreError as error:
        fail(_behind_done(str(error).rstrip(".")), advice=remedy_for(error))
    except KeyboardInterrupt:
        raise _with(INTERRUPTED) from None
