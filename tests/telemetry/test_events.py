"""One method per event: a log line and a metric."""

import inspect
import math
import platform
from pathlib import Path

import pytest
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from structlog.testing import CapturingLogger, LogCapture

import monarch
from monarch.core.delivery import Delivery, RequestEntry, Stream, Token
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.ports import StoreError
from monarch.telemetry import AccountSnapshot, RefusalSnapshot, Snapshot, StreamSnapshot, Telemetry
from monarch.telemetry import events as telemetry_events
from monarch.telemetry import sweeps as telemetry_sweeps
from monarch.telemetry.metrics import OF_FLEET, Metrics
from monarch.telemetry.sweeps import SweepEvents

_SET_BY_A_SNAPSHOT = {
    "monarch_stream_length",
    "monarch_stream_pending",
    "monarch_stream_lag",
    "monarch_oldest_pending_seconds",
    "monarch_oldest_undelivered_seconds",
    "monarch_parked",
    "monarch_oldest_parked_seconds",
    "monarch_dead_letters_kept",
    "monarch_missed_repositories",
    "monarch_budget_left",
    "monarch_gate_closed_seconds",
    "monarch_gate_closed_since_seconds",
    "monarch_workers",
    "monarch_replicas_subscribed",
    "monarch_paused",
    "monarch_paused_since_seconds",
    "monarch_credential_refused_since_seconds",
    "monarch_valkey_refuses_writes",
    "monarch_broken_keys",
    "monarch_requests_open",
    "monarch_oldest_open_request_seconds",
}


class Told:
    """A telemetry, and what it has told."""

    def __init__(self) -> None:
        self.now = 100.0
        self._capture = LogCapture()
        log = structlog.wrap_logger(
            CapturingLogger(),
            processors=[self._capture],
            wrapper_class=structlog.make_filtering_bound_logger("debug"),
        )
        self.telemetry = Telemetry(CollectorRegistry(), log.bind(), lambda: self.now)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(level, event) of each line."""
        return [(line["log_level"], line["event"]) for line in self._capture.entries]

    @property
    def last(self) -> dict[str, object]:
        """The last line, whole."""
        return dict(self._capture.entries[-1])

    def value(self, name: str, **labels: str) -> float | None:
        """What a scrape would show."""
        return self.telemetry.registry.get_sample_value(f"monarch_{name}", labels)


@pytest.fixture
def told() -> Told:
    """A telemetry that has told nothing yet."""
    return Told()


def a_delivery() -> Delivery:
    """Something to tell about."""
    token = Token(Stream.MIGRATIONS, "host.1.abc", "17-0", 2)
    return Delivery(token, RequestEntry(RequestId("17-0"), b""))


def test_a_series_exists_before_its_first_event(told: Told) -> None:
    """A rate over a counter is right from the first event on."""
    assert told.value("tickets_total", outcome="copied") == 0
    assert told.value("deliveries_settled_total", stream="notices", verdict="dead") == 0
    assert told.value("dead_letters_total", code=Code.POISON.value) == 0


def test_a_message_counts_and_beats(told: Told) -> None:
    """What is heard is remembered for /health."""
    told.telemetry.message_heard(size_bytes=12)
    told.now += 5

    assert told.value("messages_heard_total") == 1
    assert (told.value("last_message_timestamp_seconds") or 0) > 1_700_000_000
    assert told.telemetry.pulse.message_age_s() == 5


def test_a_gap_of_unknown_length_is_a_gap(told: Told) -> None:
    """Before the first subscription nobody knows since when."""
    told.telemetry.hearing_gap(seconds=None, reason="not subscribed yet")
    told.telemetry.hearing_gap(seconds=2.5, reason="connection lost")

    assert told.value("hearing_gaps_total") == 2
    assert told.value("hearing_gap_seconds_total") == 2.5


def test_messages_that_are_not_kept_up_with_are_told(told: Told) -> None:
    """Behind is a warning, and lost is an error."""
    told.telemetry.hearing_behind(waiting=1024)
    told.telemetry.messages_dropped(n=3)

    assert told.value("hearing_behind_total") == 1
    assert told.value("messages_dropped_total") == 3


@pytest.mark.parametrize(
    ("verdict", "level"),
    [("Done", "debug"), ("Snooze", "debug"), ("Retry", "info"), ("Dead", "info")],
)
def test_settling_is_quiet_on_the_happy_path(told: Told, verdict: str, level: str) -> None:
    """A worker that does thousands of deliveries a second does not say so each time."""
    told.telemetry.delivery_settled(delivery=a_delivery(), verdict=verdict, seconds=0.2)

    assert told.lines == [(level, "delivery.settled")]
    settled = told.value("deliveries_settled_total", stream="migrations", verdict=verdict.lower())
    assert settled == 1
    assert told.value("delivery_seconds_count", stream="migrations") == 1


def test_a_failed_handler_is_logged_with_its_error(told: Told) -> None:
    """What nobody planned needs its traceback."""
    error = ZeroDivisionError("x")

    told.telemetry.delivery_failed(delivery=a_delivery(), exc=error)

    assert told.last["exc_info"] is error
    assert told.last["entry_id"] == "17-0"
    assert told.value("deliveries_failed_total", stream="migrations") == 1


@pytest.mark.parametrize(("kind", "label"), [("gate", "gate"), ("org/team-a is gone", "other")])
def test_labels_stay_a_closed_set(told: Told, kind: str, label: str) -> None:
    """Whatever comes in, no name of a repository becomes a label."""
    told.telemetry.snoozed(reason="why", delay_s=3, kind=kind)

    assert told.value("snoozes_total", kind=label) == 1


def test_what_stops_everything_is_an_error(told: Told) -> None:
    """A token that expired at night was a line of level info, each minute."""
    told.telemetry.snoozed(reason="401", delay_s=60, kind="credential")
    told.telemetry.credential_refused(reason="401")

    assert told.lines == [("error", "delivery.snoozed"), ("error", "credential.refused")]


def test_a_write_is_timed_by_its_outcome(told: Told) -> None:
    """The outcome's class name is its label."""
    told.telemetry.write_finished(outcome="RateLimited", seconds=0.4)

    assert told.value("write_seconds_count", outcome="ratelimited") == 1
    assert told.lines == []


