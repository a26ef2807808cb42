"""How times and numbers are written. The zone is always given; the browser's script adds how long ago it was."""

from monarch.core.moments import date_of


def iso(ms: int) -> str:
    """Milliseconds since 1970 as a program reads them: `2026-11-27T08:15:04Z`."""
    return date_of(ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(ms: int) -> str:
    """The time of day: `08:15:04 UTC`."""
    return date_of(ms).strftime("%H:%M:%S UTC")


def moment(ms: int) -> str:
    """The same for people: `27 Nov 08:15:04 UTC`."""
    return date_of(ms).strftime("%-d %b %H:%M:%S UTC")


def number(value: int) -> str:
    """`100,000`."""
    return f"{value:,}"


def counted(n: int, one: str, many: str = "") -> str:
    """`1 team`, `3 teams`."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def slack_reason(error: str) -> str:
    """Why Slack did not get a message, below a heading that says that it did not."""
    return error.removeprefix("Slack did not get the message: ")
