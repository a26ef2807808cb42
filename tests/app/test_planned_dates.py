"""The page's plan refuses a date that the command refuses."""

import pytest

from monarch.app.page import _planned
from monarch.settings import Settings
from monarch.web.form import RequestForm


@pytest.mark.parametrize(
    ("date", "says"),
    [
        ("2020-01-01T00:00:00Z", "Wed 2020-01-01 00:00 UTC has passed"),
        ("2999-01-01T00:00:00Z", "and may be 400"),
        ("2020-01-01T00:00:00", "names no zone"),
    ],
)
async def test_a_date_that_cannot_be_asked_for_is_not_planned(date: str, says: str) -> None:
    """It planned the work for now, and offered a button and a command that both refuse it."""
    settings = Settings.model_validate({"gh_pat": "ghp_x"})

    told = await _planned(settings, RequestForm("o/s", ("o/a",), not_before=date))

    assert isinstance(told, str)
    assert says in told