@pytest.mark.parametrize(
    ("what", "kind"),
    [('label "bug"', "label"), ("edit of #3", "edit"), ("sub-issue #3 of #1", "sub-issue")],
)
def test_a_detail_is_counted_by_its_kind(told: Told, what: str, kind: str) -> None:
    """Its name, which comes from outside, is no label."""
    told.telemetry.detail_written(target="o/a", what=what)

    assert told.value("details_total", kind=kind) == 1
    assert told.last["what"] == what


def test_a_note_is_a_warning(told: Told) -> None:
    """Somebody should look at it, and nothing failed."""
    told.telemetry.migration_noted(target="o/a", note="labels: not copied")

    assert told.value("notes_total") == 1
    assert told.lines == [("warning", "migration.noted")]


def test_nothing_promoted_is_nothing_said(told: Told) -> None:
    """The reclaimer reports every sweep."""
    told.telemetry.entries_promoted(n=0)
    told.telemetry.entries_trimmed(n=0)

    assert told.lines == []


def test_every_event_tells_in_a_line_of_noun_and_participle(told: Told) -> None:
    """One of each; none of them fails, and names keep to the rule."""
    tell, delivery = told.telemetry, a_delivery()
    request, token = RequestId("17-0"), delivery.token
    tell.started(consumer="host.1.abc", roles={"intake"}, version="1", place={"channel": "c"})
    tell.stopping(reason="SIGTERM")
    tell.stopped()
    tell.store_trouble(where="receive", error=StoreError("connection refused"))
    tell.message_mirrored(request=request)
    tell.message_echoed()
    tell.request_planned(request=request, tickets=3, targets=2, refused=1)
    tell.request_skipped(request=request)
    tell.delivery_started(delivery=delivery)
    tell.delivery_reclaimed(token=token, since_progress=2)
    tell.delivery_handed_back(delivery=delivery)
    tell.lease_lost(token=token)
    tell.retry_scheduled(reason="502", delay_s=1.5)
    tell.dead_lettered(stream=Stream.MIGRATIONS, code=Code.NOT_FOUND, reason="no such repository")
    tell.entry_newer(version=9, token=token)
    tell.entries_promoted(n=2)
    tell.entries_trimmed(n=1)
    tell.ticket_copied(target="o/a", ticket=3, number=4, seconds=0.25)
    tell.ticket_present(target="o/a", ticket=3, number=4)
    tell.ticket_refused(target="o/a", ticket=3, reason="422")
    tell.ticket_unknown(target="o/a", ticket=3, reason="502")
    tell.stray_found(target="o/a", number=9, kept=4)
    tell.marker_planted(target="o/a", number=9)
    tell.migration_migrated(target="o/a", tickets=3, deleted=1)
    tell.first_copy(seconds=1.2)
    tell.request_duration(seconds=60)
    tell.gate_closed(cause="secondary limit", wait_s=60)
    tell.notice_said(kind="ending")
    tell.notice_failed(reason="channel_not_found")

    assert len(told.lines) == 29
    assert all(event.count(".") == 1 for _, event in told.lines)


