"""A deployment has no moment in which no worker listens: the shipped script, real workers, a publisher that never waits."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import valkey

from scripts.fleet_machine.fleet import CHANNEL, ROOT, Fleet, a_message, a_seed
from tests.system.docker_stand_in import docker_on_the_path

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
@pytest.mark.timeout(400)
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

    requests = fleet.until_ended(len(publisher.heard), within_s=200)
    assert publisher.heard.count(0) == 0
    assert {request["source"] for request in requests} == {
        _template(n) for n in range(len(publisher.heard))
    }
    assert len(requests) - len(publisher.heard) <= started


def test_a_rollout_whose_new_workers_fail_stops_nothing(tmp_path: Path) -> None:
    """The old ones go on; the reason and where to look are said."""
    docker, asked = tmp_path / "docker", tmp_path / "asked"
    docker.write_text(
        f'#!/bin/sh\necho "$@" >>{asked}\n[ "$2" != ps ] || echo 1\n[ "$2" != up ]\n',
        encoding="utf-8",
    )
    docker.chmod(0o755)

    ended = _run(f"{tmp_path}:/usr/bin:/bin")

    assert ended.returncode == 1
    assert "the old ones were not touched" in ended.stderr
    assert [line.split()[0] for line in asked.read_text(encoding="utf-8").splitlines()] == [
        "compose",
        "compose",
        "compose",
    ]


@pytest.mark.parametrize(("workers", "argument"), [("two", None), ("0", None), ("2", "--nobuild")])
def test_a_rollout_refuses_what_it_does_not_know(
    tmp_path: Path, workers: str, argument: str | None
) -> None:
    """Before anything is built."""
    ended = _run(f"{tmp_path}:/usr/bin:/bin", *filter(None, [argument]), workers=workers)

    assert ended.returncode == 1
    assert "expected" in ended.stderr
    assert (argument or workers) in ended.stderr


def _rollout(path: str) -> None:
    ended = _run(path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _run(path: str, *arguments: str, workers: str = "2") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / "scripts" / "rollout", *arguments],
        env={"PATH": path, "MONARCH_WORKERS": workers},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
