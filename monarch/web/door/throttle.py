"""Slows down guessing: after some wrong tokens an address has to wait. Kept in the memory of one worker, and bounded."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 10
"""How many wrong tokens one address may send within `WITHIN_S`."""

WITHIN_S: Final = 60.0
REMEMBERED: Final = 1000
"""How many addresses to remember; beyond that the one that has been silent for longest is forgotten."""


@dataclass(slots=True)
class Tries:
    """Counts wrong tokens by address. Times are seconds of one clock that never goes back."""

    _wrong: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def wait_s(self, peer: str, now_s: float) -> float:
        """How long this address has to wait before its next try, in seconds; 0: not at all."""
        recent = [at for at in self._wrong.get(peer, ()) if now_s - at < WITHIN_S]
        return WITHIN_S - (now_s - recent[0]) if len(recent) >= MOST else 0.0

    def wrong(self, peer: str, now_s: float) -> None:
        """Count one more wrong token."""
        recent = [at for at in self._wrong.pop(peer, ()) if now_s - at < WITHIN_S]
        self._wrong[peer] = [*recent, now_s][-MOST:]
        if len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)
