"""The image and the compose file keep the promises that the code cannot keep by itself."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from monarch.settings import Settings, names, settings_from

ROOT = Path(__file__).resolve().parent.parent
DRAIN_S = 10
"""Seconds in which a worker that got SIGTERM has stopped."""


def _dockerfile() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    pairs = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(word.upper(), " ".join(rest.split())) for word, rest in pairs]


IMAGE = _dockerfile()
LAST_STAGE = IMAGE[max(i for i, (word, _) in enumerate(IMAGE) if word == "FROM") :]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
VALKEY: dict[str, Any] = COMPOSE["services"]["valkey"]
MONARCH: dict[str, Any] = COMPOSE["services"]["monarch"]


def last(word: str) -> str:
    """Return the argument of the final stage's last `word`."""
    return [rest for name, rest in LAST_STAGE if name == word][-1]


def environment_of_the_image() -> dict[str, str]:
    """Return what the final stage sets."""
    assignments = (part for word, rest in LAST_STAGE if word == "ENV" for part in shlex.split(rest))
    return dict(part.split("=", 1) for part in assignments)


# -------------------------------------------------------------------------------------- the image


def test_the_image_is_built_in_two_stages() -> None:
    """What builds stays behind; only the finished environment is copied."""
    assert [word for word, _ in IMAGE].count("FROM") == 2
    assert [rest for word, rest in LAST_STAGE if word == "COPY"] == ["--from=build /app /app"]


def test_every_base_image_is_pinned_to_a_version() -> None:
    """`latest` is another image tomorrow."""
    bases = [rest.split()[0] for word, rest in IMAGE if word == "FROM"]

    assert all(re.fullmatch(r"python:3\.1[1-3]-slim", base) for base in bases)


def test_nothing_unhashed_is_installed() -> None:
    """Each installation checks hashes, or takes a file that was built here."""
    installs = [
        step.strip()
        for word, rest in IMAGE
        if word == "RUN"
        for step in rest.split("&&")
        if re.search(r"\bpip (install|wheel)\b", step)
    ]

    assert len(installs) == 4
    for step in installs:
        assert "--require-hashes" in step or {"--no-deps"} <= set(step.split())
        assert "--require-hashes" in step or "--no-index" in step or "--no-build-isolation" in step


def test_the_image_does_not_run_as_root() -> None:
    """A number, so that an orchestrator can tell without looking into /etc/passwd."""
    assert last("USER").isdecimal()
    assert last("USER") != "0"


def test_the_image_runs_monarch_as_its_only_process() -> None:
    """In exec form, without a shell that would swallow the signal."""
    assert json.loads(last("ENTRYPOINT")) == ["monarch"]
    assert json.loads(last("CMD")) == ["run"]
    assert last("STOPSIGNAL") == "SIGTERM"


def test_the_image_sets_only_what_settings_know() -> None:
    """A misspelt variable would do nothing."""
    ours = {k: v for k, v in environment_of_the_image().items() if k.startswith("MONARCH_")}

    assert settings_from(ours).web_host == "0.0.0.0"  # noqa: S104  # a container's own addresses


def test_the_image_offers_the_ports_that_are_the_defaults() -> None:
    """Metrics, then health and the page."""
    defaults = Settings()

    assert last("EXPOSE").split() == [str(defaults.metrics_port), str(defaults.web_port)]


@pytest.mark.parametrize(
    ("port", "healthy"),
    [("0", True), ("1", False)],
)
def test_the_health_check_is_a_program_that_runs(port: str, *, healthy: bool) -> None:
    """It needs nothing but Python; nobody listening is unhealthy, switched off is not."""
    command = json.loads(last("HEALTHCHECK").split("CMD", 1)[1])

    done = subprocess.run(
        [sys.executable, *command[1:]],
        env={**os.environ, "MONARCH_WEB_PORT": port},
        capture_output=True,
        check=False,
    )

    assert command[0] == "python"
    assert "/health" in command[2]
    assert (done.returncode == 0) is healthy


def test_nothing_but_the_project_enters_the_image() -> None:
    """No .env with its tokens, no .git."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = {
        name.rstrip("/")
        for word, rest in IMAGE
        if word == "COPY" and not rest.startswith("--from")
        for name in rest.split()[:-1]
    }

    assert rules[0] == "*"
    assert copied == {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")}


# ------------------------------------------------------------------------------------- the compose


def test_valkey_does_not_forget() -> None:
    """On disk before it is confirmed; refused rather than evicted; kept when the container goes."""
    command = VALKEY["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"
    assert "valkey-data:/data" in VALKEY["volumes"]
    assert "valkey-data" in COMPOSE["volumes"]


def test_valkey_is_asked_for_its_health_before_monarch_starts() -> None:
    """So that the first lines of the log are not about a refused connection."""
    assert VALKEY["healthcheck"]["test"] == ["CMD", "valkey-cli", "ping"]
    assert MONARCH["depends_on"]["valkey"]["condition"] == "service_healthy"


def test_monarch_can_be_scaled() -> None:
    """A name or a port of the host can be had only once."""
    assert "container_name" not in MONARCH
    for port in MONARCH["ports"]:
        address, host_port, _ = str(port).split(":")
        assert (address, host_port) == ("127.0.0.1", "")


def test_no_port_is_open_to_the_network() -> None:
    """Valkey has no password here and the page shows tickets: this machine only."""
    for service in COMPOSE["services"].values():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:")


def test_monarch_has_time_to_drain() -> None:
    """Longer than the promise, or Docker kills what is being finished."""
    grace = int(MONARCH["stop_grace_period"].removesuffix("s"))

    assert grace > DRAIN_S
    assert MONARCH["restart"] == "unless-stopped"


def test_monarch_gets_the_commands_of_the_image() -> None:
    """What is documented for one holds for the other."""
    assert MONARCH["build"] == "."
    assert MONARCH["command"] == json.loads(last("CMD"))


def test_monarch_may_do_no_more_than_it_needs() -> None:
    """It writes no files and needs no capability."""
    assert MONARCH["read_only"] is True
    assert MONARCH["tmpfs"] == ["/tmp"]
    assert MONARCH["cap_drop"] == ["ALL"]
    assert MONARCH["security_opt"] == ["no-new-privileges:true"]


def test_every_variable_of_the_compose_file_is_a_setting() -> None:
    """And the values are ones that Monarch accepts."""
    given: dict[str, str] = MONARCH["environment"]

    settings = settings_from(given)

    assert set(given) <= set(names())
    assert (settings.valkey_url_safe, settings.web_host) == (
        "valkey://valkey:6379/0",
        "0.0.0.0",  # noqa: S104  # a container's own addresses
    )
    assert MONARCH["env_file"] == [{"path": ".env", "required": False}]


def test_prometheus_finds_every_replica() -> None:
    """By asking for the service's addresses, at the port where metrics are."""
    config = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    (job,) = config["scrape_configs"]
    (search,) = job["dns_sd_configs"]

    assert search["names"] == ["monarch"]
    assert search["type"] == "A"
    assert str(search["port"]) == MONARCH["environment"]["MONARCH_METRICS_PORT"]
    assert COMPOSE["services"]["prometheus"]["profiles"] == ["monitoring"]
