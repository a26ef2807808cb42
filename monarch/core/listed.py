"""Names in a sentence: the first few, and how many more there are. Pure."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int) -> str:
    """Name at most `most` of them: `a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def numbered(numbers: Sequence[int], most: int) -> str:
    """Name at most `most` issues by their numbers: `#3, #4 and 3 more`."""
    return listed([f"#{number}" for number in numbers], most)
