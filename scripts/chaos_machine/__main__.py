"""usage: scripts/chaos --minutes M --seed S [--world edges|acts] [--only KIND…] [--json] [--keep FOLDER]

Runs a fleet under faults for M minutes, lets it recover, judges it, and prints one table; exit 1 on any breach.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
from valkey.exceptions import ValkeyError

from scripts.amounts import length
from scripts.chaos_machine.catalogue import WORLDS
from scripts.chaos_machine.gather import gather, left_over, unended
from scripts.chaos_machine.hands.hands import do
from scripts.chaos_machine.judge.judge import judge
from scripts.chaos_machine.record import Truth
from scripts.chaos_machine.sender import CHANNEL, send
from scripts.chaos_machine.table import figures, show
from scripts.chaos_machine.timetable import Fault, Timetable, timetable
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.wishes import Wish
from scripts.chaos_machine.workers import Worker
from scripts.chaos_machine.world import World, world

STATUS_EVERY_S = 10.0
LOOK_EVERY_S = 0.5
START_WITHIN_S = 60.0
ENDED_WITHIN_S = 600.0
"""How long after the last fault everything may take to end, in seconds: the longest retry waits 5 minutes."""

RESTART_AFTER_S = 1.0


async def run(plan: Timetable, folder: Path) -> Truth:
    """Run a plan to its end."""
    async with world(plan, folder) as built:
        watch = Watch(built)
        for number in range(plan.workers):
            worker = Worker(number, built.environment_of, folder, built.diary.exits)
            if plan.world == "edges":
                worker.entry = ("scripts.chaos_machine.worker_entry", "run")
            built.workers.append(worker)
            worker.start()
        await all_hear(built)
        async with anyio.create_task_group() as beside:
            for follow in (watch.follow_events, watch.follow_losses):
                beside.start_soon(follow)
            for task in (supervise, weigh, tell):
                beside.start_soon(task, built)
            await act(built, watch)
            built.is_over = True
            await built.heal()
            has_ended = await ended(built)
            await anyio.sleep(1)  # the watch reads what was written last
            beside.cancel_scope.cancel()
        for worker in built.workers:
            await worker.stop()
        return await gather(built, has_ended=has_ended)


async def all_hear(built: World) -> None:
    """Wait until every worker hears the channel; one that cannot even start is nothing to be brought chaos to."""
    with anyio.move_on_after(START_WITHIN_S):
        while all(worker.has_life() for worker in built.workers):
            [(_, heard)] = await built.client.pubsub_numsub(CHANNEL)
            if heard >= len(built.workers):
                return
            await anyio.sleep(LOOK_EVERY_S)
    log = (built.folder / f"{built.workers[0].name}.log").read_text(encoding="utf-8")
    raise SystemExit(f"the workers did not start; the first of them said:\n{log[-2000:]}")


async def act(built: World, watch: Watch) -> None:
    """Do everything that is in the timetable, each at its time."""
    began = time.monotonic()
    plan = built.plan
    acts: list[tuple[float, int, Fault | Wish]] = [
        *((one.at_s, number, one) for number, one in enumerate(plan.wishes) if not one.by_hand),
        *((fault.at_s, number, fault) for number, fault in enumerate(plan.faults)),
    ]
    async with anyio.create_task_group() as group:
        for at_s, number, one in sorted(acts, key=lambda act: act[0]):
            await anyio.sleep(max(0.0, began + at_s - time.monotonic()))
            if isinstance(one, Wish):
                group.start_soon(send, built, number, one)
            else:
                group.start_soon(do, built, watch, one)


async def supervise(built: World) -> None:
    """Start again, as a platform does, what ended by itself; and say so."""
    while True:
        await anyio.sleep(LOOK_EVERY_S)
        for worker in built.workers:
            if worker.state == "up" and not worker.has_life():
                code = worker.process.returncode if worker.process else 0
                built.diary.gone.append(f"{worker.name} ended by itself with {code}")
                worker.state = "down"
                await anyio.sleep(RESTART_AFTER_S)
                if not worker.has_life():
                    worker.start()


async def weigh(built: World) -> None:
    """Note the most memory that each life of a worker has had."""
    while True:
        await anyio.sleep(LOOK_EVERY_S)
        for worker in built.workers:
            peak = max(worker.peak_mib(), built.diary.peak_mib.get(worker.name, 0))
            built.diary.peak_mib[worker.name] = peak


async def tell(built: World) -> None:
    """One line of how things stand, every 10 s."""
    began = time.monotonic()
    while True:
        await anyio.sleep(STATUS_EVERY_S)
        print(f"{time.monotonic() - began:5.0f} s  {await standing(built)}", file=sys.stderr)


async def standing(built: World) -> str:
    """How things stand, in one line."""
    diary, plan = built.diary, built.plan
    workers = " ".join(worker.state for worker in built.workers)
    copied = sum(event.name == "ticket.copied" for event in diary.events)
    try:
        open_ = f"{await unended(built)} requests open, {await left_over(built)} entries left"
    except (ValkeyError, OSError):
        open_ = "Valkey does not answer"
    return (
        f"faults {len(diary.struck)}/{len(plan.faults)}, sent {diary.wishes}/{len(plan.wishes)},"
        f" copied {copied}/{plan.tickets}, {open_}, workers {workers}"
    )


async def ended(built: World) -> bool:
    """Wait until everything has ended; whether it did."""
    with anyio.move_on_after(ENDED_WITHIN_S):
        while True:
            try:
                if not await unended(built) and not await left_over(built):
                    return True
            except (ValkeyError, OSError):
                pass
            await anyio.sleep(LOOK_EVERY_S)
    return False


def keep(truth: Truth, told: dict[str, Any], plan: Timetable, folder: Path) -> None:
    """Write beside the logs what the judge was told, so that a breach can be followed."""
    (folder / "figures.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    (folder / "timetable.json").write_text(json.dumps(asdict(plan), indent=1, default=repr))
    for name in (
        "calls",
        "events",
        "requests",
        "dead",
        "messages",
        "resumes",
        "asks",
        "namings",
        "acts",
        "touches",
    ):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(one)) + "\n" for one in getattr(truth, name))


def main() -> None:
    """Run, judge, print."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--minutes", type=length, default=2.0, help="how long there are faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", choices=WORLDS, default=WORLDS[0], help="what is played")
    parser.add_argument("--only", nargs="+", default=(), help="kinds of faults, or how they begin")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--keep", type=Path, help="keep all logs in this folder")
    arguments = parser.parse_args()
    try:
        plan = timetable(arguments.seed, arguments.minutes, arguments.world, tuple(arguments.only))
    except ValueError as error:
        parser.error(f"argument --only: {error}")
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="monarch-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        # An earlier run's Valkey would wake up with that run's memory.
        parser.error(f"--keep wants a folder that is empty or not there: {folder}")
    folder = folder.resolve()
    began = time.monotonic()
    truth = anyio.run(run, plan, folder)
    judgement = judge(truth)
    told = figures(truth, judgement, plan, time.monotonic() - began)
    kept = bool(arguments.keep or judgement.breaches)
    keep(truth, told, plan, folder) if kept else shutil.rmtree(folder)
    if arguments.json:
        print(json.dumps(told | {"logs": str(folder) if kept else None}, indent=1))
    else:
        show(told, folder if kept else None)
    sys.exit(bool(judgement.breaches))


if __name__ == "__main__":
    main()
