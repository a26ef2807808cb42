"""A length of time as people read it: one unit, rounded down."""

from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (0, "s"))


def span(seconds: float) -> str:
    """`3 s`, `5 min`, `2 h`, `4 d`."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size or not size)
    return f"{int(seconds // (size or 1))} {unit}"
