"""Values as JSON has them. Every command imports this, so it imports nothing of Monarch's own."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime


def plain(value: object) -> object:
    """The same from plain values only: dataclasses as mappings, tuples and sets as lists, dates in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value
