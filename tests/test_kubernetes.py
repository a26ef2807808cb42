"""The kustomize base keeps the promises of the compose file, and says nothing that Monarch or Kubernetes would not take."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from monarch.settings import Settings, names, settings_from
from tests.test_deployment import DRAIN_S, MONARCH, last

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))
RESOURCES: dict[str, dict[str, Any]] = {
    document["kind"]: document
    for name in KUSTOMIZATION["resources"]
    for document in yaml.safe_load_all((BASE / name).read_text(encoding="utf-8"))
}
POD: dict[str, Any] = RESOURCES["Deployment"]["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = POD["containers"][0]
LABELS = {"app.kubernetes.io/name": "monarch"}

# What the API knows of each object that is used here, from its reference; an unknown field is refused by
# `kubectl apply`, or worse, ignored.
FIELDS = {
    "Deployment": {"replicas", "selector", "strategy", "template"},
    "PodDisruptionBudget": {"minAvailable", "selector"},
    "Service": {"selector", "ports"},
    "pod": {
        *("automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds"),
        *("securityContext", "affinity", "containers", "volumes"),
    },
    "container": {
        *("name", "image", "args", "envFrom", "ports", "readinessProbe", "livenessProbe"),
        *("resources", "securityContext", "volumeMounts"),
    },
    "probe": {
        *("httpGet", "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"),
    },
}


def given() -> dict[str, str]:
    """The variables of the ConfigMap."""
    lines = (BASE / "settings.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_file_is_part_of_the_base() -> None:
    """What is not named is not applied."""
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    named = {*KUSTOMIZATION["resources"], *generated["envs"], "kustomization.yaml"}

    assert named == {path.name for path in BASE.iterdir()}
    assert {kind: document["apiVersion"] for kind, document in RESOURCES.items()} == {
        "Deployment": "apps/v1",
        "PodDisruptionBudget": "policy/v1",
        "Service": "v1",
    }


def test_the_api_knows_every_field() -> None:
    """A misspelt probe is no probe."""
    for kind, document in RESOURCES.items():
        assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
        assert set(document["spec"]) <= FIELDS[kind]
    assert set(POD) <= FIELDS["pod"]
    assert set(CONTAINER) <= FIELDS["container"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert set(CONTAINER[probe]) <= FIELDS["probe"]


def test_all_are_about_the_same_pods() -> None:
    """Labels and selectors agree."""
    deployment = RESOURCES["Deployment"]["spec"]

    assert deployment["selector"] == {"matchLabels": LABELS}
    assert deployment["template"]["metadata"]["labels"] == LABELS
    assert RESOURCES["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": LABELS}
    assert RESOURCES["Service"]["spec"]["selector"] == LABELS
    assert all(document["metadata"]["name"] == "monarch" for document in RESOURCES.values())


def test_every_variable_is_a_setting_and_none_is_a_secret() -> None:
    """A ConfigMap is read by many; what is secret is a reference."""
    settings = settings_from(given())
    config, secret = CONTAINER["envFrom"]
    page = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    in_secret = set(re.findall(r"--from-literal=(\w+)=", page))

    assert set(given()) <= set(names())
    assert not any(re.search("_(PAT|TOKEN|PASSWORD|KEY)$", name) for name in given())
    assert settings.web_host == "0.0.0.0"  # noqa: S104  # a pod's own addresses
    assert config == {"configMapRef": {"name": KUSTOMIZATION["configMapGenerator"][0]["name"]}}
    assert secret == {"secretRef": {"name": "monarch"}}
    assert in_secret
    assert in_secret <= set(names())


def test_the_ports_are_those_that_monarch_listens_on() -> None:
    """From the setting over the container to the Service and the annotation of Prometheus."""
    settings = settings_from(given())
    offered = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    served = {port["targetPort"]: port["port"] for port in RESOURCES["Service"]["spec"]["ports"]}
    annotations = RESOURCES["Deployment"]["spec"]["template"]["metadata"]["annotations"]

    assert offered == {"metrics": settings.metrics_port, "web": settings.web_port} == served
    assert annotations["prometheus.io/port"] == str(Settings().metrics_port)
    assert POD["enableServiceLinks"] is False


@pytest.mark.parametrize(
    ("probe", "path"), [("readinessProbe", "/ready"), ("livenessProbe", "/health")]
)
def test_the_probes_ask_what_is_there(probe: str, path: str) -> None:
    """And wait longer than Monarch waits for Valkey before it says so."""
    assert CONTAINER[probe]["httpGet"] == {"path": path, "port": "web"}
    assert CONTAINER[probe]["timeoutSeconds"] > 2


def test_no_restart_is_asked_for_while_valkey_fails_over() -> None:
    """Restarts would begin to wait for longer each time, and hear nothing meanwhile."""
    probe = CONTAINER["livenessProbe"]

    assert probe["periodSeconds"] * probe["failureThreshold"] >= 180


def test_somebody_always_listens() -> None:
    """While it is rolled out, and while a node is drained."""
    deployment = RESOURCES["Deployment"]["spec"]

    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert RESOURCES["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    assert POD["terminationGracePeriodSeconds"] == int(MONARCH["stop_grace_period"].rstrip("s"))
    assert POD["terminationGracePeriodSeconds"] > DRAIN_S


def test_a_pod_may_do_no_more_than_it_needs() -> None:
    """The same as in the compose file, as the image's own user."""
    inside = CONTAINER["securityContext"]

    assert str(POD["securityContext"]["runAsUser"]) == last("USER")
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert inside["allowPrivilegeEscalation"] is False
    assert inside["readOnlyRootFilesystem"] is True
    assert inside["capabilities"] == {"drop": ["ALL"]}
    assert [mount["mountPath"] for mount in CONTAINER["volumeMounts"]] == MONARCH["tmpfs"]
    assert CONTAINER["resources"]["limits"]["memory"] == "512Mi"
    assert MONARCH["mem_limit"] == "512m"


def test_it_runs_the_image_of_this_version() -> None:
    """With the command of the image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (image,) = KUSTOMIZATION["images"]

    assert CONTAINER["image"] == image["name"] == "monarch"
    assert image["newTag"] == project["version"]
    assert CONTAINER["args"] == json.loads(last("CMD"))
