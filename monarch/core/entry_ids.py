"""Ids of stream entries, `<ms>-<sequence>`: the server gives them out by its clock, so they say when something was appended."""

from typing import Final

_LONGEST: Final = 41


def is_entry_id(text: str) -> bool:
    """Whether Valkey would accept it as a whole entry id: two numbers of 64 bits."""
    first, dash, second = text.partition("-")
    return (
        len(text) <= _LONGEST
        and bool(dash)
        and first.isdecimal()
        and second.isdecimal()
        and text.isascii()
    )


def entry_order(entry: str) -> tuple[int, int]:
    """The sort key of an entry: its time, and its place within that millisecond; the oldest where it is no id."""
    ms, _, sequence = entry.partition("-")
    return (int(ms), int(sequence)) if is_entry_id(entry) else (0, 0)


def entry_ms(entry: str) -> int:
    """When an entry was appended, in milliseconds since 1970."""
    return int(entry.partition("-")[0])
