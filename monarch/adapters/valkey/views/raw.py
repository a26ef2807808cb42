"""Fields and answers of Valkey as Python values. What is missing or malformed reads as nothing: records are for people."""

from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, str]

_MAX_DIGITS = 18
"""Digits of a number: times in milliseconds have 13."""


def texts(raw: Mapping[Any, Any]) -> dict[str, str]:
    """A hash, or an entry's fields, as text."""
    return {text(name): text(value) for name, value in raw.items()}


def text(raw: bytes | str | None) -> str:
    """As text, whatever it is; `""` for nothing."""
    return raw if isinstance(raw, str) else (raw or b"").decode("utf-8", "replace")


def whole(text: str) -> int | None:
    """A whole number as our scripts write it; `None` for anything else, digits of other scripts included."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None


def number(fields: Fields, name: str, default: int = 0) -> int:
    """The whole number in a field."""
    value = whole(fields.get(name, ""))
    return default if value is None else value


def lines_of(text: str) -> list[str]:
    """The lines of a field. A refused target is kept as it was spelled; `str.splitlines` would split at more characters."""
    return [line for line in text.split("\n") if line]
