"""What the page offers for a request."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monarch.core.portions.message import Portion
from monarch.core.report.summary import State
from monarch.ports.readings import RequestDetails
from monarch.web.views.buttons import request_buttons
from tests.web.doubles import details_of, times_of

RUNS = details_of()
DATED = Portion(datetime(2026, 11, 30, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("details", "offers"),
    [
        (replace(RUNS, times=(times_of(next_ms=5),)), True),
        (replace(RUNS, times=(times_of(),)), False),
        (replace(details_of(state=State.QUEUED), next_ms=5), True),
        (replace(details_of(state=State.QUEUED, portion=DATED), next_ms=5), False),
        (replace(details_of(state=State.DONE, ended_ms=9), times=(times_of(next_ms=5),)), False),
    ],
)
def test_what_waits_can_be_tried_at_once(details: RequestDetails, *, offers: bool) -> None:
    """Not what waits for nothing, for its date, or has ended."""
    labels = [button.words for button in request_buttons(details)]

    assert ("Try it now" in labels) is offers
