"""Grafana's board asks for nothing that is not there, and draws it in its own unit."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from monarch.telemetry.metrics import OF_FLEET, Metrics
from tests.monitoring.alarm import ROOT, promtool, rules

GRAFANA = ROOT / "monitoring" / "grafana"
BOARD: dict[str, Any] = json.loads(
    (GRAFANA / "dashboards" / "monarch.json").read_text(encoding="utf-8")
)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
ADDED = {"instance", "job", "le"}
"""Labels that a scrape or a histogram brings."""


def series() -> dict[str, set[str]]:
    """Every series that a worker shows, with its labels."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.build.info({"version": "1", "python": "3"})
    found: dict[str, set[str]] = {}
    for family in registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


SERIES = series()


def _asked() -> Iterator[str]:
    """What the panels and the annotations ask for."""
    for panel in PANELS:
        yield from (target["expr"] for target in panel["targets"])
    yield from (one["expr"] for one in BOARD["annotations"]["list"])


EXPRESSIONS = tuple(_asked())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_and_label_is_there(expression: str) -> None:
    """A panel that asks for what is not there is empty, and looks like a quiet day."""
    names = re.findall(r"\bmonarch_\w+", expression)
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    matched = re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~|!~)", expression)

    assert names
    assert [name for name in names if name not in SERIES] == []
    labels = {label.strip() for group in grouped for label in group.split(",")} | set(matched)
    assert labels <= ADDED | set().union(*(SERIES[name] for name in names))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_every_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    """In a unit that fits, with the labels of its legend, from the data source that is chosen."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    assert panel["description"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        names = re.findall(r"\bmonarch_\w+", target["expr"])
        known = ADDED | set().union(*(SERIES[name] for name in names))
        assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= known
        assert _fits(unit, target["expr"], names[0]), (unit, target["expr"])


def _fits(unit: str, expression: str, name: str) -> bool:
    if name.endswith("_timestamp_seconds"):
        return unit == "dateTimeFromNow" and "* 1000" in expression
    if "rate(" in expression and "histogram_quantile" not in expression:
        return unit == "cps"
    if name.endswith(("_seconds", "_seconds_bucket")):
        return unit == "s"
    return unit == "short"


@pytest.mark.parametrize("expression", [*EXPRESSIONS, *(rule["expr"] for rule in rules())])
def test_what_is_the_fleets_is_never_summed(expression: str) -> None:
    """Every worker tells it: two workers are not twice as paused."""
    registry = CollectorRegistry()
    Metrics(registry)
    of_fleet = {f.name for f in registry.collect() if f.documentation.endswith(OF_FLEET)}

    for name in of_fleet & set(re.findall(r"\bmonarch_\w+", expression)):
        assert re.search(rf"\bmax(?: by \(\w+\))? ?\((?:max_over_time\()?{name}\b", expression)


def test_the_board_is_the_one_that_is_provisioned() -> None:
    """It keeps its address, its panels lie apart, and the compose file mounts what is named."""
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/monarch.yml").read_text())
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in BOARD["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]

    assert (BOARD["uid"], BOARD["schemaVersion"]) == ("monarch", 39)
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) == 23
    [variable] = BOARD["templating"]["list"]
    assert (variable["name"], variable["query"]) == ("datasource", "prometheus")
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    mounts = [mount.split(":")[1] for mount in compose["services"]["grafana"]["volumes"]]
    assert provider["providers"][0]["options"]["path"] in mounts


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    """Grafana's own words are put in as it would."""
    rules = [
        {"record": f"board:{number}", "expr": one.replace("$__rate_interval", "1m")}
        for number, one in enumerate(EXPRESSIONS)
    ]
    path = tmp_path / "board.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))

    done = subprocess.run(
        [promtool(), "check", "rules", str(path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
