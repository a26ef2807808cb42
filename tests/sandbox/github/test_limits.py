"""Windows: a caller that waits as long as asked gets in, and none gets more than the ceiling."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monarch.sandbox.github.state.limits import Ceiling, Window

ceilings = st.builds(
    Ceiling,
    limit=st.integers(1, 20),
    length_s=st.floats(0.5, 3600),
    kind=st.sampled_from(["sliding", "fixed"]),
)
pauses = st.lists(st.floats(0, 400), max_size=60)
START = 1_790_000_000.0


@given(ceilings, pauses)
def test_what_is_admitted_never_exceeds_the_ceiling(ceiling: Ceiling, gaps: list[float]) -> None:
    """Whenever one looks, no more than the limit counts."""
    window, now = Window(), START
    for gap in gaps:
        now += gap
        if window.wait_s(now, ceiling) == 0:
            window.spend(now)

        assert window.used(now, ceiling) <= ceiling.limit


@given(ceilings, st.integers(1, 40))
def test_waiting_as_told_is_enough(ceiling: Ceiling, wanted: int) -> None:
    """After the wait that the window names there is room; a hair of rounding aside."""
    window, now = Window(), START
    for _ in range(wanted):
        now += window.wait_s(now, ceiling) + 1e-5

        assert window.wait_s(now, ceiling) == 0
        window.spend(now)


def test_a_sliding_window_frees_what_is_old_and_not_more() -> None:
    """The wait is that of the oldest that has to go."""
    window, ceiling = Window(), Ceiling(2, 60)
    window.spend(START)
    window.spend(START + 10)

    assert window.wait_s(START + 20, ceiling) == 40
    assert window.wait_s(START + 20, ceiling, weight=2) == 50
    assert window.wait_s(START + 60, ceiling) == 0


def test_a_fixed_window_frees_everything_at_once() -> None:
    """At the next multiple of its length all is new."""
    window, ceiling = Window(), Ceiling(1, 60, "fixed")
    start = START // 60 * 60
    window.spend(start + 59)

    assert window.wait_s(start + 59.5, ceiling) == 0.5
    assert window.wait_s(start + 60, ceiling) == 0


def test_what_never_fits_waits_a_whole_window() -> None:
    """A ceiling of nothing admits nothing, and says something finite."""
    assert Window().wait_s(START, Ceiling(0, 60)) == 60
