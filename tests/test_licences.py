"""What is shipped together may be shipped together: every locked package's licence goes with Monarch's own.

Monarch is GPL-2.0-or-later, so the image as a whole is under version 3, which Apache-2.0 goes with.
"""

import re
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")

COMPATIBLE = {
    "apache",
    "bsd",
    "dfsg approved",
    "isc",
    "mit",
    "mozilla",
    "mpl",
    "psf",
    "python software foundation",
}
"""Permissive licences, and MPL-2.0, which allows the combination by itself (section 3.3)."""

NOT_WITH_THE_GPL = re.compile(
    r"apache\b.*\b1|bsd-4|bsd-protection|(mpl|mozilla)\b.*\b1|.*no-copyleft"
)
"""Versions of the same licences that do not (gnu.org, "Various Licenses and Comments about Them")."""


def _locked() -> list[str]:
    pinned = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==")
    texts = ((ROOT / lock).read_text(encoding="utf-8").splitlines() for lock in LOCKS)
    return sorted({found[1] for lines in texts for line in lines if (found := pinned.match(line))})


def licences_of(package: Distribution) -> list[str]:
    """Every licence that a package names, each in a word or two; the most exact field that it fills counts."""
    metadata = package.metadata
    for expression in metadata.get_all("License-Expression") or []:
        return re.split(r" (?:AND|OR) ", expression.replace("(", "").replace(")", ""))
    classifiers = metadata.get_all("Classifier") or []
    named = [line.split("::")[-1].strip() for line in classifiers if line.startswith("License ::")]
    return named or metadata.get_all("License") or _by_its_text(package)


def _by_its_text(package: Distribution) -> list[str]:
    """The licence of a package whose metadata says nothing, told by the words of its licence file."""
    files = [file for file in package.files or () if file.name == "LICENSE"]
    texts = " ".join(" ".join(file.read_text().split()) for file in files)
    return ["MIT"] if "Permission is hereby granted, free of charge, to any person" in texts else []


def is_compatible(licence: str) -> bool:
    """Whether a licence is one of those in `COMPATIBLE`, in a version that goes with the GPL."""
    named = any(re.match(rf"{name}\b", licence.lower()) for name in COMPATIBLE)
    return named and NOT_WITH_THE_GPL.match(licence.lower()) is None


def test_monarch_says_one_licence_everywhere() -> None:
    """The package, the README and the image's label."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["license"] == "GPL-2.0-or-later"
    assert "GPL-2.0-or-later" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "GPL-2.0-or-later" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", _locked())
def test_every_locked_package_goes_with_it(name: str) -> None:
    """One that names no licence, or one that is not on the list, is looked at by a person first."""
    licences = licences_of(distribution(name))

    assert licences
    assert all(map(is_compatible, licences)), licences


@pytest.mark.parametrize(
    "licence",
    [
        *("", "Proprietary", "GPL-2.0-only", "SSPL-1.0", "submit"),
        *("BSD-4-Clause", "Apache-1.1", "Apache Software License 1.1"),
        *("MPL-1.1", "Mozilla Public License 1.1 (MPL 1.1)", "MPL-2.0-no-copyleft-exception"),
    ],
)
def test_a_licence_that_is_not_on_the_list_is_refused(licence: str) -> None:
    """The check can fail."""
    assert not is_compatible(licence)
