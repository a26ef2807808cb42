"""When a request that names a date may begin."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LONGEST_WAIT: Final = timedelta(days=400)
"""A date further ahead is a mistake: a school year is shorter, and a wrong year is longer."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Until:
    """The request waits for `wait_s` more seconds."""

    wait_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class TooFar:
    """The date is further ahead than `LONGEST_WAIT`."""

    reason: str


def release_of(not_before: datetime | None, now_ms: int) -> Until | TooFar | None:
    """Whether a request waits for its date; `None`: it may begin.

    Args:
        not_before: with its zone; `None` if the message names no date.
        now_ms: the server's clock, in milliseconds since 1970. No worker's clock decides when a request begins.
    """
    if not_before is None:
        return None
    ahead_ms = date_ms(not_before) - now_ms
    if ahead_ms <= 0:
        return None
    if ahead_ms > LONGEST_WAIT / timedelta(milliseconds=1):
        return TooFar(
            f"not_before is {date_words(not_before)}, {ahead_ms // 86_400_000} days ahead, and may be"
            f" {LONGEST_WAIT.days}; ask again with an earlier date"
        )
    return Until(ahead_ms / 1000, f"it waits until {date_words(not_before)}, its not_before")


def wait_of(not_before: datetime | None, now_ms: int) -> float:
    """For how many seconds a request waits for its date; 0 if it names none, or if it has come."""
    return 0.0 if not_before is None else max(0, date_ms(not_before) - now_ms) / 1000


def date_mistake(not_before: datetime | None, now_ms: int) -> str:
    """What is wrong with a date that a person has just typed: it has passed, or is too far ahead; `""` if nothing is.

    A message that names a past date is carried out: it may be an old message that is sent again for a late team.
    """
    if not_before is None:
        return ""
    if date_ms(not_before) <= now_ms:
        return f"{date_words(not_before)} has passed"
    found = release_of(not_before, now_ms)
    return found.reason if isinstance(found, TooFar) else ""


def date_ms(date: datetime) -> int:
    """A date with its zone, in whole milliseconds since 1970, rounded up: not before means not before."""
    return -((_EPOCH - date) // timedelta(milliseconds=1))


def date_words(date: datetime) -> str:
    """A date for people, in the zone that the sender has named: `Mon 2026-11-30 08:00 +01:00`."""
    seconds = f":{date:%S}" if date.second else ""
    # `%:z` and `%a` depend on the version and on the locale.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[date.weekday()]
    offset = date.isoformat()[len(date.replace(tzinfo=None).isoformat()) :]
    return f"{day} {date.date().isoformat()} {date.hour:02}:{date.minute:02}{seconds} {offset if date.utcoffset() else 'UTC'}"
