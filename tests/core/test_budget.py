"""What follows from the ceilings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget import Ceilings, forecast_s, long_wait

NONE = Ceilings(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("tickets", "ceilings", "seconds"),
    [
        (0, Ceilings(), 0),
        (1, Ceilings(), 0),
        (20, Ceilings(), 19),
        (81, Ceilings(), 80),
        (500, Ceilings(), 499),
        (501, Ceilings(), 3600),
        (520, Ceilings(), 3619),
        (1000, Ceilings(), 4099),
        (10_000, NONE, 0),
        (81, Ceilings(80, 0, 0, 0), 60),
        (21, Ceilings(20, 150, 3000, 1), 60),
        (151, Ceilings(20, 150, 0, 1), 3600),
        (501, Ceilings(5, 500, 0, 1), 6000),
    ],
)
def test_a_forecast_is_what_the_tightest_ceiling_allows(
    tickets: int, ceilings: Ceilings, seconds: float
) -> None:
    """From an unused budget; the first write is free."""
    assert forecast_s(tickets, ceilings) == seconds


@given(st.integers(-1, 5000), st.builds(Ceilings, *[st.integers(0, 100)] * 4))
def test_more_tickets_never_take_less_time(tickets: int, ceilings: Ceilings) -> None:
    """Whatever the ceilings are."""
    assert 0 <= forecast_s(tickets, ceilings) <= forecast_s(tickets + 1, ceilings)


@pytest.mark.parametrize(("wait", "long"), [(0.0, False), (30.0, False), (30.1, True)])
def test_more_than_half_a_minute_is_a_long_wait(wait: float, long: bool) -> None:
    """A place is not kept busy with waiting."""
    assert long_wait(wait) is long
