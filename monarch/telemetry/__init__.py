"""What happened, told once: a log line and a metric for each event, from one method, so that they agree.

`Telemetry` is what everybody reports to; `Pulse` is what it knows about being alive; a `Snapshot` of the
fleet fills the gauges right before a scrape. Where lines go and what they may show is decided by
`monarch.telemetry.logging`, which is imported by programs only.
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
