"""A request's hashes as the view that people see."""

from collections.abc import Mapping, Sequence

from monarch.adapters.valkey.left import decode_left
from monarch.core.card.view import Card, CohortView
from monarch.core.ids import CohortId, RequestId
from monarch.core.portions.details import portion_of
from monarch.core.report.summary import MigrationView, RequestView, State

Hash = Mapping[str, str]

_MAX_DIGITS = 18
"""Digits of a number: times in milliseconds have 13."""


def request_view(
    request: RequestId, fields: Hash, migrations: Sequence[Hash], paused_by: str = ""
) -> RequestView:
    """Put a request and its migrations together; fields that are not there yet read as nothing."""
    return RequestView(
        id=request,
        state=_state(fields),
        version=_int(fields, "version"),
        run=_int(fields, "run", 1),
        source=fields.get("source", ""),
        channel=fields.get("channel") or None,
        tickets=_int(fields, "tickets"),
        reason=fields.get("reason", ""),
        appended_ms=_int(fields, "appended_ms"),
        ended_ms=_int(fields, "ended_ms") or None,
        migrations=tuple(migration_view(m) for m in migrations if m),
        cancelled_by=fields.get("cancelled_by", ""),
        paused_by=paused_by,
        code=fields.get("code", ""),
        first_by=fields.get("first_by", ""),
        left_out=tuple(fields.get("left_out", "").splitlines()),
        portion=portion_of(fields),
    )


def cohort_view(cohort: CohortId, fields: Hash, requests: Sequence[RequestView]) -> CohortView:
    """Put a card's fields and its requests together."""
    return CohortView(
        id=cohort,
        version=_int(fields, "version"),
        source=fields.get("source", ""),
        source_id=whole(fields.get("source_id", "")),
        opened_ms=_int(fields, "opened_ms"),
        joined_ms=_int(fields, "joined_ms"),
        requests=tuple(requests),
        card=card_of(fields),
    )


def cohort_of(fields: Hash) -> CohortId | None:
    """The cohort of a request; `None` before it is planned, and if an older version planned it."""
    card = fields.get("card")
    return CohortId(card) if card else None


def card_of(fields: Hash) -> Card | None:
    """Where a card is in Slack; `None` without a channel."""
    if not fields.get("channel"):
        return None
    return Card(
        channel=fields.get("card_channel") or fields["channel"],
        ts=fields.get("card_ts", ""),
        error=fields.get("notice_error", ""),
        shown_version=max(_int(fields, "said_version"), _int(fields, "ended_version")),
    )


def migration_view(fields: Hash) -> MigrationView:
    """One target's share."""
    return MigrationView(
        target=fields.get("target", ""),
        state=_state(fields),
        copied=_int(fields, "copied"),
        present=_int(fields, "present"),
        refused=_int(fields, "refused"),
        deleted=_int(fields, "deleted"),
        strays=tuple(n for word in fields.get("strays", "").split() if (n := whole(word))),
        reason=fields.get("reason", ""),
        act=fields.get("act", ""),
        acted=fields.get("acted", ""),
        acted_by=fields.get("acted_by", ""),
        changed=_int(fields, "changed"),
        left=decode_left(fields.get("left", "")),
        notes=tuple(line for line in fields.get("notes", "").split("\n") if line),
        code=fields.get("code", ""),
    )


def _state(fields: Hash) -> State:
    try:
        return State(fields.get("state", "queued"))
    except ValueError:
        return State.QUEUED


def _int(fields: Hash, name: str, default: int = 0) -> int:
    value = whole(fields.get(name, ""))
    return default if value is None else value


def whole(text: str) -> int | None:
    """A whole number as our scripts write it; `None` for anything else, digits of other scripts included."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
