"""The line of those who wait for a write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.ceilings import Pace
from monarch.core.budget.turns import Place, padded, place, turn_of, wait_in_line_ms, waits_in_place
from monarch.core.delivery import MigrationEntry
from monarch.core.ids import RequestId

PACE = Pace()
NOW = 1_000_000


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


@pytest.mark.parametrize(
    ("asks_in_ms", "at"),
    [
        ([], Place()),
        ([5000], Place(1)),
        ([50], Place(1, is_held=True)),
        ([-2000], Place(1, is_held=True)),
        ([-2001], Place()),
        ([5000, -1, -9000], Place(2, is_held=True)),
    ],
)
def test_somebody_is_waited_for_from_his_time_on_and_not_for_long(
    asks_in_ms: list[int], at: Place
) -> None:
    """Before it there was no room for him; two seconds after it he is taken for dead."""
    assert place([NOW + ms for ms in asks_in_ms], PACE, NOW) == at


@given(st.integers(-5, 3_600_000), st.integers(0, 200), st.booleans())
def test_a_line_never_shortens_a_wait_and_hardly_lengthens_it(
    wait_ms: int, ahead: int, held: bool
) -> None:
    """By a second at the most; and whoever is first waits for nothing but the budget."""
    told = wait_in_line_ms(wait_ms, Place(ahead, is_held=held and ahead > 0), PACE)

    assert max(0, wait_ms) <= told <= max(wait_ms, PACE.poll_ms) + 1000
    if not ahead:
        assert told == max(0, wait_ms)


@pytest.mark.parametrize(
    ("wait_ms", "ahead", "in_place"),
    [(30_000, 9, True), (30_001, 2, False), (90_000, 1, True), (90_001, 0, False)],
)
def test_who_is_next_keeps_its_place_for_longer(wait_ms: int, ahead: int, in_place: bool) -> None:
    """Through a minute's window, and no longer."""
    assert waits_in_place(wait_ms, Place(ahead), PACE) is in_place
