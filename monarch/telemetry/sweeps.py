"""The events of the sweep for missed repositories; see `monarch.telemetry.events`."""

from typing import TYPE_CHECKING

from monarch.core.ids import RequestId
from monarch.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class SweepEvents:
    """What a sweep reports."""

    def __init__(self, metrics: Metrics, log: "FilteringBoundLogger") -> None:
        self._metrics = metrics
        self._log = log

    def swept(
        self, *, owner: str, repositories: int, missed: int, unread: int, reads: int, problem: str
    ) -> None:
        """An owner's repositories were looked through; `problem` says why not all of them, `""` if all were."""
        self._metrics.sweeps.labels("failed" if problem else "done").inc()
        self._metrics.sweep_reads.inc(reads)
        if problem:
            self._log.warning("sweep.failed", owner=owner, reads=reads, reason=problem)
            return
        numbers = {"repositories": repositories, "missed": missed, "unread": unread}
        self._log.info("sweep.done", owner=owner, reads=reads, **numbers)

    def missed(self, *, repository: str, source: str) -> None:
        """A repository was made from a known source, and no request named it. Stream: `repository.missed`."""
        self._metrics.missed_found.inc()
        self._log.warning("repository.missed", repository=repository, source=source)

    def submitted(self, *, request: RequestId, repository: str, by: str) -> None:
        """A missed repository was asked for. Stream: `repository.asked`, if it was not asked for before."""
        self._log.info("repository.asked", request_id=request, repository=repository, by=by)
