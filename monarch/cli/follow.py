"""Follows a request to its end, through every outage that its workers survive.

Following survives a Valkey that does not answer, restarts, fails over or is paused: the trouble is printed and Valkey is
asked again. If the request can no longer be read, a line says that it goes on, and the exit status is `OUT_OF_SIGHT`,
because the request has not failed.
"""

import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import typer

from monarch.cli.calling import (
    FAILED,
    INTERRUPTED,
    OUT_OF_SIGHT,
    TERMINATED,
    cannot_be_read,
    end_if_interrupted,
    fail,
    settings,
    spoiled_told,
)
from monarch.cli.terminal.away import AGAIN_S, Away
from monarch.cli.terminal.ending import ending_lines
from monarch.cli.terminal.followed import COPYING, Followed, part_of
from monarch.cli.terminal.printing import clean
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.progress import Progress, RequestSight, progress
from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports.spoiled import forget_spoiled
from monarch.telemetry.obstacles import obstacles

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.ports.readings import RequestDetails
    from monarch.telemetry.obstacles import Obstacle

REPORTED_WITHIN_S: Final = 10.0
"""How long to wait for Slack's answer after the end, in seconds: it is a part of how the request ended."""


class OutOfSight(Exception):  # noqa: N818 - no error of the request's
    """The state of the request cannot be seen any more; the message says why and what to do."""


def follow(request: RequestId, followed: Followed = COPYING, *, quiet: bool) -> "RequestDetails":
    """Show a request's progress until it has ended, and how it ended; ends the program if that cannot be seen.

    Gives the whole request, also where only a part of it is `followed`.
    """
    import asyncio  # noqa: PLC0415 - lazily

    import anyio  # noqa: PLC0415 - lazily

    from monarch.app.operator import operator  # noqa: PLC0415 - lazily

    known = settings()

    async def work() -> "RequestDetails":
        with _ended_by_sigterm():
            async with operator(known) as person:
                return await _end_of(person, request, followed, quiet=quiet)

    goes_on = _goes_on(request)
    try:
        with spoiled_told():
            end = anyio.run(work)
    except OutOfSight as lost:
        fail(str(lost), OUT_OF_SIGHT)
    except KeyboardInterrupt:
        fail(f"interrupted; {goes_on}", INTERRUPTED)
    except asyncio.CancelledError:
        fail(f"interrupted; {goes_on}", TERMINATED)
    if not quiet:
        for line in ending_lines(end, followed):
            complain(line)
    return end


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM cancel the task, so that it ends with words; the program's own handler ends it without any."""
    import asyncio  # noqa: PLC0415 - lazily

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    before = signal.getsignal(signal.SIGTERM)
    loop.add_signal_handler(signal.SIGTERM, lambda: task and task.cancel())
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)


def _goes_on(request: RequestId) -> str:
    return f"request {clean(request)} goes on: see `monarch show {clean(request)}`"


def judge(end: "RequestDetails", followed: Followed = COPYING) -> None:
    """Fail if what was followed did not end well."""
    if part_of(end, followed).view.state not in {State.DONE, State.SKIPPED}:
        raise typer.Exit(FAILED)


async def _end_of(
    person: "Operator", request: RequestId, followed: Followed, *, quiet: bool
) -> "RequestDetails":
    ended_at: float | None = None
    with progress(quiet=quiet) as shown:
        async for sight in _sights(person, request, shown):
            shown.update(replace(sight, details=part_of(sight.details, followed)))
            if not sight.details.view.has_ended:
                ended_at = None
                continue
            ended_at = ended_at or time.monotonic()
            if not sight.details.is_to_be_told or time.monotonic() - ended_at > REPORTED_WITHIN_S:
                return sight.details
    raise AssertionError("a request is in sight, or it is not")


async def _sights(
    person: "Operator", request: RequestId, shown: Progress
) -> AsyncIterator[RequestSight]:
    """Its state, now and soon after each event, endlessly.

    Raises:
        OutOfSight: Valkey was away for too long, or the request is not known there any more.
    """
    import anyio  # noqa: PLC0415 - lazily

    from monarch.ports import StoreError  # noqa: PLC0415 - lazily

    after, away = "$", Away("the request goes on, waiting", shown.say)
    stops: tuple[Obstacle, ...] = ()
    while True:
        end_if_interrupted()
        try:
            sight = await _look(person, request)
            away.ended()
            stops = stops if away.is_settling else sight.obstacles
            yield replace(sight, obstacles=stops)
            after = await person.events.pulse(after)
        except StoreError as error:
            if away.missed(error):
                raise OutOfSight(
                    f"Valkey could not be asked for 15 min; {_goes_on(request)}"
                ) from None
            await anyio.sleep(AGAIN_S)


async def _look(person: "Operator", request: RequestId) -> RequestSight:
    forget_spoiled()
    details = await person.reader.request(request)
    if details is None:
        if cannot_be_read(f"request:{request}"):
            raise OutOfSight(f"the record of request {clean(request)} cannot be read any more")
        # "It goes on" would be untrue, and `monarch show` knows no more.
        raise OutOfSight(
            f"Valkey does not know request {clean(request)} any more: it has expired, or Valkey has lost its memory."
            " Unless it was done, ask for it again: nothing is copied twice"
        )
    if details.view.has_ended:
        return RequestSight(details)
    forecast = await person.outlook.forecast(request)
    return RequestSight(details, forecast, obstacles(await person.standing.snapshot()))
