"""Which events a person wants to see: of a request, of a target, since a time."""

from collections.abc import Collection
from dataclasses import dataclass

from monarch.adapters.valkey.views.events import PAGE, EventLog
from monarch.ports.readings import Event


@dataclass(frozen=True, slots=True)
class Wanted:
    """The conditions that an event has to meet; `None`: any. Targets are compared without case, times are ms since 1970.

    `kind` is the name of an event, or how it begins: `migration` is every `migration.…`.
    """

    request: str | None = None
    target: str | None = None
    since_ms: int | None = None
    kind: str | None = None

    def holds(self, event: Event) -> bool:
        """Whether the event meets them."""
        _, _, to = event.fields.get("migration", "").partition(":")
        request = request_of(event)
        target = event.fields.get("target") or to
        return (
            self.request in {None, request}
            and (self.target is None or self.target.lower() == target.lower())
            and (self.since_ms is None or event.at_ms >= self.since_ms)
            and (self.kind is None or f"{event.name}.".startswith(f"{self.kind.rstrip('.')}."))
        )


async def newest(log: EventLog, limit: int, wanted: Wanted) -> tuple[Event, ...]:
    """The newest `limit` wanted events, oldest first; it searches all that are kept.

    Raises:
        StoreError: Valkey cannot be asked.
    """
    found: list[Event] = []
    end = "+"
    while len(found) < limit:
        page = await log.page(PAGE, end)
        found += [event for event in reversed(page) if wanted.holds(event)]
        if len(page) < PAGE or page[0].at_ms < (wanted.since_ms or 0):
            break
        end = f"({page[0].id}"
    return tuple(reversed(found[:limit]))


async def history(
    log: EventLog, requests: Collection[str], limit: int, looked_through: int
) -> tuple[Event, ...]:
    """The newest `limit` events of these requests among the newest `looked_through`, newest first.

    Raises:
        StoreError: Valkey cannot be asked.
    """
    found: list[Event] = []
    end, looked_at = "+", 0
    while len(found) < limit and looked_at < looked_through:
        page = await log.page(PAGE, end)
        found += [event for event in reversed(page) if request_of(event) in requests]
        looked_at += PAGE
        if len(page) < PAGE:
            break
        end = f"({page[0].id}"
    return tuple(found[:limit])


def request_of(event: Event) -> str:
    """The request that an event is about, `""` for none."""
    of, _, _ = event.fields.get("migration", "").partition(":")
    return event.fields.get("request") or of
