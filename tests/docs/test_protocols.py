"""`docs/protocols.md` says the lengths of time that the code has."""

from pathlib import Path

import pytest

from monarch.core import timing

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "protocols.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("what", "seconds"),
    [
        ("life of a permission", timing.PERMISSION_LIFE_MS / 1000),
        ("write deadline", timing.WRITE_DEADLINE_S),
        ("slot of the budget", timing.SLOT_MS / 1000),
        ("settling", timing.SETTLING_MS / 1000),
        ("quiet after a new epoch", timing.QUIET_MS / 1000),
        ("margin of the lease over the write", timing.LEASE_MARGIN_S),
        ("lock on telling", timing.TELLING_LOCK_MS / 1000),
        ("beginning of a call to Slack", timing.TELLING_BEGINS_WITHIN_S),
        ("deadline of a call to Slack", timing.SLACK_DEADLINE_S),
    ],
)
def test_a_length_of_time_is_that_of_the_code(what: str, seconds: float) -> None:
    """The page and `core/timing.py` change together."""
    assert f"| {what} | {seconds:g} s" in PAGE


def test_the_longest_life_of_a_permission_is_told() -> None:
    """It doubles, up to this."""
    assert f"doubling to {timing.LONGEST_LIFE_MS / 1000:g} s" in PAGE
