"""The catalogue of metrics: name, labels, meaning. `monarch.telemetry.events` counts them.

Labels are closed sets, never the names of repositories, and their series exist from the start, at 0, so
that a rate over them is right from the first event on.
"""

import math
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from monarch.core.delivery import Stream
from monarch.core.outcome import Code
from monarch.core.verdict import Waits
from monarch.telemetry.snapshot import Snapshot

STREAMS = tuple(stream.value for stream in Stream)
VERDICTS = ("done", "retry", "snooze", "dead", "handback", "other")
TICKETS = ("copied", "present", "refused", "unknown")
SNOOZES = tuple(waits.value for waits in Waits)
WRITES = (
    "created",
    "accepted",
    "alreadythere",
    "withheld",
    "ratelimited",
    "transient",
    "permanent",
    "unknown",
)
DETAILS = ("label", "milestone", "edit", "sub-issue", "dependency", "close", "reopen")
NOTICES = ("card", "reply", "ending", "missed")
WINDOWS = ("minute", "hour")
WAYS = ("lowered", "raised")

WRITE_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)
"""A write ends after 10 s."""
SPAN_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
"""From a tenth of a second to the hours that GitHub's limits can make of a cohort."""
DELIVERY_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800)

OF_FLEET = "The whole fleet's, told by every worker alike: max, never sum."


