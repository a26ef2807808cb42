"""usage: python -m scripts.house_rules

Checks what no linter knows: the length of modules, how many a folder holds, names that must not be written into any file, what lies at the top
level, phrases that are hard to read, and that the locks were made from the pyproject.toml of today. Prints each breach
on a line; exit 1 if any.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.lock_inputs import fingerprint
from scripts.phrases import refused

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400
FULLEST_FOLDER = 20
TOP_LEVEL = {
    ".ci",
    ".dockerignore",
    ".env.template",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "deploy",
    "docker-compose.yml",
    "docs",
    "monarch",
    "monitoring",
    "pyproject.toml",
    "requirements-build.lock",
    "requirements-dev.lock",
    "requirements.lock",
    "scripts",
    "tests",
}
"""What may lie at the top level; a note, a log or an archive may not."""

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")

# Package indexes: locks and images take them from the machine's configuration. Put together here, so
# that this file does not name them.
_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "pypi" + ".python", "npmjs" + ".org")
_FOLDERS = ("/" + "root/", "/" + "work/", "/" + "home/[a-z]", "/" + "opt/")
FORBIDDEN = (
    (re.compile("|".join(map(re.escape, _HOSTS)), re.IGNORECASE), "names a package index host"),
    (
        re.compile(r"(?<![\w.}])(?:" + "|".join(_FOLDERS) + ")"),
        "names a folder of somebody's machine",
    ),
)


def files() -> list[Path]:
    """Every text file of the project: what git tracks, or would."""
    listing = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listing.stdout.decode().split("\0")
    return [ROOT / name for name in sorted(filter(None, names)) if (ROOT / name).is_file()]


def too_long(path: Path, text: str) -> Iterator[str]:
    """A module that nobody can read in one sitting."""
    lines = text.count("\n")
    if path.suffix == ".py" and path.parts[0] == "monarch" and lines > LONGEST_MODULE:
        yield f"{path}: {lines} lines; {LONGEST_MODULE} is the most: split it"


def too_full(paths: list[Path]) -> Iterator[str]:
    """A folder whose modules cannot be seen at a glance."""
    modules = (path for path in paths if path.suffix == ".py" and path.name != "__init__.py")
    folders = Counter(
        path.parent for path in modules if path.parts[0] in {"monarch", "scripts", "tests"}
    )
    for folder, count in sorted(folders.items()):
        if count > FULLEST_FOLDER:
            yield f"{folder}: {count} modules; {FULLEST_FOLDER} are the most: give some a room"


def backwards(path: Path, text: str) -> Iterator[str]:
    """A program that imports tests: what both need belongs to the programs."""
    if path.suffix == ".py" and path.parts[0] in {"scripts", "monarch"}:
        for number, line in enumerate(text.splitlines(), start=1):
            if re.match(r"\s*(from|import) tests\b", line):
                yield f"{path}:{number}: imports tests"


def forbidden(path: Path, text: str) -> Iterator[str]:
    """Names that say where a file was written instead of what it is for."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, what in FORBIDDEN:
            if found := pattern.search(line):
                yield f"{path}:{number}: {what}: {found.group()}"


def strays(paths: list[Path]) -> Iterator[str]:
    """What lies at the top level and is not on the list."""
    for name in sorted({path.parts[0] for path in paths} - TOP_LEVEL):
        yield f"{name}: not on the list of what may lie at the top level (scripts/house_rules.py)"


def stale_locks() -> Iterator[str]:
    """A lock that was made from other requirements than those of pyproject.toml."""
    expected = fingerprint((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name in LOCKS:
        last = (ROOT / name).read_text(encoding="utf-8").splitlines()[-1]
        if last != f"# inputs: {expected}":
            yield f"{name}: not made from this pyproject.toml: run scripts/lock"


def breaches() -> Iterator[str]:
    """Everything that breaks a rule, a line each."""
    paths = [path.relative_to(ROOT) for path in files()]
    yield from strays(paths)
    yield from too_full(paths)
    for path in paths:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture
            continue
        yield from too_long(path, text)
        yield from backwards(path, text)
        yield from forbidden(path, text)
        yield from refused(path, text)
    yield from stale_locks()


if __name__ == "__main__":
    found = list(breaches())
    print("\n".join(found))
    sys.exit(bool(found))