def test_every_metric_that_counts_is_moved_by_an_event_of_the_program() -> None:
    """Two counters were never moved: an alert on them could not fire."""
    source = Path(monarch.__file__).parent
    program = "".join(
        path.read_text(encoding="utf-8")
        for path in source.rglob("*.py")
        if "telemetry" not in path.parts
    )
    events = [
        name for one in (Telemetry, SweepEvents) for name in vars(one) if not name.startswith("_")
    ]
    moved = inspect.getsource(telemetry_events) + inspect.getsource(telemetry_sweeps)
    metrics = Metrics(CollectorRegistry())
    counting = [name for name, one in vars(metrics).items() if isinstance(one, Counter | Histogram)]

    assert [name for name in events if f".{name}" not in program] == []
    assert [name for name in counting if f"metrics.{name}" not in moved] == []


def test_a_sweep_says_what_it_found_and_what_it_cost(told: Told) -> None:
    """One that came to no end is a warning."""
    numbers = {"repositories": 7, "missed": 1, "unread": 0, "reads": 3}
    told.telemetry.sweeps.swept(owner="org", problem="", **numbers)
    told.telemetry.sweeps.swept(owner="org", problem="GitHub answered 500", **numbers)
    told.telemetry.sweeps.missed(repository="org/team-b", source="org/template")
    told.telemetry.sweeps.submitted(request=RequestId("1-0"), repository="org/team-b", by="Monarch")

    assert told.lines == [
        ("info", "sweep.done"),
        ("warning", "sweep.failed"),
        ("warning", "repository.missed"),
        ("info", "repository.asked"),
    ]
    assert told.value("sweeps_total", outcome="done") == 1
    assert told.value("sweeps_total", outcome="failed") == 1
    assert told.value("sweep_reads_total") == 6
    assert told.value("repositories_missed_total") == 1


def test_an_unknown_verdict_is_not_counted_as_done(told: Told) -> None:
    """A verdict of newer code would hide behind the happy path."""
    told.telemetry.delivery_settled(delivery=a_delivery(), verdict="Postponed", seconds=0.2)

    assert told.value("deliveries_settled_total", stream="migrations", verdict="other") == 1
    assert told.value("deliveries_settled_total", stream="migrations", verdict="done") == 0


def test_a_snapshot_fills_the_gauges(told: Told) -> None:
    """Gauges are what Valkey says right before a scrape; the scarcest account decides."""
    stream = StreamSnapshot(Stream.MIGRATIONS, 7, 2, 5, oldest_pending_s=30.0)
    accounts = (
        AccountSnapshot("a", 3, 40, 77, 460, 1, 0.0, ""),
        AccountSnapshot("b", 80, 90, 0, None, 1, 12.5, "secondary limit", gate_since_ms=60_500),
    )
    told.telemetry.loop_progressed(name="migrations")
    told.now += 4

    fleet = Snapshot(
        0, (stream,), 3, dead=2, accounts=accounts, open_requests=4, oldest_parked_s=90.0
    )
    told.telemetry.observe(fleet)

    assert told.value("stream_length", stream="migrations") == 7
    assert told.value("stream_lag", stream="migrations") == 5
    assert told.value("oldest_pending_seconds", stream="migrations") == 30
    assert told.value("parked") == 3
    assert told.value("oldest_parked_seconds") == 90
    assert told.value("requests_open") == 4
    assert told.value("dead_letters_kept") == 2
    assert told.value("budget_left", window="minute") == 0
    assert told.value("budget_left", window="hour") == 460
    assert told.value("gate_closed_seconds") == 12.5
    assert told.value("gate_closed_since_seconds") == 60.5
    assert told.value("loop_progress_age_seconds") == 4
    assert told.value("valkey_up") == 1


