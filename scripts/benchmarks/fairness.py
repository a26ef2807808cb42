"""Fair order: how long one team takes while forty are being filled, beside first come, first served.

Real workers, a real Valkey with the scripts as they are shipped, and the sandbox over HTTP. The interval between two
writes is the only ceiling, and it is as many times shorter as `--times` says. First come, first served is the order within one
cohort, so the small request is sent in the cohort of the large one for that. Exit 1 where the goal is missed: at most 2.5 times
as long as alone, and the forty lose no more than the small one's own writes (and 5 % for the machine).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fleet_machine.fleet import SLACK_CHANNEL, Fleet, a_fleet, a_message, a_seed

GOAL = 2.5
SLACK_OF_THE_MACHINE = 1.05
OTHER_CHANNEL = "C0OTHER0001"
SMALL = "school/small"
SERVED = "first come, first served"
BEGUN = 5
"""The small request comes when the large one has made so many copies."""


@dataclass(frozen=True)
class Setup:
    """How large the two are, how many workers there are, and how many times as fast all of it runs."""

    teams: int
    tickets: int
    workers: int
    times: float

    @property
    def large(self) -> list[str]:
        """The targets of the large request."""
        return [f"school/team-{n:02}" for n in range(self.teams)]

    @property
    def interval_s(self) -> float:
        """Between two writes."""
        return 1 / self.times


@dataclass(frozen=True)
class Took:
    """Seconds from publishing to the end, `None` for what was not asked for; at the speed of production."""

    small_s: float | None = None
    large_s: float | None = None


def main() -> int:
    """Run the four cases one after the other, and print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/bench fairness", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--teams", type=int, default=40, help="targets of the large request")
    parser.add_argument("--tickets", type=int, default=20, help="tickets for each target")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--times", type=float, default=10.0, help="times as fast")
    given = parser.parse_args()
    setup = Setup(given.teams, given.tickets, given.workers, given.times)
    cases = {
        "small alone": _case("small alone", setup, small=OTHER_CHANNEL),
        "large alone": _case("large alone", setup, large=True),
        "fair": _case("fair", setup, large=True, small=OTHER_CHANNEL),
        SERVED: _case(SERVED, setup, large=True, small=SLACK_CHANNEL),
    }
    return _judge(setup, cases, as_json=given.json)


def _case(name: str, setup: Setup, *, large: bool = False, small: str = "") -> Took:
    """Publish the large request, and once it runs the small one to the channel `small`; in a world of its own."""
    print(f"{name} …", file=sys.stderr, flush=True)
    return anyio.run(_run, setup, large, small)


async def _run(setup: Setup, large: bool, small: str) -> Took:  # noqa: FBT001 - anyio passes by place
    with tempfile.TemporaryDirectory() as folder:
        async with running_sandbox() as sandbox:
            await sandbox.seed(a_seed(setup.tickets, [*setup.large, SMALL]))
            await sandbox.settings(content_per_minute=None, content_per_hour=None)
            with _fleet(Path(folder), sandbox, setup) as fleet:
                took = await anyio.to_thread.run_sync(_measured, fleet, setup, large, small)
    return took


@contextmanager
def _fleet(folder: Path, sandbox: SandboxClient, setup: Setup) -> Iterator[Fleet]:
    options = {"appendonly": "no", "appendfsync": "no"}
    with EmbeddedValkey(folder / "valkey", options=options) as server:
        (folder / "logs").mkdir()
        with a_fleet(server, sandbox, folder / "logs") as fleet:
            fleet.start(
                setup.workers,
                MONARCH_WRITE_INTERVAL_SECONDS=str(setup.interval_s),
                MONARCH_WRITES_PER_HOUR="0",
            )
            yield fleet


def _measured(fleet: Fleet, setup: Setup, large: bool, small: str) -> Took:  # noqa: FBT001 - a thread passes by place
    if large:
        fleet.publish(a_message(setup.large))
        fleet.until(lambda: _copied(fleet, setup.large[0]) >= BEGUN)
    if small:
        fleet.publish(a_message([SMALL], channel=small))
    within_s = 4 * (setup.teams + 1) * setup.tickets * setup.interval_s + 60
    ended = fleet.until_ended(large + bool(small), within_s)
    if any(one["state"] != "done" for one in ended):
        raise SystemExit(f"not all is done: {fleet.story()}")
    took = {one["targets"] == SMALL: _seconds(one) * setup.times for one in ended}
    return Took(took.get(True), took.get(False))


def _copied(fleet: Fleet, target: str) -> int:
    """How many copies the first request has made in this target."""
    found = fleet.requests()
    return int(fleet.migration(found[0], target).get("copied", "0")) if found else 0


def _seconds(request: dict[str, str]) -> float:
    return (int(request["ended_ms"]) - int(request["appended_ms"])) / 1000


def _judge(setup: Setup, cases: dict[str, Took], *, as_json: bool) -> int:
    small_s, large_s = cases["small alone"].small_s or 0.0, cases["large alone"].large_s or 0.0
    fair = cases["fair"]
    times_as_long = (fair.small_s or 0.0) / small_s
    # At the speed of production a write takes a second.
    allowed_s = (large_s + setup.tickets) * SLACK_OF_THE_MACHINE
    is_met = times_as_long <= GOAL and (fair.large_s or 0.0) <= allowed_s
    if as_json:
        told = {name: asdict(took) for name, took in cases.items()}
        print(json.dumps({**told, "times_as_long": times_as_long, "is_met": is_met}))
        return 0 if is_met else 1
    print(f"{setup.teams} teams x {setup.tickets} tickets, then 1 team; {setup.workers} workers;")
    print(f"seconds at the speed of production, measured {setup.times:g} times as fast")
    for name, took in cases.items():
        print(f"  {name:<24}  small {_told(took.small_s)}  large {_told(took.large_s)}")
    print(f"the small one took {times_as_long:.1f} times as long as alone (goal: {GOAL})")
    print(f"the large one lost {(fair.large_s or 0.0) - large_s:.0f} s to {setup.tickets} writes")
    return 0 if is_met else 1


def _told(seconds: float | None) -> str:
    return f"{'-':>7}" if seconds is None else f"{seconds:7.0f}"


if __name__ == "__main__":
    sys.exit(main())
