"""A worker's own line on the roster: entered when it starts, and once more when Valkey has lost it.

No decision depends on the roster, so a failure is noted and the work goes on.
"""

from collections.abc import Callable, Iterable

from monarch.adapters.valkey.kept.roster import Roster
from monarch.core.budget.ceilings import Ceilings
from monarch.ports import StoreError


class Enrolment:
    """Keeps one worker on the roster; `name`, `version`, `roles` and `ceilings` as `Roster.enter` takes them.

    `on_trouble` is called with what was tried, where that fails.
    """

    def __init__(
        self,
        roster: Roster,
        name: str,
        version: str,
        roles: Iterable[str],
        ceilings: Ceilings | None,
        on_trouble: Callable[[str, StoreError], None],
    ) -> None:
        self._roster = roster
        self._name = name
        self._version = version
        self._roles = tuple(roles)
        self._ceilings = ceilings
        self._on_trouble = on_trouble
        self._since_ms: int | None = None

    async def enter(self) -> None:
        """Enter it; after Valkey was emptied again, with the time of the first entry."""
        try:
            entered_ms = await self._roster.enter(
                self._name, self._version, self._roles, self._ceilings, since_ms=self._since_ms
            )
        except StoreError as error:
            self._on_trouble("entering the roster", error)
        else:
            self._since_ms = self._since_ms or entered_ms

    async def leave(self) -> None:
        """Take it off. Raises `StoreError`."""
        await self._roster.leave(self._name)
