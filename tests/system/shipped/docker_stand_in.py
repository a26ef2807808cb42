"""A `docker` for scripts/rollout: its few commands, carried out by a test's own fleet of real worker processes.

The program on the PATH only hands its arguments over and prints what comes back; a container is a worker, and its id is
the process's.
"""

import json
import os
import signal
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.fleet_machine.fleet import Fleet

_PROGRAM = """#!{python}
import json, socket, sys
with socket.socket(socket.AF_UNIX) as to:
    to.connect({address!r})
    to.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
    status, said = json.loads(to.makefile().readline())
sys.stdout.write(said)
sys.exit(status)
"""

Ended = tuple[int, str]
"""Exit status and standard output."""


class DockerStandIn:
    """The commands. `asked` keeps them, in order."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.asked: list[list[str]] = []

    def run(self, arguments: list[str]) -> Ended:
        """Carry one command out; 125 is docker's own status for what it cannot do."""
        self.asked.append(arguments)
        match arguments:
            case (
                ["compose", "version"]
                | ["compose", "build", "monarch"]
                | ["compose", "rm", *_]
                | ["rm" | "exec", *_]
            ):
                return 0, ""
            case ["compose", "ps", "--all", "--quiet", "monarch"]:
                return 0, "".join(f"{pid}\n" for pid in self.running())
            case ["inspect", "--format", _, *ids]:
                return 0, "0 healthy\n" * len(ids)
            case ["compose", "up", "-d", "--no-recreate", "--scale", scale]:
                wanted = int(scale.removeprefix("monarch="))
                self._fleet.start(wanted - len(self.running()))
                return 0, ""
            case ["stop", "-t", _, *ids]:
                for pid in map(int, ids):
                    self._stop(pid)
                return 0, ""
            case _:
                return 125, ""

    def running(self) -> list[int]:
        """The ids of the containers, oldest first."""
        return [worker.pid for worker in self._fleet.workers if worker.poll() is None]

    def _stop(self, pid: int) -> None:
        worker = next(each for each in self._fleet.workers if each.pid == pid)
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=30)


@contextmanager
def docker_on_the_path(fleet: Fleet, folder: Path) -> Iterator[tuple[DockerStandIn, str]]:
    """The stand-in, and a PATH that finds it first."""
    docker = DockerStandIn(fleet)
    address = str(folder / "docker.sock")
    program = folder / "docker"
    program.write_text(_PROGRAM.format(python=sys.executable, address=address), encoding="utf-8")
    program.chmod(0o755)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            ended = docker.run(json.loads(self.rfile.readline()))
            self.wfile.write(json.dumps(ended).encode() + b"\n")

    with socketserver.UnixStreamServer(address, Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield docker, f"{folder}:{os.environ['PATH']}"
        finally:
            server.shutdown()
            serving.join()
