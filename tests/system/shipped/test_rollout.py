"""A deployment has no moment in which no worker listens: the shipped script, real workers, a publisher that never waits."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import valkey

from monarch.sandbox.fleet import CHANNEL
from monarch.sandbox.program import ROOT
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from tests.system.shipped.docker_stand_in import docker_on_the_path

MESSAGES = 300
EVERY_S = 0.1


def _template(number: int) -> str:
    return f"org/template-{number}"


class Publisher:
    """Publishes a message every 100 ms, each of a template of its own, without tickets. `heard` has the receivers of each."""

    def __init__(self, url: str) -> None:
        self._client: Any = valkey.Valkey.from_url(url, socket_timeout=10)
        self._told_to_stop = threading.Event()
        self.heard: list[int] = []

    def run(self) -> None:
        """Publish until told to stop."""
        with self._client:
            while not self._told_to_stop.wait(EVERY_S):
                message = a_message(["team/a"], source=_template(len(self.heard)), channel="")
                self.heard.append(int(self._client.publish(CHANNEL, message)))

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Publish for the length of a `with` block."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._told_to_stop.set()
            thread.join()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_rollout_leaves_no_published_message_unheard(fleet: Fleet, tmp_path: Path) -> None:
    """Two workers are replaced as often as it takes for 300 messages; each is heard, appended and ended.

    One that comes while a worker subscribes may be appended by it too (mirror.lua: in doubt a request too many), at most
    once for each worker that was started.
    """
    await fleet.sandbox.seed(a_seed(0, [_template(n) for n in range(3 * MESSAGES)]))
    fleet.start(2)
    started = 0
    publisher = Publisher(fleet.server.url)
    with docker_on_the_path(fleet, tmp_path) as (docker, path), publisher.publishing():
        while len(publisher.heard) < MESSAGES:
            before = set(docker.running())
            _rollout(path)
            started += 2
            assert len(docker.running()) == 2
            assert before.isdisjoint(docker.running())

    requests = fleet.until_ended(len(publisher.heard), within_s=500)
    assert publisher.heard.count(0) == 0
    assert {request["source"] for request in requests} == {
        _template(n) for n in range(len(publisher.heard))
    }
    assert len(requests) - len(publisher.heard) <= started


_DOCKER = """#!/bin/sh
cd {folder}
echo "$*" >>asked
case "$*" in
"compose rm"*) grep -v -e stopped -e restarting containers >left; mv left containers ;;
"compose ps"*) cut -d " " -f 1 containers ;;
"compose up"*) for n in $(seq $(wc -l <containers) $((${{6#monarch=}} - 1))); do echo "new$n" >>containers; done ;;
inspect*) shift 3; for n; do cat health; done ;;
exec*) if [ -s deaf ]; then sed -i 1d deaf; exit 1; fi ;;
logs*) echo "the last line of $4" ;;
esac
"""


def _scripted(folder: Path, old: list[str], health: str = "0 healthy") -> str:
    """A PATH with a docker that knows these containers, and says this of each that it is asked about."""
    docker = folder / "docker"
    docker.write_text(_DOCKER.format(folder=folder), encoding="utf-8")
    docker.chmod(0o755)
    (folder / "containers").write_text("".join(f"{each}\n" for each in old), encoding="utf-8")
    (folder / "health").write_text(f"{health}\n", encoding="utf-8")
    return f"{folder}:/usr/bin:/bin"


def _asked(folder: Path, *beginnings: str) -> list[str]:
    """What docker was asked, of what begins with one of these."""
    asked = (folder / "asked").read_text(encoding="utf-8").splitlines()
    return [line for line in asked if line.startswith(beginnings)]


@pytest.mark.parametrize("health", ["0 unhealthy", "1 starting"])
def test_a_rollout_whose_new_workers_fail_stops_only_those(tmp_path: Path, health: str) -> None:
    """The old ones go on, what the new ones said is shown, and the next rollout begins as this one did."""
    ended = _run(_scripted(tmp_path, ["old1"], health))

    assert ended.returncode == 1
    assert "the old ones were not touched" in ended.stderr
    assert "the last line of new1" in ended.stderr
    assert _asked(tmp_path, "stop", "rm") == ["stop -t 15 new1 new2", "rm new1 new2"]


def test_a_rollout_replaces_workers_that_do_not_run_or_are_not_healthy(tmp_path: Path) -> None:
    """Compose would start a stopped one of the old version again, and `--wait` would wait for the old ones' health."""
    ended = _run(_scripted(tmp_path, ["old1", "old2 stopped", "old3 restarting"]))

    assert ended.returncode == 0, ended.stderr
    assert _asked(tmp_path, "compose up")[0].endswith("--scale monarch=3")
    assert [line.split()[3:] for line in _asked(tmp_path, "inspect")] == [
        ["{{with", ".State.Health}}{{.Status}}{{else}}healthy{{end}}", "new1", "new2"]
    ]
    assert _asked(tmp_path, "stop", "rm") == ["stop -t 15 old1", "rm old1"]


def test_a_rollout_waits_until_every_new_worker_listens(tmp_path: Path) -> None:
    """It is healthy before: the old ones stopped, and what was published then went unheard."""
    path = _scripted(tmp_path, ["old1"])
    (tmp_path / "deaf").write_text("not yet\nnot yet\n", encoding="utf-8")

    ended = _run(path)

    assert ended.returncode == 0, ended.stderr
    assert [line.split()[1] for line in _asked(tmp_path, "exec", "stop")] == [
        *("new1", "new1", "new1", "new2"),
        "-t",
    ]


@pytest.mark.parametrize(
    ("dotenv", "workers"),
    [
        (None, 2),
        ("MONARCH_WEB_PORT=1\n", 2),
        ("MONARCH_WORKERS=3\n", 3),
        ('MONARCH_WORKERS="3"\n', 3),
        ("MONARCH_WORKERS='3' # three\r\n", 3),
        (" export MONARCH_WORKERS = 3\n#MONARCH_WORKERS=4\n", 3),
    ],
)
def test_a_rollout_starts_as_many_workers_as_compose_would(
    tmp_path: Path, dotenv: str | None, workers: int
) -> None:
    """However `.env` spells the number, and without a `.env`."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "_usage", tmp_path / "scripts")
    script = shutil.copy(ROOT / "scripts" / "rollout", tmp_path / "scripts")
    if dotenv is not None:
        (tmp_path / ".env").write_text(dotenv, encoding="utf-8")

    ended = _run(_scripted(tmp_path, []), workers="", script=Path(script))

    assert ended.returncode == 0, ended.stderr
    assert f"{workers} workers run" in ended.stdout


@pytest.mark.parametrize(
    ("workers", "argument"),
    [("two", None), ("0", None), ("2", "--nobuild"), ("2", "--no-build extra")],
)
def test_a_rollout_refuses_what_it_does_not_know(
    tmp_path: Path, workers: str, argument: str | None
) -> None:
    """Before anything is built."""
    ended = _run(f"{tmp_path}:/usr/bin:/bin", *(argument or "").split(), workers=workers)

    assert ended.returncode == 2
    assert "expected" in ended.stderr
    assert (argument or workers).split()[-1] in ended.stderr


def _rollout(path: str) -> None:
    ended = _run(path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _run(
    path: str,
    *arguments: str,
    workers: str = "2",
    script: Path = ROOT / "scripts" / "rollout",
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [script, *arguments],
        env={"PATH": path, "MONARCH_WORKERS": workers},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
