"""Waits are bounded, spread, and end where the patience ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.backoff import full_jitter_s, outage_s, patience_s

DICE = st.floats(0, 1, exclude_max=True)


@given(st.integers(-5, 10_000), DICE)
def test_a_retry_waits_between_nothing_and_five_minutes(tried: int, dice: float) -> None:
    """However often it failed."""
    assert 0 <= full_jitter_s(tried, dice) < 300


@pytest.mark.parametrize(("tried", "most"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300)])
def test_the_reach_of_a_retry_doubles(tried: int, most: float) -> None:
    """1 s, 2 s, 4 s … 5 min."""
    assert full_jitter_s(tried, 0.5) == most / 2


def test_patience_looks_after_5_15_35_and_75_seconds_and_at_the_end() -> None:
    """The waits double, and the last one ends with the patience."""
    looks, age = [], 0.0
    while age < 120:
        age += patience_s(age, 120)
        looks.append(age)

    assert looks == [5, 15, 35, 75, 120]


@given(st.floats(-100, 1e6), st.floats(0, 1e5))
def test_patience_never_overshoots_by_more_than_a_second(age: float, patience: float) -> None:
    """And never spins."""
    wait = patience_s(age, patience)

    assert wait >= 1
    assert wait == 1 or max(age, 0) + wait <= patience + 1e-6 * patience


@given(st.integers(-5, 10_000), DICE)
def test_an_outage_is_asked_about_every_few_seconds(tries: int, dice: float) -> None:
    """A loop that heals neither spins nor sleeps through the healing."""
    assert 0.1 <= outage_s(tries, dice) <= 5


def test_an_outage_is_asked_about_ever_more_slowly() -> None:
    """The reach doubles until it is 5 s."""
    reaches = [outage_s(tries, 0.999) for tries in range(1, 10)]

    assert reaches == sorted(reaches)
    assert reaches[0] < 0.2
    assert reaches[-1] > 4.9
