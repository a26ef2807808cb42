"""Which workers live, what they do together, and the ceilings that they go by.

A reader's own settings say nothing about workers elsewhere: its figures rest on the ceilings with which the living have
entered the roster.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_and_errors_of
from monarch.adapters.valkey.kept.roster import Entered, entered
from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.adapters.valkey.views.raw import text
from monarch.core.budget.ceilings import Ceilings, strictest
from monarch.core.delivery import Stream

ALIVE_MS: Final = 60_000
"""A consumer that has been silent for longer counts as dead, in milliseconds; a live one reads every 3 s."""

RELEASED: Final = "released"
"""The pseudo-consumer to which deliveries are handed back."""

_READS: Final = {
    Stream.REQUESTS: "planner",
    Stream.MIGRATIONS: "migrator",
    Stream.NOTICES: "notifier",
}
"""Which role reads a stream."""

_SHOWN_NOWHERE: Final = frozenset({"intake", "reclaimer"})

_UNKNOWN: Final = Entered(0, "")


class Living:
    """The workers that live, as far as their lines on the roster say."""

    def __init__(self, names: Iterable[str], roster: Any) -> None:
        """`roster`: what Valkey answers for it; nothing is known from an error."""
        started = entered(roster) if isinstance(roster, Mapping) else {}
        self._lines = {name: started.get(name, _UNKNOWN) for name in names}

    def __len__(self) -> int:
        return len(self._lines)

    def roles_by(self, read: Iterable[Stream] | None) -> frozenset[str] | None:
        """What they do together; `read` are the streams that one of them reads, `None`: that is not known.

        Where one of them does not say (Valkey was emptied, or it is of an older version), those that read a stream show
        the role. A reclaimer shows nowhere, and is taken to be there. `None`: not known.
        """
        found = [one.roles for one in self._lines.values()]
        if all(found):
            return frozenset().union(*found)
        return None if read is None else _SHOWN_NOWHERE.union(_READS[stream] for stream in read)

    @property
    def first_ms(self) -> int | None:
        """When the first of them started, in milliseconds since 1970; `None` if none of them says."""
        return min((one.since_ms for one in self._lines.values() if one.since_ms), default=None)

    @property
    def ceilings(self) -> Ceilings | None:
        """The strictest of those that they go by; `None` if none of them says."""
        return strictest(one.ceilings for one in self._lines.values() if one.ceilings)


def living_of(consumers: Any) -> set[str]:
    """The names of those that have read within the last minute, of an answer to `XINFO CONSUMERS`."""
    found = consumers if isinstance(consumers, list) else []
    return {text(one["name"]) for one in found if one["idle"] < ALIVE_MS} - {RELEASED}


async def ceilings_in_force(client: Valkey, keys: Keys) -> Ceilings | None:
    """The ceilings that the living workers go by; `None` if none of them says. Raises `StoreError`."""
    pipe = client.pipeline(transaction=False)
    for stream in Stream:
        pipe.xinfo_consumers(keys.stream(stream), GROUP)
    pipe.hgetall(keys.workers)
    *consumers, roster = await answers_and_errors_of(pipe, "asking what the workers go by")
    return Living(set().union(*map(living_of, consumers)), roster).ceilings
