"""One method per event: its log line and its metric, together, so that they cannot drift.

No method waits or touches the network; all may be called from anywhere in a process. The happy path of
a delivery is logged at debug; what an operator may want to know at info; what an operator should look at
at warning; what should not happen at error.

An event also has an entry in the stream `events`, for people. If it belongs to a change of state, *the
script that makes the change* writes it, atomically with it, never this module: neither can be true
without the other. Each method names that entry as "Stream: `noun.past_participle`".
"""

import platform
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry

from monarch.core.delivery import Delivery, Stream, Token
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.core.verdict import Waits
from monarch.telemetry.metrics import (
    DETAILS,
    NOTICES,
    SNOOZES,
    VERDICTS,
    WINDOWS,
    WRITES,
    Metrics,
    closed,
)
from monarch.telemetry.naming import name_lines_by
from monarch.telemetry.pulse import Pulse
from monarch.telemetry.snapshot import Snapshot
from monarch.telemetry.sweeps import SweepEvents

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

QUIET_VERDICTS = ("done", "snooze")
"""How a delivery usually ends; the lines of its migration or its snooze say more."""


class Trouble(Protocol):
    """An error of Valkey's; `remedy` is what a person has to do, a sentence, `""` if it may pass by itself."""

    @property
    def remedy(self) -> str: ...  # noqa: D102 - see above


