"""What GitHub makes of a milestone's due date: midnight of that day in California.

The hour that was asked for is dropped, after the moment was converted to Pacific time: what is due
on 24 September at 06:59 UTC becomes the 23rd at 07:00 (in summer; 08:00 in winter). What GitHub
itself has answered stays what it is. Seen by microsoft/PowerShellForGitHub#133 and
wordpress-mobile/release-toolkit#419.

The rule of summer time is written out, because not every machine carries a time zone database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

HOUR_S = 3_600
SUNDAY = 6


def midnight(at: float) -> float:
    """Return the beginning of the Pacific day that a moment lies in; both in epoch seconds."""
    local = datetime.fromtimestamp(at - _behind_s(at), UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    # The clock may change between that midnight and the moment, at two in the morning.
    return day + _behind_s(day + _behind_s(at))


def _behind_s(at: float) -> int:
    """Return how many seconds Pacific time is behind UTC at a moment."""
    year = datetime.fromtimestamp(at, UTC).year
    begins = _sunday(year, 3, 2) + 10 * HOUR_S  # two o'clock, eight hours behind
    ends = _sunday(year, 11, 1) + 9 * HOUR_S  # two o'clock, seven hours behind
    return (7 if begins <= at < ends else 8) * HOUR_S


def _sunday(year: int, month: int, which: int) -> float:
    first = datetime(year, month, 1, tzinfo=UTC)
    to_sunday = (SUNDAY - first.weekday()) % 7
    return (first + timedelta(days=to_sunday + 7 * (which - 1))).timestamp()
