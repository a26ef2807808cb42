"""The hand on a change of an issue that is under way: the whole fleet dies while GitHub has it."""

from typing import Final

from monarch.sandbox import faults
from monarch.sandbox.faults import Match
from scripts.chaos_machine.hands import workers
from scripts.chaos_machine.hands.deeds import Hand
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World

CHANGES: Final = Match(api="github", method="PATCH", path_regex=r"/issues/\d+$")
MET_WITHIN_S: Final = 40.0
"""How long it waits for a change to be under way, in seconds."""


async def _kill(world: World, watch: Watch, fault: Fault) -> str | None:
    """GitHub holds the next change, before or after it acts; what it held takes its course once all are dead."""
    hold = faults.Hold(after=fault.victim % 2 == 0)
    rule = await world.sandbox.add_fault(hold, match=CHANGES)
    is_met = await world.sandbox.wait(fault=rule, hits=1, timeout_seconds=MET_WITHIN_S)
    names = await workers.kill_all(world, watch, fault) if is_met else None
    await world.sandbox.remove_faults(rule)
    return names


CHANGING: Final[dict[str, Hand]] = {"changes.killed": _kill}
