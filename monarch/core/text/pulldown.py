"""pulldown-cmark by pyromark, loaded at the first text: a worker that has nothing to copy does without its megabyte."""
# ruff: noqa: PLC0415 - loaded when there is a text

from collections.abc import Iterator
from typing import Any


def events_as_read(text: str) -> Iterator[tuple[Any, Any]]:
    """Each event of a text, and its `start` and `end` in bytes."""
    import pyromark

    return pyromark.events_with_range(text, options=_options())


def definitions(text: str) -> list[tuple[int, int]]:
    """Where the reference definitions of a text start and end, in bytes and in order."""
    import pyromark

    known = pyromark.reference_definitions(text, options=_options())
    return sorted((one["span"]["start"], one["span"]["end"]) for one in known.values())


def _options() -> Any:
    from pyromark import Options

    return (
        Options.ENABLE_TABLES
        | Options.ENABLE_STRIKETHROUGH
        | Options.ENABLE_TASKLISTS
        | Options.ENABLE_FOOTNOTES
    )
