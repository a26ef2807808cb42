"""Fair order: how long one team takes while forty are being filled, beside first come, first served.

On a virtual clock, with the limits as they are set by default. With `--http`: real workers, a real Valkey and the sandbox, `--times`
as fast, where the interval between two writes is the only ceiling. Exit 1 where the goal is missed: at most 2.5 times as long as alone,
and the forty lose no more than the small one's own writes (over HTTP and 5 % for the machine).
"""

import argparse
import json
import sys
from collections.abc import Sequence

from scripts.amounts import count, length
from scripts.fairness_machine import over_http, simulated
from scripts.fairness_machine.cases import CASES, Case, Result, Setup, Took


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the four cases one after the other, and print what came of it."""
    given = _parser().parse_args(arguments)
    setup = Setup(given.teams, given.tickets, given.workers)
    took = {case: _took(case, setup, given) for case in CASES}
    result = Result(setup, took, over_http.SPARE if given.http else 1.0)
    print(json.dumps(result.document()) if given.json else "\n".join(result.lines()))
    return 1 if result.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench fairness", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--http", action="store_true", help="through real workers and the sandbox")
    parser.add_argument("--teams", type=count, default=40, help="targets of the large request")
    parser.add_argument("--tickets", type=count, default=20, help="tickets for each target")
    parser.add_argument("--workers", type=count, default=2, help="workers")
    parser.add_argument("--times", type=length, default=10.0, help="times as fast, over HTTP")
    return parser


def _took(case: Case, setup: Setup, given: argparse.Namespace) -> Took:
    print(f"{case.name} …", file=sys.stderr, flush=True)
    return over_http.run(case, setup, given.times) if given.http else simulated.run(case, setup)


if __name__ == "__main__":
    sys.exit(main())