def test_what_stops_everything_has_its_gauges(told: Told) -> None:
    """An alert on one that counts down from a minute again and again could not fire; one that says since when can."""
    refused = (RefusalSnapshot("o", 90_500, "401"), RefusalSnapshot("p", 80_000, "401"))
    stopped = Snapshot(
        0,
        (),
        paused_ms=70_000,
        refused=refused,
        refuses_writes="OOM",
        oldest_open_s=7.0,
        broken_keys=("{monarch}:open", "{monarch}:known"),
    )

    told.telemetry.observe(stopped)

    assert told.value("credential_refused_since_seconds") == 80
    assert told.value("paused_since_seconds") == 70
    assert told.value("valkey_refuses_writes") == 1
    assert told.value("broken_keys") == 2
    assert math.isnan(told.value("requests_open") or 0)
    assert told.value("oldest_open_request_seconds") == 7
    told.telemetry.observe(Snapshot(0, (), hides_workers=True))
    assert math.isnan(told.value("workers") or 0)
    told.telemetry.observe(Snapshot(0, ()))
    assert told.value("credential_refused_since_seconds") == 0
    assert told.value("valkey_refuses_writes") == 0
    assert told.value("broken_keys") == 0


def test_gauges_that_could_not_be_set_are_known_as_old(told: Told) -> None:
    """A scrape without Valkey still shows the counters."""
    told.telemetry.observe(Snapshot(0, ()))

    told.telemetry.unobserved()

    assert told.value("valkey_up") == 0


def test_a_loop_that_stopped_on_purpose_is_not_late(told: Told) -> None:
    """Draining ends the readers first; the renewer runs on."""
    told.telemetry.loop_progressed(name="migrations")
    told.telemetry.loop_ended(name="migrations")

    assert told.telemetry.pulse.loop_ages_s() == {}


def test_a_doubted_server_is_a_warning_with_advice(told: Told) -> None:
    """Whoever looks at warnings learns what to do."""
    told.telemetry.server_doubted(what="appendonly", found="off", advice="Set it.")

    assert told.lines == [("warning", "valkey.unsafe")]
    assert told.last["advice"] == "Set it."


def test_a_worker_says_what_it_is(told: Told) -> None:
    """During a rollout two versions run side by side: a board shows which."""
    told.telemetry.started(consumer="host.1.abc", roles=["intake"], version="1.2.3", place={})

    python = platform.python_version()
    assert told.value("build_info", version="1.2.3", python=python) == 1


def test_what_is_the_fleets_says_so(told: Told) -> None:
    """Every worker tells the same of the fleet: a sum over workers would be a lie, so the help says `max`."""
    helps = {one.name: one.documentation for one in told.telemetry.registry.collect()}
    of_fleet = {name for name, text in helps.items() if text.endswith(OF_FLEET)}
    by_snapshot = {name for name in helps if helps[name] and name in _SET_BY_A_SNAPSHOT}

    assert of_fleet == by_snapshot == _SET_BY_A_SNAPSHOT


def test_a_valkey_that_does_not_say_who_listens_wakes_nobody(told: Told) -> None:
    """A managed one may refuse PUBSUB: that is not the same as nobody who listens."""
    told.telemetry.observe(Snapshot(0, (), replicas=None))
    unsaid = told.value("replicas_subscribed")
    told.telemetry.observe(Snapshot(0, (), replicas=0))

    assert unsaid is not None
    assert math.isnan(unsaid)
    assert told.value("replicas_subscribed") == 0
