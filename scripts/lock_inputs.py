"""usage: python scripts/lock_inputs.py

Prints a fingerprint of everything in pyproject.toml that decides what the locks hold.
"""

import hashlib
import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def fingerprint(pyproject: str) -> str:
    """SHA-256 over the Python versions, dependencies, extras and build requirements; not the rest."""
    tables = tomllib.loads(pyproject)
    project = tables["project"]
    inputs = [
        project["requires-python"],
        project["dependencies"],
        project["optional-dependencies"],
        tables["build-system"]["requires"],
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    print(fingerprint((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
