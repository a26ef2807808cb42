"""The cases with real workers, a real Valkey with the scripts as they are shipped, and the sandbox over HTTP.

The interval between two writes is the only ceiling, and it is as many times shorter as is asked for.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fairness_machine.cases import BEGUN, Case, Setup, Took
from scripts.fleet_machine.fleet import SLACK_CHANNEL, Fleet, a_fleet, a_message, a_seed

OTHER_CHANNEL = "C0OTHER0001"
SMALL = "school/small"
SPARE = 1.05
"""A busy machine may slow the large request down by so much."""


def run(case: Case, setup: Setup, times: float) -> Took:
    """One case in a world of its own, so many times as fast as in production."""
    return anyio.run(partial(_run, case, setup, times))


async def _run(case: Case, setup: Setup, times: float) -> Took:
    with tempfile.TemporaryDirectory() as folder:
        async with running_sandbox() as sandbox:
            await sandbox.seed(a_seed(setup.tickets, [*setup.large, SMALL]))
            await sandbox.settings(content_per_minute=None, content_per_hour=None)
            with _fleet(Path(folder), sandbox, setup, times) as fleet:
                measured = partial(_measured, fleet, case, setup, times)
                return await anyio.to_thread.run_sync(measured)


@contextmanager
def _fleet(folder: Path, sandbox: SandboxClient, setup: Setup, times: float) -> Iterator[Fleet]:
    options = {"appendonly": "no", "appendfsync": "no"}
    with EmbeddedValkey(folder / "valkey", options=options) as server:
        (folder / "logs").mkdir()
        with a_fleet(server, sandbox, folder / "logs") as fleet:
            fleet.start(
                setup.workers,
                MONARCH_WRITE_INTERVAL_SECONDS=str(1 / times),
                MONARCH_WRITES_PER_HOUR="0",
            )
            yield fleet


def _measured(fleet: Fleet, case: Case, setup: Setup, times: float) -> Took:
    teams = setup.large
    if case.large:
        fleet.publish(a_message(teams))
        fleet.until(lambda: _copied(fleet, teams[0]) >= BEGUN)
    if case.small:
        channel = SLACK_CHANNEL if case.same_cohort else OTHER_CHANNEL
        fleet.publish(a_message([SMALL], channel=channel))
    ended = fleet.until_ended(case.large + case.small, 4 * setup.writes / times + 60)
    if any(one["state"] != "done" for one in ended):
        raise SystemExit(f"not all is done: {fleet.story()}")
    took = {one["targets"] == SMALL: _seconds(one) * times for one in ended}
    return Took(took.get(True), took.get(False))


def _copied(fleet: Fleet, target: str) -> int:
    """How many copies the first request has made in this target."""
    found = fleet.requests()
    return int(fleet.migration(found[0], target).get("copied", "0")) if found else 0


def _seconds(request: dict[str, str]) -> float:
    return (int(request["ended_ms"]) - int(request["appended_ms"])) / 1000
