"""Requests as lines of a listing: planned, not planned yet, and as a producer's own entry that no worker has taken."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from monarch.adapters.valkey.views.raw import whole
from monarch.adapters.valkey.views.request import cohort_of, request_view, targets_of
from monarch.adapters.valkey.views.waiting import Unplanned
from monarch.core.entry_ids import entry_ms
from monarch.core.ids import RequestId
from monarch.core.portions.details import in_iso
from monarch.core.report.summary import State
from monarch.ports.readings import RequestLine

NAMED: Final = 3
"""How many targets of each request a listing names."""


def request_line(request: RequestId, fields: Mapping[str, str], unsettled: int) -> RequestLine:
    """A request that has a hash."""
    view, targets = request_view(request, fields, ()), targets_of(fields)
    return RequestLine(
        id=request,
        state=view.state,
        source=view.source,
        channel=view.channel,
        via=fields.get("via", ""),
        tickets=view.tickets,
        targets=len(targets),
        unsettled=unsettled,
        appended_ms=view.appended_ms,
        ended_ms=view.ended_ms,
        reason=view.reason,
        entry=fields.get("entry", request),
        cohort=cohort_of(fields),
        not_before=in_iso(view.portion),
        milestones=view.portion.milestones,
        named=tuple(targets[:NAMED]),
        source_id=whole(fields.get("source_id", "")),
    )


def unseen_line(request: RequestId, wish: Unplanned) -> RequestLine:
    """A request that has no hash yet, by its message."""
    appended_ms, targets = entry_ms(request), len(wish.targets)
    return RequestLine(
        id=request,
        state=State.QUEUED,
        source=wish.source,
        channel=wish.channel,
        via="producer",
        tickets=0,
        targets=targets,
        unsettled=targets,
        appended_ms=appended_ms,
        ended_ms=None,
        reason=wish.reason,
        entry=request,
        not_before=in_iso(wish.portion),
        milestones=wish.portion.milestones,
        named=wish.targets[:NAMED],
    )


def wished_line(line: RequestLine, wish: Unplanned, next_ms: int | None) -> RequestLine:
    """A line that is not planned yet, with what its message asks for, and when it is tried next."""
    return replace(
        line,
        source=line.source or wish.source,
        channel=line.channel or wish.channel,
        targets=line.targets or len(wish.targets),
        unsettled=line.unsettled or len(wish.targets),
        reason=line.reason or wish.reason,
        next_ms=next_ms,
        not_before=line.not_before or in_iso(wish.portion),
        milestones=line.milestones or wish.portion.milestones,
        named=line.named or wish.targets[:NAMED],
    )