class Metrics:
    """Every metric, registered in `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._intake()
        self._missed()
        self._loop()
        self._copying()
        self._store()
        self._fleet()

    def observe(self, snapshot: Snapshot) -> None:
        """Set the gauges to what `snapshot` says."""
        self.valkey_up.set(1)
        for one in snapshot.streams:
            self.length.labels(one.stream).set(one.length)
            self.pending.labels(one.stream).set(one.pending)
            self.lag.labels(one.stream).set(one.undelivered)
            self.oldest_pending.labels(one.stream).set(one.oldest_pending_s)
            self.oldest_undelivered.labels(one.stream).set(one.oldest_undelivered_s)
        self.parked.set(_known(snapshot, "parked", snapshot.parked))
        self.dead.set(_known(snapshot, "dead", snapshot.dead))
        self.missed.set(_known(snapshot, "missed", snapshot.missed))
        self.workers.set(math.nan if snapshot.hides_workers else snapshot.workers)
        # Unknown is not 0: 0 pages a person.
        self.replicas.set(math.nan if snapshot.replicas is None else snapshot.replicas)
        self.paused.set(snapshot.paused)
        self.paused_since.set((snapshot.paused_ms or 0) / 1000)
        since_ms = min((one.since_ms for one in snapshot.refused), default=0)
        self.refused_since.set(since_ms / 1000)
        self.refuses_writes.set(snapshot.writes_fail)
        self.broken_keys.set(len(snapshot.broken_keys))
        self.open_requests.set(_known(snapshot, "open", snapshot.open_requests))
        self.oldest_open.set(snapshot.oldest_open_s)
        self.oldest_parked.set(snapshot.oldest_parked_s)
        self._observe_budget(snapshot)

    def _observe_budget(self, snapshot: Snapshot) -> None:
        """Set the gauges of the budget: the scarcest account decides; infinite if there is no ceiling."""
        minute = [a.minute_left for a in snapshot.accounts if a.minute_left is not None]
        hour = [a.hour_left for a in snapshot.accounts if a.hour_left is not None]
        closed = [a.gate_closed_s for a in snapshot.accounts]
        self.budget_left.labels("minute").set(min(minute, default=float("inf")))
        self.budget_left.labels("hour").set(min(hour, default=float("inf")))
        self.gate_closed.set(max(closed, default=0.0))
        since = [a.gate_since_ms for a in snapshot.accounts if a.gate_since_ms is not None]
        self.gate_since.set(min(since, default=0) / 1000)

    # ------------------------------------------------------------------------------- the groups

    def _intake(self) -> None:
        self.last_message = self._gauge(
            "last_message_timestamp_seconds",
            "When this worker last heard a message, in seconds since 1970; 0: none since it started.",
        )
        self.heard = self._counter("messages_heard", "Messages heard on the channel.")
        self.mirrored = self._counter("messages_mirrored", "Messages appended as requests.")
        self.echoed = self._counter("echoes", "Messages that another replica appended.")
        self.gaps = self._counter("hearing_gaps", "Times in which the channel was not heard.")
        self.behind = self._counter("hearing_behind", "Times in which appending did not keep up.")
        self.dropped = self._counter("messages_dropped", "Heard, and not appended when it stopped.")
        self.gap_seconds = self._counter("hearing_gap_seconds", "Length of those gaps.")
        outcomes = ("planned", "skipped")
        self.requests = self._counter("requests", "Requests planned.", outcome=outcomes)
        self.targets_refused = self._counter("targets_refused", "Targets that cannot be one.")

    def _missed(self) -> None:
        outcomes = ("done", "failed")
        self.sweeps = self._counter(
            "sweeps", "Looks through the repositories of an owner.", outcome=outcomes
        )
        self.sweep_reads = self._counter("sweep_reads", "Answers of GitHub that these took.")
        self.missed_found = self._counter(
            "repositories_missed", "Repositories found that no request named."
        )
        self.missed = self._of_fleet("missed_repositories", "Missed, and not asked for since.")

    def _loop(self) -> None:
        self.started = self._counter("deliveries", "Deliveries begun.", stream=STREAMS)
        self.settled = self._counter(
            "deliveries_settled", "Deliveries settled.", stream=STREAMS, verdict=VERDICTS
        )
        self.delivery_seconds = self._histogram(
            "delivery_seconds", "From reading to settled.", DELIVERY_BUCKETS, stream=STREAMS
        )
        self.reclaimed = self._counter("deliveries_reclaimed", "Taken over.", stream=STREAMS)
        self.failed = self._counter("deliveries_failed", "Handlers that raised.", stream=STREAMS)
        self.handed_back = self._counter("deliveries_handed_back", "On stopping.", stream=STREAMS)
        self.leases_lost = self._counter("leases_lost", "Leases lost.", stream=STREAMS)
        self.retries = self._counter("retries", "Retries scheduled.")
        self.snoozes = self._counter("snoozes", "Snoozes, which count no attempt.", kind=SNOOZES)
        codes = tuple(code.value for code in Code)
        self.dead_letters = self._counter("dead_letters", "Dead letters.", code=codes)
        self.newer = self._counter("entries_newer", "Entries of a newer version that a worker met.")
        self.promoted = self._counter("entries_promoted", "Parked entries that became due.")
        self.trimmed = self._counter(
            "entries_trimmed", "Pending entries that were removed from outside."
        )
        self.restored = self._counter("entries_restored", "Removed entries that were put back.")

    def _copying(self) -> None:
        self.tickets = self._counter("tickets", "Tickets by what became of them.", outcome=TICKETS)
        self.details = self._counter("details", "Other writes that took effect.", kind=DETAILS)
        self.notes = self._counter("notes", "Things noted that fail nothing.")
        self.strays = self._counter("strays", "Second copies found.")
        self.planted = self._counter("markers_planted", "Markers that are not believed.")
        self.migrated = self._counter("migrations_migrated", "Targets read back and complete.")
        self.write_seconds = self._histogram(
            "write_seconds", "One write to GitHub.", WRITE_BUCKETS, outcome=WRITES
        )
        self.first_copy = self._histogram(
            "first_copy_seconds", "From a message's append to its first copy.", SPAN_BUCKETS
        )
        self.request_seconds = self._histogram(
            "request_seconds", "From a message's append to its request's end.", SPAN_BUCKETS
        )

    def _store(self) -> None:
        self.build = Info("monarch_build", "What this worker is.", registry=self._registry)
        self.ceilings = self._counter(
            "ceiling_changes", "What is learned of hidden limits.", window=WINDOWS, way=WAYS
        )
        self.gates = self._counter("gate_closings", "Times a gate was closed.")
        self.notices = self._counter("notices_said", "Messages Slack has taken.", kind=NOTICES)
        self.notices_failed = self._counter("notices_failed", "Messages Slack refused for good.")
        self.troubles = self._counter("store_troubles", "Valkey could not be asked.")
        self.last_progress = self._gauge(
            "loop_progress_age_seconds", "Since the slowest loop of this process made progress."
        )

    def _fleet(self) -> None:
        self.valkey_up = self._gauge(
            "valkey_up",
            "0: Valkey does not answer this worker, and its gauges of the fleet are old.",
        )
        self.length = self._of_fleet("stream_length", "Entries not settled.", stream=STREAMS)
        self.pending = self._of_fleet("stream_pending", "Entries handed out.", stream=STREAMS)
        self.lag = self._of_fleet("stream_lag", "Entries not handed out yet.", stream=STREAMS)
        self.oldest_pending = self._of_fleet(
            "oldest_pending_seconds", "Age of the oldest entry handed out.", stream=STREAMS
        )
        self.oldest_undelivered = self._of_fleet(
            "oldest_undelivered_seconds", "Age of the oldest entry not handed out.", stream=STREAMS
        )
        self.parked = self._of_fleet("parked", "Entries that wait until they are due.")
        self.dead = self._of_fleet("dead_letters_kept", "Dead letters that are kept.")
        self.budget_left = self._of_fleet("budget_left", "Writes left, fleet-wide.", window=WINDOWS)
        self.gate_closed = self._of_fleet("gate_closed_seconds", "Until the gate opens; 0: open.")
        self.gate_since = self._of_fleet(
            "gate_closed_since_seconds",
            "Since when the gate closes, also again and again, in seconds since 1970; 0: it is open.",
        )
        self._fleet_state()

    def _fleet_state(self) -> None:
        self.workers = self._of_fleet("workers", "Consumers that read within a minute.")
        self.replicas = self._of_fleet("replicas_subscribed", "Subscribers of the channel.")
        self.paused = self._of_fleet("paused", "1 while a person has paused the fleet.")
        self.paused_since = self._of_fleet(
            "paused_since_seconds",
            "When the fleet was paused, in seconds since 1970; 0: it is not.",
        )
        self.refused_since = self._of_fleet(
            "credential_refused_since_seconds",
            "Since when GitHub refuses a credential, in seconds since 1970; 0: it refuses none.",
        )
        self.refuses_writes = self._of_fleet(
            "valkey_refuses_writes",
            "1 while Valkey takes in nothing new (memory, disk, replicas, rights).",
        )
        self.broken_keys = self._of_fleet(
            "broken_keys", "Keys of Valkey that hold something else than Monarch's records."
        )
        self.oldest_open = self._of_fleet(
            "oldest_open_request_seconds", "Age of the oldest request that has not ended; 0: none."
        )
        self.open_requests = self._of_fleet(
            "requests_open", "Requests that have not ended, or whose end is not in Slack yet."
        )
        self.oldest_parked = self._of_fleet(
            "oldest_parked_seconds",
            "Age of the oldest request with parked work, of the 200 entries that are due first; 0: none.",
        )

    # --------------------------------------------------------------------------------- the makers

    def _counter(self, name: str, meaning: str, **labels: tuple[str, ...]) -> Counter:
        metric = Counter(f"monarch_{name}", meaning, tuple(labels), registry=self._registry)
        _prepare(metric, *labels.values())
        return metric

    def _gauge(self, name: str, meaning: str, **labels: tuple[str, ...]) -> Gauge:
        metric = Gauge(f"monarch_{name}", meaning, tuple(labels), registry=self._registry)
        _prepare(metric, *labels.values())
        return metric

    def _of_fleet(self, name: str, meaning: str, **labels: tuple[str, ...]) -> Gauge:
        """A gauge that every worker reports alike."""
        return self._gauge(name, f"{meaning} {OF_FLEET}", **labels)

    def _histogram(
        self, name: str, meaning: str, buckets: tuple[float, ...], **labels: tuple[str, ...]
    ) -> Histogram:
        metric = Histogram(
            f"monarch_{name}", meaning, tuple(labels), registry=self._registry, buckets=buckets
        )
        _prepare(metric, *labels.values())
        return metric


def _prepare(metric: Counter | Gauge | Histogram, *values: tuple[str, ...]) -> None:
    """Make every series of the closed sets `values` exist."""
    if values:
        for combination in product(*values):
            metric.labels(*combination)


def closed(value: str, among: tuple[str, ...], otherwise: str) -> str:
    """Keep a label's set closed: `value`, in lower case, or `otherwise` if it is not one of them."""
    lowered = value.lower()
    return lowered if lowered in among else otherwise


def _known(snapshot: Snapshot, name: str, count: int) -> float:
    """A count, or that it is unknown where something else stands in its key: 0 would say that there is nothing."""
    return math.nan if snapshot.is_unread(name) else count
