"""What happened, reported once: a log line and a metric for each event, from one method, so that they agree.

All code reports to `Telemetry`; `Pulse` is what it knows about being alive; a `Snapshot` of the fleet
fills the gauges right before a scrape. `monarch.telemetry.logging`, which only programs import, decides
where lines go and what they may show.
"""

from monarch.telemetry.events import Telemetry
from monarch.telemetry.pulse import Pulse
from monarch.telemetry.snapshot import (
    AccountSnapshot,
    RefusalSnapshot,
    Snapshot,
    StreamSnapshot,
)

__all__ = ["AccountSnapshot", "Pulse", "RefusalSnapshot", "Snapshot", "StreamSnapshot", "Telemetry"]
