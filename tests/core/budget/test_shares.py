"""What stands before a request, where cohorts take turns."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.forecast import Forecast, sharing_words
from monarch.core.budget.shares import Ahead, ahead_of, parts_of

LEFT = st.integers(0, 60)


def served(own: int, ahead: Ahead) -> int:
    """When the last own write is done, counted in writes, by taking turns in the worst order."""
    mine, others, done = ahead.older + own, list(ahead.others), 0
    while mine:
        for place, left in enumerate(others):
            done += left > 0
            others[place] = max(0, left - 1)
        mine, done = mine - 1, done + 1
    return done


@given(own=st.integers(1, 60), older=LEFT, others=st.lists(LEFT, max_size=5))
def test_a_forecast_counts_the_turns_as_they_are_taken(
    own: int, older: int, others: list[int]
) -> None:
    """One by one, by the rule alone."""
    ahead = Ahead(0, older, tuple(others))

    assert ahead.before(own) + own == served(own, ahead)


def test_a_small_request_waits_for_its_own_size_and_not_for_the_large_one() -> None:
    """Twenty writes beside eight hundred."""
    assert Ahead(0, 0, (800,)).before(20) == 20
    assert Ahead(0, 0, (20,)).before(800) == 20
    assert Ahead(0, 800).before(20) == 800
    assert Ahead(800, 0, (90,)).before(20) == 820


def test_with_whom_a_request_takes_turns_is_told() -> None:
    """Where it need not, nothing is."""
    assert sharing_words(None) == sharing_words(Forecast(60, 0)) == ""
    assert (
        sharing_words(Forecast(60, 0, sharing=1))
        == "takes turns with another cohort: one write in 2"
    )
    assert "2 other cohorts: one write in 3" in sharing_words(Forecast(60, 0, sharing=2))


def test_requests_of_one_cohort_share_one_turn() -> None:
    """Those of mine that are older go before it; of the others it counts what each cohort has left."""
    left = [("a", 5), ("b", 7), ("b", 3), ("mine", 11)]

    ahead = ahead_of("mine", [11], [2], left)

    assert ahead == Ahead(2, 11, (5, 10))
    assert ahead.sharing == 2


_LEFT = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.booleans()), min_size=0, max_size=8
)


@given(_LEFT)
def test_the_parts_of_those_that_write_are_the_whole(left: list[tuple[str, int, bool]]) -> None:
    """Every cohort with something to write has a part or waits for what was put first, and the parts make one."""
    parts = parts_of(left)

    assert {one.cohort: one.left for one in parts} == {
        name: total
        for name in dict.fromkeys(cohort for cohort, _, _ in left)
        if (total := sum(n for cohort, n, _ in left if cohort == name))
    }
    if parts:
        assert sum(Fraction(1, one.of) for one in parts if one.of) == 1
    first = {cohort for cohort, n, is_first in left if n and is_first}
    assert {one.cohort for one in parts if one.is_first} == first
    assert not first or {one.cohort for one in parts if one.of} == first


@given(_LEFT)
def test_the_page_and_the_forecast_name_the_same_sharers(
    left: list[tuple[str, int, bool]],
) -> None:
    """If no request was put first, a request takes turns with all others that have a part."""
    plain = [(cohort, n, False) for cohort, n, _ in left]
    for part in parts_of(plain):
        ahead = ahead_of(part.cohort, (), (), [(cohort, n) for cohort, n, _ in plain])
        assert ahead.sharing + 1 == part.of
