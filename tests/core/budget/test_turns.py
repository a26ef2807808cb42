"""The line of those who wait for a write."""

from monarch.core.budget.line import padded, turn_of
from monarch.core.delivery import MigrationEntry
from monarch.core.ids import RequestId


def test_turns_are_ordered_by_age_and_then_by_target() -> None:
    """As text; numbers of different lengths included."""
    entries = [
        MigrationEntry(RequestId("999-0"), "org/z", 0, 1),
        MigrationEntry(RequestId("1000-2"), "org/b", 9, 1),
        MigrationEntry(RequestId("1000-2"), "org/a", 10, 1),
        MigrationEntry(RequestId("1000-10"), "org/a", 0, 1),
    ]

    assert sorted(entries, key=turn_of) == entries
    assert padded("1000-2") == "000000000001000-000002"
