"""Repositories that no request named, as the last sweep for them has recorded them."""

import json
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.raw import whole
from monarch.ports.readings import MissedLine

MOST: Final = 500
"""How many to list at most."""


class MissedOnRecord:
    """Reads the record. Raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def all(self) -> tuple[MissedLine, ...]:
        """What is on record, the newest repository first; what cannot be read is left out."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hvals(self._keys.missed)
        (found,) = await answers_of(pipe, "reading which repositories were missed")
        lines = filter(None, map(_line, found))
        return tuple(sorted(lines, key=lambda one: (-one.created_ms, one.repository))[:MOST])


def _line(packed: bytes) -> MissedLine | None:
    try:
        one = {name: str(value) for name, value in json.loads(packed).items()}
        return MissedLine(
            one["repository"],
            one["source"],
            one.get("channel") or None,
            whole(one["created_ms"]) or 0,
            whole(one["found_ms"]) or 0,
            one.get("request", ""),
            one.get("by", ""),
        )
    except (ValueError, KeyError, AttributeError):
        return None
