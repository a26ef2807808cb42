"""Each program in scripts/ starts and comes to its end with its smallest work.

Chaos is run by .ci/run itself, for a minute, and the demo by tests/system/shipped/test_demo.py.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.benchmarks import fairness

ROOT = Path(__file__).parent.parent.parent


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As the shell scripts start it, from any folder."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pipeline_bench_measures_every_row() -> None:
    """It ended in an AttributeError, and nothing noticed."""
    ended = run("scripts.benchmarks.pipeline", "--quick", "--json")

    assert ended.returncode == 0, ended.stderr
    measured = json.loads(ended.stdout)
    assert measured["ledger_bytes_per_ticket"] > 0
    assert [one["backlog"] for one in measured["by_backlog"]] == [100]


def test_the_budget_bench_judges_a_case() -> None:
    """Two cases with their bounds; all of them are run outside CI."""
    only = "20/150, sliding, Retry-After, 1 at work"
    ended = run(
        "scripts.benchmarks.budget", "--json", "--seed", "1", "--hours", "3", "--only", only
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [case["problems"] for case in json.loads(ended.stdout)["cases"]] == [[], []]


def test_the_fairness_bench_shows_the_goal_beside_first_come_first_served(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the virtual clock, in this process: forty teams of twenty tickets take half a minute, three of five half a second."""
    code = fairness.main(["--teams", "3", "--tickets", "5", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert (code, told["problems"]) == (0, [])
    assert told["times_as_long"] <= 2.5
    assert told["lost_s"] <= 5
    cases = told["cases"]
    assert cases["first come, first served"]["small_s"] > cases["fair order"]["small_s"]


def test_the_page_bench_asks_for_each_page() -> None:
    """With two hundred requests in place of a hundred thousand."""
    ended = run("scripts.benchmarks.page", "--requests", "200", "--seconds", "1", "--json")

    assert ended.returncode == 0, ended.stderr
    assert min(json.loads(ended.stdout)["cpu_ms"].values()) > 0


@pytest.mark.slow
def test_the_bench_of_frozen_workers_freezes_one_at_each_seam() -> None:
    """The seams sit in methods by name, so a method that is renamed is found here."""
    ended = run("scripts.benchmarks.zombies", "--runs", "1", "--seed", "7", "--json")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = json.loads(ended.stdout)["rows"]
    assert all(row["runs"] >= 1 and row["lost"] == 0 for row in rows)


@pytest.mark.parametrize("program", ["pipeline", "budget", "zombies", "page"])
def test_a_bench_says_how_it_is_called(program: str) -> None:
    """What it imports is there, and its arguments are read."""
    ended = run(f"scripts.benchmarks.{program}", "--help")

    assert ended.returncode == 0, ended.stderr
    assert "--json" in ended.stdout


def test_chaos_says_how_it_is_called() -> None:
    """Likewise."""
    assert run("scripts.chaos_machine", "--help").returncode == 0
