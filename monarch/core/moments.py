"""Moments as dates. A record that something else has written may name one for which no calendar has a date."""

from datetime import UTC, datetime
from typing import Final

LATEST_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, since 1970: beyond it `datetime` has no dates."""


def within_dates(ms: float) -> int:
    """The same moment; the first or the last one for which there is a date, where it is before or beyond. Infinity may come."""
    return int(max(0, min(ms, LATEST_MS)))


def date_of(ms: float) -> datetime:
    """Milliseconds since 1970 as a date and time in UTC."""
    return datetime.fromtimestamp(within_dates(ms) / 1000, UTC)
