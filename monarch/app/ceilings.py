"""The budget's ceilings, as the installation sets them."""

from monarch.core.budget import Ceilings
from monarch.settings import Settings


def ceilings_of(settings: Settings) -> Ceilings:
    """What no account may exceed, whatever is learned."""
    return Ceilings(
        per_minute=settings.writes_per_minute,
        per_hour=settings.writes_per_hour,
        interval_ms=round(settings.write_interval_seconds * 1000),
        at_once=settings.writes_at_once,
    )
