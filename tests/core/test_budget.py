"""What follows from the ceilings."""

import pytest

from monarch.core.budget import long_wait


@pytest.mark.parametrize(("wait", "long"), [(0.0, False), (30.0, False), (30.1, True)])
def test_more_than_half_a_minute_is_a_long_wait(wait: float, long: bool) -> None:
    """A place is not kept busy with waiting."""
    assert long_wait(wait) is long
