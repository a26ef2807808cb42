"""What a pause moves, and what it moves if a cohort goes first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.ceilings import Ceilings
from monarch.core.budget.forecast import Load
from monarch.core.budget.moves import FORECAST_AT_MOST, Move, Shares, moves
from monarch.core.budget.shares import Part

NOW = 1_764_072_000_000
A_SECOND_EACH = Load(NOW, (), Ceilings(0, 0, 0, 0), write_ms=1000)
"""So a moment is a number of writes."""

LEFT = st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=5)


def parts(*left: tuple[int, bool]) -> tuple[Part, ...]:
    """Cohorts that have so much left, and of which a request was put first or was not."""
    return tuple(Part(f"{n}-0", one, 1, is_first=first) for n, (one, first) in enumerate(left))


def stands(some: tuple[Part, ...]) -> dict[str, float]:
    """When each of them is done."""
    return {one.cohort: one.stands_s for one in moves(Shares(some, A_SECOND_EACH)).cohorts}


def test_a_small_cohort_beside_a_large_one() -> None:
    """By turns it waits for its own size; put first, it waits for none, and the large one ends with the same write as before."""
    small, large = parts((20, False), (100, False))

    told = moves(Shares((small, large), A_SECOND_EACH))

    assert told.all_s == 120
    assert told.cohorts == (
        Move(small.cohort, stands_s=40, first_s=20, others_s=0),
        Move(large.cohort, stands_s=120, first_s=100, others_s=80),
    )


def test_one_alone_moves_nobody() -> None:
    """Whatever is put first."""
    (told,) = moves(Shares(parts((7, False)), A_SECOND_EACH)).cohorts

    assert (told.stands_s, told.first_s, told.others_s) == (7, 7, 0)


def test_of_many_cohorts_the_oldest_are_foretold() -> None:
    """Each is held against all: a worker has more to do."""
    told = moves(Shares(parts(*[(1, False)] * (FORECAST_AT_MOST + 9)), A_SECOND_EACH))

    assert [one.cohort for one in told.cohorts] == [f"{n}-0" for n in range(FORECAST_AT_MOST)]
    assert told.cohorts[0].stands_s == told.all_s == FORECAST_AT_MOST + 9


def test_nothing_to_write_is_done() -> None:
    """At once, and after any pause."""
    told = moves(Shares((), A_SECOND_EACH))

    assert (told.all_s, told.cohorts) == (0, ())
    assert told.paused == ((10, 0), (60, 0))


@given(left=LEFT)
def test_what_it_costs_the_others_is_what_would_be_foretold_then(
    left: list[tuple[int, bool]],
) -> None:
    """For each cohort that could be put first: foretell again as if it were."""
    some = parts(*left)
    before = stands(some)

    for move, part in zip(moves(Shares(some, A_SECOND_EACH)).cohorts, some, strict=True):
        then = stands(tuple(replace(one, is_first=one.is_first or one is part) for one in some))
        others = [then[one] - before[one] for one in before if one != part.cohort]
        assert move.first_s == then[part.cohort] <= move.stands_s
        assert move.others_s == max(others, default=0)
        assert max(then.values()) == max(before.values()) == sum(one.left for one in some)


@pytest.mark.parametrize(
    ("ceilings", "after"),
    [
        (Ceilings(0, 0, 0, 0), (10 * 60 + 30, 60 * 60 + 30)),
        # In the first hour there is room for 20 only: a pause in it costs nothing but what is written late.
        (Ceilings(0, 20, 0, 0), (10 * 60 + 3600 + 10, 3600 + 3600 + 10)),
    ],
)
def test_a_pause_moves_the_end(ceilings: Ceilings, after: tuple[float, float]) -> None:
    """By its length at the most."""
    told = moves(Shares(parts((30, False)), replace(A_SECOND_EACH, ceilings=ceilings)))

    assert [end_s for _, end_s in told.paused] == list(after)


def test_a_pause_costs_nothing_while_the_gate_is_closed_anyway() -> None:
    """No worker could write."""
    told = moves(Shares(parts((5, False)), replace(A_SECOND_EACH, gate_ms=900_000)))

    assert told.paused[0] == (10, told.all_s)


def test_what_is_paused_cannot_be_paused() -> None:
    """The forecast says when all of it is done if it is resumed now."""
    told = moves(Shares(parts((5, False)), A_SECOND_EACH, paused_by="ada"))

    assert (told.all_s, told.paused) == (5, ())
