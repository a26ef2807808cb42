"""The alert rules: what each says, when each fires and when not, by promtool."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.test_links import anchors
from tests.monitoring.alarm import ROOT, RULES, names_in, promtool, rules
from tests.monitoring.test_board import SERIES


def test_prometheus_takes_the_rules_and_its_own_configuration(tmp_path: Path) -> None:
    """As the compose file mounts them."""
    config = yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text(encoding="utf-8"))
    assert [Path(path).name for path in config["rule_files"]] == [RULES.name]
    config["rule_files"] = [str(RULES)]
    here = tmp_path / "prometheus.yml"
    here.write_text(yaml.safe_dump(config))

    done = subprocess.run(
        [promtool(), "check", "config", str(here)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_fire_when_they_should() -> None:
    """monitoring/monarch.rules.test.yml, which somebody who changes a rule can run as well."""
    file = ROOT / "monitoring" / "monarch.rules.test.yml"

    done = subprocess.run(
        [promtool(), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_says_how_bad_and_what_to_do(rule: dict[str, Any]) -> None:
    """Two severities, words for people, and a runbook that is there."""
    page, _, anchor = rule["annotations"]["runbook"].partition("#")

    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(ROOT / page)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_metric_of_a_rule_is_there(rule: dict[str, Any]) -> None:
    """A rule about a metric that nobody tells never fires."""
    assert names_in(rule["expr"]) <= set(SERIES)


def test_every_alert_is_tried_by_hand_and_by_what_really_happens() -> None:
    """In promtool's file, and in the stories of real processes."""
    by_hand = (ROOT / "monitoring" / "monarch.rules.test.yml").read_text(encoding="utf-8")
    really = (ROOT / "tests" / "system" / "outside" / "test_alerts.py").read_text(encoding="utf-8")
    names = {rule["alert"] for rule in rules()}

    assert set(re.findall(r'alertname="(\w+)"', by_hand)) == names
    assert set(re.findall(r'"(Monarch[A-Z]\w+)"', really)) == names


def test_every_runbook_is_an_alerts() -> None:
    """What was renamed leaves no runbook behind."""
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")

    assert re.findall(r"^## (Monarch\w+)$", page, re.MULTILINE) == [r["alert"] for r in rules()]


def test_the_manual_lists_every_alert_with_its_severity() -> None:
    """Whoever changes a rule changes its row."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\(alerts\.md#(\w+)\) \| (\w+) \|", page, re.MULTILINE)

    assert [(name, severity) for name, _, severity in rows] == [
        (rule["alert"], rule["labels"]["severity"]) for rule in rules()
    ]
    assert all(anchor == name.lower() for name, anchor, _ in rows)
