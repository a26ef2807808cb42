"""A request's hashes as the view that people see."""

from collections.abc import Sequence

from monarch.adapters.valkey.codec import pairs
from monarch.adapters.valkey.left import decode_left
from monarch.adapters.valkey.views.raw import Fields, lines_of, number, text, whole
from monarch.core.advice import after_the_drop
from monarch.core.card.view import Card, CohortView
from monarch.core.ids import CohortId, RequestId
from monarch.core.portions.details import portion_of
from monarch.core.report.summary import (
    MigrationView,
    RequestView,
    State,
    state_named,
    why_unknown,
)

Flat = list[bytes]
RawRequest = tuple[bytes, Flat, list[Flat]]
"""A request's id, its fields, and those of each of its migrations, as the scripts give them."""


def request_view(
    request: RequestId, fields: Fields, migrations: Sequence[Fields], paused_by: str = ""
) -> RequestView:
    """Put a request and its migrations together; fields that are not there yet read as nothing."""
    return RequestView(
        id=request,
        state=_state(fields),
        version=number(fields, "version"),
        run=number(fields, "run", 1),
        source=fields.get("source", ""),
        channel=fields.get("channel") or None,
        tickets=number(fields, "tickets"),
        reason=_reason(fields),
        appended_ms=number(fields, "appended_ms"),
        ended_ms=number(fields, "ended_ms") or None,
        migrations=tuple(migration_view(m) for m in migrations if m),
        cancelled_by=fields.get("cancelled_by", ""),
        paused_by=paused_by,
        code=fields.get("code", ""),
        first_by=fields.get("first_by", ""),
        left_out=tuple(fields.get("left_out", "").splitlines()),
        is_dropped="dropped_ms" in fields,
        portion=portion_of(fields),
    )


def request_views(requests: Sequence[RawRequest], paused: bytes) -> list[RequestView]:
    """The present requests of a cohort; `paused`: by whom, or empty."""
    return [
        request_view(
            RequestId(text(request)),
            pairs(fields),
            [pairs(one) for one in migrations],
            text(paused),
        )
        for request, fields, migrations in requests
    ]


def cohort_view(cohort: CohortId, fields: Fields, requests: Sequence[RequestView]) -> CohortView:
    """Put a card's fields and its requests together."""
    return CohortView(
        id=cohort,
        version=number(fields, "version"),
        source=fields.get("source", ""),
        source_id=whole(fields.get("source_id", "")),
        opened_ms=number(fields, "opened_ms"),
        joined_ms=number(fields, "joined_ms"),
        requests=tuple(requests),
        card=card_of(fields),
    )


def cohort_of(fields: Fields) -> CohortId | None:
    """The cohort of a request; `None` before it is planned, and if an older version planned it."""
    card = fields.get("card")
    return CohortId(card) if card else None


def targets_of(fields: Fields) -> Sequence[str]:
    """The targets of a request; before it is planned those that it names, as far as they are on record."""
    return lines_of(fields.get("targets", "")) or lines_of(fields.get("named", ""))


def card_of(fields: Fields) -> Card | None:
    """Where a card is in Slack; `None` without a channel."""
    if not fields.get("channel"):
        return None
    return Card(
        channel=fields.get("card_channel") or fields["channel"],
        ts=fields.get("card_ts", ""),
        error=_notice_error(fields),
        shown_version=max(number(fields, "said_version"), number(fields, "ended_version")),
        is_unanswered="card_open" in fields and not fields.get("card_ts"),
    )


def _notice_error(fields: Fields) -> str:
    """Why Slack did not get the last notice, and what to do; the letter that it names may be dropped since."""
    error = fields.get("notice_error", "")
    return after_the_drop(error) if fields.get("notice_dropped") else error


def migration_view(fields: Fields) -> MigrationView:
    """One target's share."""
    return MigrationView(
        target=fields.get("target", ""),
        state=_state(fields),
        copied=number(fields, "copied"),
        present=number(fields, "present"),
        refused=number(fields, "refused"),
        deleted=number(fields, "deleted"),
        strays=tuple(n for word in fields.get("strays", "").split() if (n := whole(word))),
        reason=_reason(fields),
        act=fields.get("act", ""),
        acted=fields.get("acted", ""),
        acted_by=fields.get("acted_by", ""),
        changed=number(fields, "changed"),
        left=decode_left(fields.get("left", "")),
        notes=tuple(lines_of(fields.get("notes", ""))),
        code=fields.get("code", ""),
        named_now=fields.get("named_now", ""),
        is_dropped="dropped_ms" in fields,
    )


def _state(fields: Fields) -> State:
    return state_named(fields.get("state", State.QUEUED.value))


def _reason(fields: Fields) -> str:
    """Why it stands so; what it says of a replay holds only while there is a letter."""
    reason = why_unknown(fields.get("state", "")) or fields.get("reason", "")
    return after_the_drop(reason) if fields.get("dropped_ms") else reason
