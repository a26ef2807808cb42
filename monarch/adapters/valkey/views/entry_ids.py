"""Ids of stream entries: the server gives them out by its clock, so they say when something was appended."""

from monarch.adapters.valkey.views.request import whole


def is_entry_id(text: str) -> bool:
    """Whether Valkey would accept it as a whole entry id."""
    first, dash, second = text.partition("-")
    return bool(dash) and first.isdecimal() and second.isdecimal() and text.isascii()


def entry_order(entry: str) -> tuple[int, int]:
    """The sort key of an entry: its time, and its place within that millisecond."""
    ms, _, which = entry.partition("-")
    return whole(ms) or 0, whole(which) or 0


def entry_ms(entry: str) -> int:
    """When an entry was appended, in milliseconds since 1970: the server gives ids out by its clock."""
    return int(entry.partition("-")[0])
