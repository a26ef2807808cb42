"""The write budget against hidden limits: created ÷ ideal, rejected ÷ sent, and how honest its forecasts are.

On a virtual clock, six hours for each case, beside three rivals; then refusals that have nothing to do with counts, where
no ceiling is set. With `--http` a few cases run through real scripts, a
real client and the sandbox, sixty times as fast, and must agree with the simulation. Exit 1 where a bound is missed.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

import anyio

from scripts.amounts import length
from scripts.budget_machine import moods, over_http
from scripts.budget_machine.cases import CASES, HOURS, MOST_WRONG, run
from scripts.budget_machine.table import document, overall_error, show

T = TypeVar("T")


def main() -> int:
    """Run what was asked for, and print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/bench budget", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--http", action="store_true", help="through real scripts, client and sandbox"
    )
    parser.add_argument("--seed", type=int, default=None, help="repeats the same chances")
    parser.add_argument("--hours", type=length, default=None, help="how long each case runs")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10_000) if given.seed is None else given.seed
    if given.http:
        hours = given.hours or over_http.HOURS
        return anyio.run(partial(over_http.compare, seed, as_json=given.json, hours=hours))
    cases = [case for case in CASES if given.only in case.name]
    moody = [case for case in moods.CASES if given.only in case.name]
    if not cases and not moody:
        names = [*(case.name for case in CASES), *(case.name for case in moods.CASES)]
        told = "; ".join(names)
        parser.error(f"argument --only: no case has {given.only!r} in its name; they are: {told}")
    with ProcessPoolExecutor() as pool:
        over = partial(run, seed=seed, hours=given.hours or HOURS)
        through = partial(moods.run, seed=seed, hours=given.hours)
        results = list(_counted(pool.map(over, cases), 0, len(cases) + len(moody)))
        felt = list(_counted(pool.map(through, moody), len(cases), len(cases) + len(moody)))
    if given.json:
        print(json.dumps(document(results, felt, seed)))
    else:
        show(results, felt, seed)
    wrong = overall_error(results) or 0.0
    missed = any(one.problems for one in results) or any(one.problems for one in felt)
    return 1 if wrong > MOST_WRONG or missed else 0


def _counted(results: Iterator[T], before: int, total: int) -> Iterator[T]:
    """The same results, each one reported as it comes: the whole takes half an hour of a processor and more."""
    for number, one in enumerate(results, before + 1):
        print(f"{number} of {total} cases", file=sys.stderr, flush=True)
        yield one


if __name__ == "__main__":
    sys.exit(main())
