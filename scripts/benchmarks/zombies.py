"""Workers that are frozen past their lease at random moments and seams, and woken: what they double, lose or disorder.

A copy that was doubled in the stated window (frozen right before the body of a write leaves) has to be reported by
Monarch itself. Exit 1 where anything else is doubled, lost or out of order.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import anyio
from rich.console import Console
from rich.table import Table

from monarch.sandbox.judge.findings import Flaw
from scripts.amounts import count
from scripts.fleet_machine.troubled_worker import SEAMS
from scripts.fleet_machine.zombies import AT_RANDOM, Round, Zombie, a_round

AT_ONCE = 10
WINDOW = ("leaving", AT_RANDOM)
"""Moments that may fall into the stated window."""


@dataclass
class Row:
    """What came of all freezes at one moment."""

    moment: str
    runs: int
    taken_over: int
    doubled: int
    reported: int
    lost: int
    unordered: int

    @property
    def is_well(self) -> bool:
        """Whether nothing happened that must not."""
        excused = self.moment in WINDOW and self.doubled == self.reported
        return not (self.lost or self.unordered) and (excused or not self.doubled)


def main() -> int:
    """Run rounds until there were enough freezes, and print what came of them."""
    parser = argparse.ArgumentParser(prog="scripts/bench zombies", description=__doc__)
    parser.add_argument("--runs", type=count, default=50, help="freezes, at least (default 50)")
    parser.add_argument("--seed", type=int, default=None, help="repeats the same choices")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10_000) if given.seed is None else given.seed
    rounds = anyio.run(_rounds, random.Random(seed), given.runs)  # noqa: S311 - chance, not secrecy
    rows = _rows(rounds)
    _show(rows, seed, as_json=given.json)
    return 0 if all(row.is_well for row in rows) else 1


async def _rounds(dice: random.Random, runs: int) -> list[Round]:
    rounds: list[Round] = []
    while (left := runs - sum(len(each.zombies) for each in rounds)) > 0:
        rounds.append(await a_round(dice, AT_ONCE))
        print(f"{runs - left + len(rounds[-1].zombies)} of {runs} freezes", file=sys.stderr)
    return rounds


def _rows(rounds: list[Round]) -> list[Row]:
    zombies = [zombie for each in rounds for zombie in each.zombies]
    # A target that no zombie held when it was frozen belongs to no moment; what goes wrong there counts, too.
    faults = {kind: Counter[str]() for kind in ("doubled", "reported", "lost", "unordered")}
    for each in rounds:
        moments = {zombie.target: zombie.moment for zombie in each.zombies}
        for kind, counter in faults.items():
            flaws = getattr(each.findings, kind)
            targets = [one.target if isinstance(one, Flaw) else one for one in flaws]
            counter.update(moments.get(target, "none") for target in targets)
    rows = [_row(moment, zombies, faults) for moment in (*SEAMS, AT_RANDOM, "none")]
    return [row for row in rows if row.runs or not row.is_well]


def _row(moment: str, zombies: Iterable[Zombie], faults: dict[str, "Counter[str]"]) -> Row:
    mine = [zombie for zombie in zombies if zombie.moment == moment]
    found = {kind: counter[moment] for kind, counter in faults.items()}
    return Row(moment, len(mine), sum(zombie.taken_over for zombie in mine), **found)


def _show(rows: list[Row], seed: int, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"seed": seed, "rows": [vars(row) for row in rows]}))
        return
    table = Table(title=f"Frozen past the lease, and woken (seed {seed})", show_footer=True)
    columns = ("runs", "taken_over", "doubled", "reported", "lost", "unordered")
    table.add_column("frozen at", footer="all")
    for name in columns:
        total = sum(getattr(row, name) for row in rows)
        table.add_column(name.replace("_", " "), footer=str(total), justify="right")
    for row in rows:
        table.add_row(row.moment, *(str(getattr(row, name)) for name in columns))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
