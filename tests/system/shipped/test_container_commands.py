"""The image without a container engine: its commands, run in a clean folder, give a working Monarch."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monarch.sandbox.program import ROOT
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_copied

USER = 10001
INSTALLED_WITHIN_S = 480


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may read, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="monarch-image-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_the_images_commands_give_a_working_worker(fleet: Fleet, folder: Path) -> None:
    """Built from the locks, told everything by variables, run by a user who owns nothing."""
    _run(re.split(r"(?m)^FROM ", _instructions()), folder)
    home = folder / "home"
    home.mkdir()
    fleet.program, fleet.folder = (str(folder / "app/bin/monarch"),), home
    fleet.user = USER if os.geteuid() == 0 and _is_open_to_all(folder / "app/bin/python") else None
    await fleet.sandbox.seed(a_seed(3, ["team/a"]))

    assert fleet.run("run", GH_PAT="").returncode == 2
    fleet.start()
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    assert_copied(await fleet.sandbox.state(), "team/a")


def _python() -> Path:
    """A Python that any user can start, if there is one that can make environments; else our own."""
    system = Path("/usr/bin/python3")
    asked: list[str | Path] = [
        system,
        "-c",
        "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))",
    ]
    own = Path(sys.executable)
    if _is_open_to_all(own) or not system.exists():
        return own
    ended = subprocess.run(asked, capture_output=True, check=False)
    return system if ended.returncode == 0 else own


def _is_open_to_all(program: Path) -> bool:
    """Whether another user can start it: some Pythons are installed in a home directory."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in program.resolve().parents)


def _instructions() -> str:
    """The Dockerfile without comments, each instruction in one line."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))


def _run(stages: list[str], folder: Path) -> None:
    """Carry the COPY and RUN instructions of all stages out, with `folder` in place of the root.

    What one stage takes from another is there already, and nothing is added to this machine's users.
    """
    source, tools = folder / "src", folder / "tools"
    source.mkdir()
    subprocess.run([_python(), "-m", "venv", tools], check=True)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment = inherited | {"PATH": f"{tools / 'bin'}:{os.environ['PATH']}"}
    for line in "\n".join(stages).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "COPY" and not rest.startswith("--from"):
            _copy(rest.split(), source)
        elif word == "RUN" and not rest.startswith("useradd"):
            rest = re.sub(r"--mount=\S+", "", rest)
            command = re.sub(r"(?<![\w./])/(app|wheels)\b", rf"{folder}/\1", rest)
            ended = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=source,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=INSTALLED_WITHIN_S,
            )
            assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]


def _copy(words: list[str], source: Path) -> None:
    *names, to = words
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / to)
        else:
            shutil.copy(ROOT / name, source / to)
