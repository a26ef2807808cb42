"""A Valkey that does not answer while a command follows: reported once for each cause, and given up after a while."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from monarch.cli.terminal.printing import clean
from monarch.cli.terminal.problem import complain

if TYPE_CHECKING:
    from monarch.ports import StoreError

AWAY_FOR_S: Final = 900.0
"""How long a Valkey may be away before a command stops following, in seconds."""

AGAIN_S: Final = 1.0
"""Delay before asking again, in seconds."""

SETTLES_S: Final = 10.0
"""How long after its return Valkey may not show the workers yet, in seconds: they ask and subscribe again by themselves."""

CAUSES: Final = 5
"""How many different causes of one silence are reported at most."""


class Away:
    """Since when it has not answered; `meanwhile` says what its silence means for the followed work."""

    def __init__(self, meanwhile: str, say: Callable[[str], None] = complain) -> None:
        self._meanwhile = meanwhile
        self._say = say
        self._since: float | None = None
        self._back: float | None = None
        self._told: set[str] = set()

    @property
    def is_settling(self) -> bool:
        """Whether Valkey came back only now, so that workers that are missing there prove nothing."""
        return self._back is not None and time.monotonic() - self._back < SETTLES_S

    def missed(self, error: "StoreError") -> bool:
        """Note a missing answer, and report each new cause. Returns whether it has been away for too long.

        A server that comes back with another password was away first and then refuses, and only that a person can mend.
        """
        self._since = self._since or time.monotonic()
        cause = str(error)
        if cause not in self._told and len(self._told) < CAUSES:
            self._told.add(cause)
            remedy = f". {error.remedy}" if error.remedy else ""
            reason = f"{error.headline} ({clean(cause.rstrip('.'))})"
            self._say(f"{reason}; {self._meanwhile}{remedy}")
        return time.monotonic() - self._since > AWAY_FOR_S

    def ended(self) -> None:
        """Note an answer, and report it after a silence."""
        if self._since is not None:
            self._say("Valkey answers again")
            self._back = time.monotonic()
        self._since = None
        self._told.clear()
