"""Which alerts fire, asked of promtool: over what real workers were scraped for.

promtool's clock begins at 0, so moments (`…_since_seconds`) move along with it. Before the first scrape all was as it was
then; after the last one all stays as it is, and ages grow, for as long as the test says. So a test need not wait for the
five minutes that an alert waits for.
"""

import math
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "monitoring" / "monarch.rules.yml"

STEP_S = 30
BEFORE = 20
"""Steps before the first scrape: ten minutes."""

FIRING = 'ALERTS{alertstate="firing"}'

_NAME = re.compile(r"\bmonarch_\w+")


def promtool() -> str:
    """Where it is; without it the test is skipped."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool is on the PATH (Debian's package prometheus brings it)")
    return found


def rules() -> list[dict[str, Any]]:
    """Every alert."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def names_in(expression: str) -> set[str]:
    """The metrics that an expression asks for."""
    return set(_NAME.findall(expression))


@dataclass(frozen=True)
class Scrape:
    """What some workers said at one moment, by series; `at` in seconds since 1970."""

    samples: Mapping[str, float]
    at: float = field(default_factory=time.time)

    def value(self, name: str) -> float:
        """The largest of the series of a metric; 0 where there is none yet."""
        found = (v for series, v in self.samples.items() if series.startswith(f"{name}{{"))
        return max(found, default=0.0)


def scraped(*ports: int) -> Scrape:
    """Scrape the workers at these ports, as Prometheus does; one that does not answer is down."""
    samples: dict[str, float] = {}
    for port in ports:
        instance = f'instance="worker-{port}",job="monarch"'
        try:
            page = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False)
        except httpx.TransportError:
            samples[f"up{{{instance}}}"] = 0
            continue
        samples[f"up{{{instance}}}"] = 1
        for family in text_string_to_metric_families(page.text):
            for sample in family.samples:
                labels = "".join(f',{name}="{text}"' for name, text in sample.labels.items())
                samples[f"{sample.name}{{{instance}{labels}}}"] = sample.value
    return Scrape(samples)


def assert_fires(folder: Path, scrapes: Sequence[Scrape], lasts: timedelta, *expected: str) -> None:
    """Assert that exactly these alerts have fired once it has been for so long as the last scrape says.

    Args:
        folder: for the file that promtool reads.
        scrapes: in their order; one is enough for what is no counter.
        lasts: how long all stays as it is after the last one.
        expected: the names of the alerts.
    """
    held = round(lasts.total_seconds() / STEP_S)
    end_s = (BEFORE + len(scrapes) - 1 + held) * STEP_S
    wanted = {name for rule in rules() for name in names_in(rule["expr"])} | {"up"}
    series = sorted({name for one in scrapes for name in one.samples})
    firing = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)]
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": f"{STEP_S}s",
        "tests": [
            {
                "interval": f"{STEP_S}s",
                "input_series": [
                    {"series": one, "values": _values(one, scrapes, held)}
                    for one in series
                    if one.partition("{")[0] in wanted
                ],
                "promql_expr_test": [
                    {
                        # Whether one fired at any time, and not only whether it does at the end.
                        "expr": f"group by (alertname) (last_over_time({FIRING}[{end_s}s]))",
                        "eval_time": f"{end_s}s",
                        "exp_samples": firing,
                    }
                ],
            }
        ],
    }
    path = folder / "alerts.test.yml"
    path.write_text(yaml.safe_dump(document, width=10_000), encoding="utf-8")
    done = subprocess.run(
        [promtool(), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _values(series: str, scrapes: Sequence[Scrape], held: int) -> str:
    """A series in promtool's words: as it was, each scrape, as it stays."""
    name = series.partition("{")[0]
    last_at_s = (BEFORE + len(scrapes) - 1) * STEP_S
    moved = last_at_s - scrapes[-1].at if name.endswith("_since_seconds") else 0.0
    values = [one.samples.get(series, math.nan) for one in scrapes]
    told = [v + moved if v > 0 else v for v in values]
    grows = STEP_S if name.startswith("monarch_oldest_") and told[-1] > 0 else 0
    words = [f"{_number(told[0])}+0x{BEFORE}" if not math.isnan(told[0]) else f"_x{BEFORE + 1}"]
    for before, value in pairwise(told):
        words.append(_number(value) if not math.isnan(value) else _gone(before))
    if not math.isnan(told[-1]):
        words.append(f"{_number(told[-1] + grows)}+{grows}x{held - 1}")
    return " ".join(words)


def _gone(before: float) -> str:
    """No sample: a series that ends is marked so."""
    return "_" if math.isnan(before) else "stale"


def _number(value: float) -> str:
    return f"{value:.3f}"
