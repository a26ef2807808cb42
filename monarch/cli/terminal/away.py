"""A Valkey that does not answer while a command looks on: said once, and given up after a while."""

import time
from collections.abc import Callable
from typing import Final

from monarch.cli.terminal.printing import clean
from monarch.cli.terminal.problem import complain

AWAY_FOR_S: Final = 900.0
"""How long a Valkey may be away before the following is given up, in seconds."""

AGAIN_S: Final = 1.0
"""How soon it is asked again."""


class Away:
    """Since when it has not answered; `meanwhile` is what its silence means for what the command is about."""

    def __init__(self, meanwhile: str, say: Callable[[str], None] = complain) -> None:
        self._meanwhile = meanwhile
        self._say = say
        self._since: float | None = None

    def missed(self, error: Exception) -> bool:
        """It did not answer: say so the first time. Whether it has been away for too long."""
        if self._since is None:
            self._since = time.monotonic()
            self._say(f"Valkey does not answer ({clean(error)}); {self._meanwhile}")
        return time.monotonic() - self._since > AWAY_FOR_S

    def ended(self) -> None:
        """It answered: say so where it had not."""
        if self._since is not None:
            self._say("Valkey answers again")
        self._since = None
