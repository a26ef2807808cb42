"""When it will be done, by what stands in the windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget import Ceilings, Pace
from monarch.core.forecast import Outlook, forecast_s, proven
from monarch.core.learning import Learned
from monarch.core.windows import Limit

PACE = Pace()
NONE = Ceilings(0, 0, 0, 0)
NOW = 100_000_000
MINUTE_S, HOUR_S = 61.0, 3601.0


@pytest.mark.parametrize(
    ("tickets", "ceilings", "seconds"),
    [
        (-1, Ceilings(), 0),
        (0, Ceilings(), 0),
        (1, Ceilings(), 0),
        (20, Ceilings(), 19),
        (81, Ceilings(), 80),
        (500, Ceilings(), 499),
        (501, Ceilings(), HOUR_S),
        (520, Ceilings(), HOUR_S + 19),
        (1000, Ceilings(), HOUR_S + 499),
        (10_000, NONE, 0),
        (81, Ceilings(80, 0, 0, 0), MINUTE_S),
        (21, Ceilings(20, 150, 3000, 1), MINUTE_S),
        (151, Ceilings(20, 150, 0, 1), HOUR_S),
    ],
)
def test_a_forecast_is_what_the_tightest_ceiling_allows(
    tickets: int, ceilings: Ceilings, seconds: float
) -> None:
    """From an unused budget; the first write is free."""
    assert forecast_s(Outlook(ceilings), tickets) == seconds


def test_what_was_written_is_in_the_way() -> None:
    """Of 150 an hour 100 were written ten minutes ago: 50 go at once, the next when the first of those leave."""
    writes = [NOW - 600_000 + 1000 * n for n in range(100)]
    outlook = Outlook(Ceilings(0, 150, 1000), PACE, NOW, writes)

    assert forecast_s(outlook, 50) == 49
    assert forecast_s(outlook, 51) == HOUR_S - 600


def test_a_closed_gate_is_waited_for() -> None:
    """And the windows empty meanwhile."""
    assert forecast_s(Outlook(Ceilings(), closed_ms=300_000), 2) == 301


def test_writes_that_take_long_are_expected_to_go_on_so() -> None:
    """GitHub takes its time, too; a wait for a window does not count as that."""
    writes = [NOW - 800_000 + 3000 * n for n in range(20)] + [
        NOW - 9000 + 3000 * n for n in range(4)
    ]

    assert forecast_s(Outlook(Ceilings(0, 0, 1000), PACE, NOW, writes), 11) == 33


def test_a_very_long_way_goes_on_at_the_pace_of_its_beginning() -> None:
    """A million writes are not walked through one by one."""
    seconds = forecast_s(Outlook(Ceilings()), 1_000_000)

    assert seconds == pytest.approx(2000 * HOUR_S, rel=0.05)


def test_a_raise_on_trial_is_not_believed_in_yet() -> None:
    """What is known to fit is what people are told."""
    learned = Learned(1, minute=Limit(22, 20), hour=Limit(150, 150))

    assert proven(Ceilings(), learned) == Ceilings(20, 150)
    assert proven(Ceilings(), Learned()) == Ceilings()


WRITES = st.lists(st.integers(NOW - 3_700_000, NOW), max_size=100).map(sorted)
CEILINGS = st.builds(Ceilings, st.integers(0, 30), st.integers(0, 200), st.integers(0, 3000))


@given(st.integers(-1, 300), CEILINGS, WRITES, st.integers(0, 1_000_000))
def test_more_tickets_never_take_less_time(
    tickets: int, ceilings: Ceilings, writes: list[int], closed_ms: int
) -> None:
    """Whatever the ceilings are, and whatever was written."""
    outlook = Outlook(ceilings, PACE, NOW, writes, closed_ms)

    assert 0 <= forecast_s(outlook, tickets) <= forecast_s(outlook, tickets + 1)
