"""What follows from the ceilings: when there is room, and how much faster a bench may let it run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.ceilings import POINTS, Ceilings, Pace, load, long_wait, room_ms

PACE = Pace()
NONE = Ceilings(0, 0, 0, 0)
MINUTE, HOUR = PACE.minute_ms + PACE.margin_ms, PACE.hour_ms + PACE.margin_ms
NOW = 10_000_000
TIMES = st.lists(st.integers(NOW - 2 * HOUR, NOW), max_size=60).map(sorted)
CEILINGS = st.builds(Ceilings, *[st.integers(0, 20)] * 2, st.integers(0, 5000), st.just(1))


@pytest.mark.parametrize(
    ("writes", "sent", "ceilings", "wait"),
    [
        ([], None, Ceilings(), 0),
        ([NOW - 400], NOW - 400, Ceilings(), 600),
        ([NOW - 1000], NOW - 1000, Ceilings(), 0),
        ([], NOW - 400, Ceilings(), 600),
        ([NOW - 400], NOW - 400, NONE, 0),
        ([NOW - 5000, NOW - 2000], NOW - 2000, Ceilings(2, 0, 0), MINUTE - 5000),
        ([NOW - 5000, NOW - 2000], NOW - 2000, Ceilings(3, 0, 0), 0),
        ([NOW - MINUTE, NOW - 2000], NOW - 2000, Ceilings(2, 0, 0), 0),
        ([NOW - 5000, NOW - 2000], NOW - 2000, Ceilings(1, 0, 0), MINUTE - 2000),
        ([NOW - 5000, NOW - 2000], NOW - 2000, Ceilings(2, 2, 0), HOUR - 5000),
    ],
)
def test_the_tightest_ceiling_says_when_there_is_room(
    writes: list[int], sent: int | None, ceilings: Ceilings, wait: int
) -> None:
    """Windows slide: the oldest write in the way says when."""
    assert max(0, room_ms(writes, sent, ceilings, PACE, NOW)) == wait


@given(TIMES, CEILINGS)
def test_after_the_wait_one_more_fits_and_not_before(writes: list[int], ceilings: Ceilings) -> None:
    """Neither too late nor too early, whatever was written."""
    sent = writes[-1] if writes else None
    wait = max(0, room_ms(writes, sent, ceilings, PACE, NOW))
    after = [*writes, NOW + wait]

    for span, ceiling in ((MINUTE, ceilings.per_minute), (HOUR, ceilings.per_hour)):
        assert not ceiling or load(writes, span, NOW + wait) < ceiling
    if wait:
        assert room_ms(writes, sent, ceilings, PACE, NOW + wait - 1) > 0
    assert after == sorted(after)


@pytest.mark.parametrize(("ceilings", "points"), [(Ceilings(), POINTS), (NONE, 0)])
def test_without_any_ceiling_points_are_not_counted_either(ceilings: Ceilings, points: int) -> None:
    """An Enterprise Server without limits has none of either kind."""
    assert ceilings.points == points


def test_a_bench_may_let_all_of_it_run_faster() -> None:
    """One value, so that nothing stays behind."""
    fast = PACE.faster(60)

    assert (fast.minute_ms, fast.hour_ms, fast.wait_ms, fast.slot_ms) == (1000, 60_000, 1000, 250)
    assert PACE.faster(1) == PACE


@pytest.mark.parametrize(("wait", "long"), [(0.0, False), (30.0, False), (30.1, True)])
def test_more_than_half_a_minute_is_a_long_wait(wait: float, long: bool) -> None:
    """A place is not kept busy with waiting."""
    assert long_wait(wait) is long
