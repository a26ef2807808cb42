"""The fleet of the system tests; and without the descriptions nothing here can be judged."""

import pytest

from tests.conformance.descriptions import CLOUD, ENTERPRISE, FOLDER
from tests.system.conftest import fleet

__all__ = ["fleet"]


@pytest.fixture(autouse=True)
def _descriptions_are_there() -> None:
    missing = [n for n in (*CLOUD, *ENTERPRISE) if not (FOLDER / f"{n}.json").exists()]
    if missing:
        pytest.skip(
            f"GitHub's descriptions are not here ({', '.join(missing)}): run scripts/descriptions"
        )
