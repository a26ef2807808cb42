"""Amounts that a program in scripts/ is given: types for `argparse`."""

import argparse
import math

_MOST = 10_000_000


def count(text: str) -> int:
    """A whole number from 1 on.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:20]) <= _MOST):
        raise argparse.ArgumentTypeError(
            f"expected a whole number, 1 to {_MOST:,}; got {text[:40]!r}"
        )
    return int(text)


def length(text: str) -> float:
    """A length of time, or how many times as fast: any number above 0.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= _MOST:
        raise argparse.ArgumentTypeError(
            f"expected a number above 0, at most {_MOST:,}; got {text[:40]!r}"
        )
    return number