class Telemetry:
    """What all code reports to."""

    def __init__(
        self,
        registry: CollectorRegistry,
        log: "FilteringBoundLogger",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Register the metrics in `registry`; `clock` (seconds) times the pulse."""
        self.registry = registry
        self.metrics = Metrics(registry)
        self.pulse = Pulse(clock)
        # Looked up once: these three count every delivery.
        self._started = {s: self.metrics.started.labels(s.value) for s in Stream}
        self._delivery_seconds = {s: self.metrics.delivery_seconds.labels(s.value) for s in Stream}
        self._settled = {
            (s, verdict): self.metrics.settled.labels(s.value, verdict)
            for s in Stream
            for verdict in VERDICTS
        }
        self._log = log
        self.sweeps = SweepEvents(self.metrics, log)

    def observe(self, snapshot: Snapshot) -> None:
        """Set the gauges, right before they are scraped."""
        self.metrics.observe(snapshot)
        ages = self.pulse.loop_ages_s().values()
        self.metrics.last_progress.set(max(ages, default=0.0))

    def unobserved(self) -> None:
        """Valkey could not be asked before a scrape: the gauges of the fleet are old, and `valkey_up` says so."""
        self.metrics.valkey_up.set(0)

    # ------------------------------------------------------------------------------ the process

    def started(
        self, *, consumer: str, roles: Iterable[str], version: str, place: Mapping[str, object]
    ) -> None:
        """The process runs with these roles as this consumer; `place` says where it works, without secrets."""
        self.metrics.build.info({"version": version, "python": platform.python_version()})
        names = {"consumer": consumer, "roles": sorted(roles), "version": version}
        self._log.info("worker.started", **names, **place)

    def stopping(self, *, reason: str) -> None:
        """Draining has begun; `reason` is a signal's name, or what went wrong."""
        self._log.info("worker.stopping", reason=reason)

    def stopped(self) -> None:
        """Draining has ended: work in hand was finished or handed back."""
        self._log.info("worker.stopped")

    def loop_progressed(self, *, name: str) -> None:
        """A loop came round: Valkey answered it, or it waits for a free place. Not logged."""
        self.pulse.progressed(name)

    def loop_ended(self, *, name: str) -> None:
        """A loop stopped on purpose; from now on it need not make progress. Not logged."""
        self.pulse.ended(name)

    def store_trouble(self, *, where: str, error: Trouble) -> None:
        """Valkey could not be asked, refused, or did not answer; the caller backs off and asks again."""
        self.metrics.troubles.inc()
        advice = {"advice": error.remedy} if error.remedy else {}
        self._log.warning("valkey.unavailable", where=where, error=str(error), **advice)

    def server_doubted(self, *, what: str, found: str, advice: str) -> None:
        """Valkey's configuration may make it forget, or stop; reported once, when a worker starts."""
        self._log.warning("valkey.unsafe", what=what, found=found, advice=advice)

    # ----------------------------------------------------------------------------------- intake

    def message_heard(self, *, size_bytes: int) -> None:
        """The channel carried a message; nothing is known about it yet."""
        self.pulse.heard()
        self.metrics.last_message.set_to_current_time()
        self.metrics.heard.inc()
        self._log.debug("message.heard", size_bytes=size_bytes)

    def message_mirrored(self, *, request: RequestId) -> None:
        """Stream: `request.appended`."""
        self.metrics.mirrored.inc()
        self._log.info("request.appended", request_id=request)

    def message_echoed(self) -> None:
        """Another replica has appended the same message."""
        self.metrics.echoed.inc()
        self._log.debug("message.echoed")

    def hearing_behind(self, *, waiting: int) -> None:
        """Messages come faster than they can be appended; more of them wait in the socket, and in Valkey's buffer."""
        self.metrics.behind.inc()
        self._log.warning("hearing.behind", waiting=waiting)

    def messages_dropped(self, *, n: int) -> None:
        """A stopping worker could not append `n` messages that it had heard: they are lost unless a replica has them."""
        self.metrics.dropped.inc(n)
        self._log.error("messages.dropped", n=n)

    def hearing_gap(self, *, seconds: float | None, reason: str) -> None:
        """The channel was not heard: what was published meanwhile is lost unless a replica heard it.

        `seconds` is how long, `None` before the first subscription.
        """
        self.metrics.gaps.inc()
        self.metrics.gap_seconds.inc(seconds or 0.0)
        self._log.warning("subscription.interrupted", seconds=_rounded(seconds), reason=reason)

    # ---------------------------------------------------------------------------------- planner

    def request_planned(
        self, *, request: RequestId, tickets: int, targets: int, refused: int
    ) -> None:
        """Stream: `request.planned`."""
        self.metrics.requests.labels("planned").inc()
        self.metrics.targets_refused.inc(refused)
        self._log.info(
            "request.planned", request_id=request, tickets=tickets, targets=targets, refused=refused
        )

    def request_skipped(self, *, request: RequestId) -> None:
        """The template has no tickets. Stream: `request.skipped`."""
        self.metrics.requests.labels("skipped").inc()
        self._log.info("request.skipped", request_id=request)

    # --------------------------------------------------------------------------------- the loop

    def delivery_started(self, *, delivery: Delivery) -> None:
        """A handler begins: all that its task logs from here on names the delivery.

        Each delivery is worked on by a task of its own, so nothing has to be unbound.
        Stream: `migration.started`, once the target is taken.
        """
        name_lines_by(delivery)
        self._started[delivery.token.stream].inc()
        self._log.debug("delivery.started", **_named(delivery.token))

    def delivery_settled(self, *, delivery: Delivery, verdict: str, seconds: float) -> None:
        """`verdict` is its class's name; `seconds` counts from reading the delivery."""
        stream, name = delivery.token.stream, closed(verdict, VERDICTS, "other")
        self._settled[stream, name].inc()
        self._delivery_seconds[stream].observe(seconds)
        say = self._log.debug if name in QUIET_VERDICTS else self._log.info
        say("delivery.settled", verdict=name, seconds=round(seconds, 4), **_named(delivery.token))

    def delivery_reclaimed(self, *, token: Token, since_progress: int) -> None:
        """Its worker died, or gave it back. `since_progress`: deliveries since its last recorded step."""
        self.metrics.reclaimed.labels(token.stream.value).inc()
        self._log.info("delivery.reclaimed", since_progress=since_progress, **_named(token))

    def delivery_failed(self, *, delivery: Delivery, exc: BaseException) -> None:
        """A handler raised an error that no code expects; the traceback is logged."""
        self.metrics.failed.labels(delivery.token.stream.value).inc()
        self._log.error("delivery.failed", exc_info=exc, **_named(delivery.token))

    def delivery_handed_back(self, *, delivery: Delivery, rests: bool = False) -> None:
        """Given back for another worker, uncounted. `rests`: it waits for a newer version, so the line is for debugging only."""
        self.metrics.handed_back.labels(delivery.token.stream.value).inc()
        tell = self._log.debug if rests else self._log.info
        tell("delivery.handed_back", **_named(delivery.token))

    def lease_lost(self, *, token: Token) -> None:
        """The delivery is not ours any more; the handler ends at its next step."""
        self.metrics.leases_lost.labels(token.stream.value).inc()
        self._log.warning("lease.lost", **_named(token))

    def retry_scheduled(self, *, reason: str, delay_s: float) -> None:
        """It failed, and counted an attempt."""
        self.metrics.retries.inc()
        self._log.warning("retry.scheduled", reason=reason, delay_s=_rounded(delay_s))

    def snoozed(self, *, reason: str, delay_s: float, kind: str = "other") -> None:
        """It waits, uncounted. `kind` is one of `metrics.SNOOZES`. Everything waits for a refused credential: an error."""
        name = closed(kind, SNOOZES, "other")
        self.metrics.snoozes.labels(name).inc()
        say = self._log.error if name == Waits.CREDENTIAL else self._log.info
        say("delivery.snoozed", kind=name, reason=reason, delay_s=_rounded(delay_s))

    def credential_refused(self, *, reason: str) -> None:
        """GitHub does not take our credential; everything that needs it waits. Stream: `credential.refused`."""
        self._log.error("credential.refused", reason=reason)

    def dead_lettered(self, *, stream: Stream, code: Code, reason: str) -> None:
        """Stream: `migration.dead`, `request.dead` or `notice.dead`."""
        self.metrics.dead_letters.labels(code.value).inc()
        self._log.error("entry.dead_lettered", stream=stream.value, code=code.value, reason=reason)

    def entry_newer(self, *, version: int, token: Token) -> None:
        """A newer Monarch wrote it: released, for a newer Monarch. A rolling upgrade is under way. Once for each."""
        self.metrics.newer.inc()
        self._log.warning("entry.unsupported_version", version=version, **_named(token))

    def entries_promoted(self, *, n: int) -> None:
        """`n` parked entries were due and are in their streams again."""
        if n:
            self.metrics.promoted.inc(n)
            self._log.debug("entries.promoted", n=n)

    def entries_trimmed(self, *, n: int) -> None:
        """`n` entries were removed from outside while they were being worked on. Stream: `entry.trimmed`."""
        if n:
            self.metrics.trimmed.inc(n)
            self._log.error("entries.trimmed", n=n)

    def audited(self, *, restored: int, given_up: int) -> None:
        """Work had no entry any more: it was put back (stream: `migration.restored`) or given up with a reason."""
        if restored or given_up:
            self.metrics.restored.inc(restored)
            self._log.error("entries.missing", restored=restored, given_up=given_up)

    def fleet_paused(self, *, by: str) -> None:
        """A person has paused the fleet; `""`: it goes on. Stream: `fleet.paused`, `fleet.resumed`."""
        if by:
            self._log.warning("fleet.paused", by=by)
        else:
            self._log.warning("fleet.resumed")

    # ----------------------------------------------------------------------------- the migrator

    def write_finished(self, *, outcome: str, seconds: float) -> None:
        """One call that writes has ended; `outcome` is its class's name. Not logged: its ticket is."""
        name = closed(outcome, WRITES, "unknown")
        self.metrics.write_seconds.labels(name).observe(seconds)

    def ticket_copied(self, *, target: str, ticket: int, number: int, seconds: float) -> None:
        """Ticket number `ticket` of the source is issue `number` of the target."""
        self.metrics.tickets.labels("copied").inc()
        self._log.info(
            "ticket.copied", target=target, ticket=ticket, number=number, seconds=_rounded(seconds)
        )

    def ticket_present(self, *, target: str, ticket: int, number: int) -> None:
        """It was there before; nothing was written."""
        self.metrics.tickets.labels("present").inc()
        self._log.debug("ticket.present", target=target, ticket=ticket, number=number)

    def ticket_adopted(self, *, target: str, ticket: int, number: int) -> None:
        """An issue that says the same was there before, without a marker; it is the copy from now on."""
        self.metrics.tickets.labels("present").inc()
        self._log.info("ticket.adopted", target=target, ticket=ticket, number=number)

    def ticket_refused(self, *, target: str, ticket: int, reason: str) -> None:
        """GitHub refused it for good; the others go on. Stream: `ticket.refused`."""
        self.metrics.tickets.labels("refused").inc()
        self._log.error("ticket.refused", target=target, ticket=ticket, reason=reason)

    def ticket_unknown(self, *, target: str, ticket: int, reason: str) -> None:
        """It is not known whether it was copied; a look will show."""
        self.metrics.tickets.labels("unknown").inc()
        self._log.warning("ticket.unknown", target=target, ticket=ticket, reason=reason)

    def detail_written(self, *, target: str, what: str) -> None:
        """A label, a milestone, an edit or a sub-issue took effect; `what` begins with its kind, as in `label "bug"`."""
        self.metrics.details.labels(closed(what.partition(" ")[0], DETAILS, "edit")).inc()
        self._log.info("detail.written", target=target, what=what)

    def detail_unknown(self, *, target: str, what: str, reason: str) -> None:
        """Whether it took effect is not known; it is looked at again."""
        self._log.warning("detail.unknown", target=target, what=what, reason=reason)

    def act_ended(self, *, target: str, act: str, changed: int, left: int) -> None:
        """A recall, its undoing or an update is over there. Stream: `migration.<act>.ended`."""
        self._log.info("act.ended", target=target, act=act, changed=changed, left=left)

    def migration_noted(self, *, target: str, note: str) -> None:
        """Something that people should know though nothing failed. Stream: `migration.noted`."""
        self.metrics.notes.inc()
        self._log.warning("migration.noted", target=target, note=note)

    def stray_found(self, *, target: str, number: int, kept: int | None) -> None:
        """Issue `number` is a second copy, `kept` the first: a person should close it. Stream: `stray.found`.

        `kept` is `None` if another worker made the first, and only the ledger has its number.
        """
        self.metrics.strays.inc()
        first = {} if kept is None else {"kept": kept}
        self._log.error("stray.found", target=target, number=number, **first)

    def target_replaced(self, *, target: str) -> None:
        """A target is no longer the repository that its crossing began with: it is looked up anew."""
        self._log.warning("target.replaced", target=target)

    def marker_planted(self, *, target: str, number: int) -> None:
        """Issue `number` carries a marker that nothing proves: a person planted it, or pasted a copy's text."""
        self.metrics.planted.inc()
        self._log.warning("marker.planted", target=target, number=number)

    def migration_migrated(self, *, target: str, tickets: int, deleted: int) -> None:
        """The target was read back and every ticket found. Stream: `migration.done`.

        `deleted` counts tickets whose copy a person has deleted; they are not made again.
        """
        self.metrics.migrated.inc()
        self._log.info("migration.migrated", target=target, tickets=tickets, deleted=deleted)

    def first_copy(self, *, seconds: float) -> None:
        """The first copy of a migration; `seconds` since its message was appended."""
        self.metrics.first_copy.observe(seconds)
        self._log.debug("copy.first", seconds=_rounded(seconds))

    def request_duration(self, *, seconds: float) -> None:
        """A request has ended, `seconds` after it was appended. Stream: `request.done` or `request.failed`."""
        self.metrics.request_seconds.observe(seconds)
        self._log.info("request.ended", seconds=_rounded(seconds))

    # ------------------------------------------------------------------- gate, epoch and notices

    def gate_closed(self, *, cause: str, wait_s: float) -> None:
        """No worker calls with this credential for `wait_s` seconds. Stream: `gate.closed`."""
        self.metrics.gates.inc()
        self._log.warning("gate.closed", cause=cause, wait_s=_rounded(wait_s))

    def ceiling_changed(self, *, window: str, before: int, after: int) -> None:
        """The belief about GitHub's hidden limit changed; 0 stands for what is set. Stream: `ceilings.changed`.

        `window` is `minute` or `hour`. Lowered after a refusal, raised after a quiet period.
        """
        is_lower = after > 0 and (before == 0 or after < before)
        way = "lowered" if is_lower else "raised"
        self.metrics.ceilings.labels(closed(window, WINDOWS, "hour"), way).inc()
        say = self._log.warning if is_lower else self._log.info
        say(f"ceiling.{way}", window=window, before=before, after=after)

    def notice_said(self, *, kind: str) -> None:
        """Slack has taken it; `kind` is `card`, `reply`, `ending` or `missed`."""
        self.metrics.notices.labels(closed(kind, NOTICES, "card")).inc()
        self._log.info("notice.said", kind=kind)

    def notice_gone(self, *, reason: str) -> None:
        """The message that is edited in place can no longer be edited; nothing is left to do."""
        self._log.info("notice.gone", reason=reason)

    def notice_unanswered(self, *, kind: str, reason: str) -> None:
        """Whether Slack has it is not known, and it is not posted again; `kind` is `card`, `reply` or `missed`."""
        self._log.warning("notice.unanswered", kind=kind, reason=reason)

    def notice_failed(self, *, reason: str) -> None:
        """Slack refused it for good. Stream: `notice.dead`."""
        self.metrics.notices_failed.inc()
        self._log.error("notice.failed", reason=reason)


def _named(token: Token) -> dict[str, str | int]:
    """What tells deliveries apart, for a log line."""
    return {"stream": token.stream.value, "entry_id": token.entry, "delivery": token.count}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
