"""Keys of Valkey that hold something else than Monarch's records: a reader shows the rest, and names them here.

One broken key must not spoil a listing of a thousand requests, and must not be hidden either. Readers do not know who
reads, so they leave the names with the caller that has opened a block around them, on the same task or above it.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from monarch.core.advice import find_out

_MET: Final[ContextVar[dict[str, bool] | None]] = ContextVar("_MET", default=None)


@contextmanager
def spoiled_keys() -> Iterator[Collection[str]]:
    """Collect the broken keys that readers meet within the block: each once, in the order in which they were met."""
    met: dict[str, bool] = {}
    token = _MET.set(met)
    try:
        yield met.keys()
    finally:
        _MET.reset(token)


def note_spoiled(key: str) -> None:
    """Leave the name of a broken key; without a block around the reader it is dropped."""
    met = _MET.get()
    if met is not None:
        met.setdefault(key, False)


def forget_spoiled() -> None:
    """Begin a new reading of the same within the block: what an earlier one has met may be mended since."""
    met = _MET.get()
    if met is not None:
        met.clear()


def mark_told(key: str) -> None:
    """Note that this key was named to a person already, in other words."""
    met = _MET.get()
    if met is not None:
        met[key] = True


def is_told(key: str) -> bool:
    """Whether `mark_told` was called within the block."""
    return (_MET.get() or {}).get(key, False)


def is_spoiled(keys: Collection[str], *records: str) -> bool:
    """Whether one of these keys is that of a record, or of a record below it (`request` for every request)."""
    named = {key.partition("}:")[2] for key in keys}
    return any(f"{name}:".startswith(f"{record}:") for name in named for record in records)


def spoiled_so_far() -> Collection[str]:
    """What readers have met within the block until now; nothing without a block."""
    return (_MET.get() or {}).keys()


def told(key: str) -> str:
    """What is missing, and what to do, for people."""
    return (
        f"the key {key} holds something else than Monarch's record, which is left out here."
        f" {find_out('what it is')}."
    )


def unknown(request: str, keys: Collection[str]) -> tuple[str, str]:
    """Why a reading found no such request, and what to do (`""`: that is said of its key), for people.

    `keys` are the broken ones that were met: an unreadable record is not one that has expired.
    """
    if is_spoiled(keys, f"request:{request}"):
        return f"request {request} cannot be read: its record holds something else", ""
    return (
        f"no request {request} is known",
        "it was never made, has expired, or Valkey has lost its memory: see `monarch requests` and `monarch events`",
    )


def why_unknown(request: str) -> str:
    """The same in one sentence, by what was met within the block until now."""
    reason, advice = unknown(request, spoiled_so_far())
    return f"{reason}: {advice}" if advice else reason
