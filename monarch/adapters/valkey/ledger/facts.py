"""A fact as the document that record.lua reads. Pure.

The head of record.lua says what each field is for. What is `None` is not sent.
"""

from collections.abc import Mapping
from typing import assert_never

from monarch.adapters.valkey.codec import document
from monarch.core.budget.ceilings import Pace
from monarch.core.budget.line import turn_of
from monarch.core.delivery import MigrationEntry, Token
from monarch.core.ids import TargetId, TicketId
from monarch.core.redact import quote
from monarch.core.report.summary import MAX_NOTE
from monarch.core.target.permission import (
    Fact,
    WasAnswered,
    WasChanged,
    WasCreated,
    WasFound,
    WasLooked,
    WasNotCreated,
    WasNoted,
    WasRecalled,
    WasRefused,
    WasStray,
    WasUnanswered,
)

Fields = Mapping[str, object]


def limits(pace: Pace, retention_ms: int) -> Fields:
    """The fields that are the same for every fact of a worker."""
    return {
        "faults_ms": pace.faults_ms,
        "returns_ms": pace.returns_ms,
        "late_ms": pace.late_ms,
        "retention_ms": retention_ms,
    }


def encoded(
    token: Token,
    entry: MigrationEntry,
    target: TargetId,
    ticket: TicketId | None,
    fact: Fact,
    limits: Fields,
) -> bytes:
    """The document; `limits`: see there."""
    return document(
        {
            "entry": token.entry,
            "count": token.count,
            "migration": entry.migration,
            "request": entry.request,
            "run": entry.run,
            "turn": turn_of(entry),
            "target": str(target),
            "ticket": None if ticket is None else str(ticket),
            **_words(fact),
            **limits,
        }
    )


def _words(fact: Fact) -> Fields:
    match fact:
        case WasCreated(number, nonce, issue):
            return {"fact": "created", "number": number, "issue": issue or None, "nonce": nonce}
        case WasFound(number, issue):
            return {"fact": "found", "number": number, "issue": issue or None}
        case WasRefused(nonce, _, reason):
            return {"fact": "refused", "nonce": nonce, "reason": reason}
        case WasNotCreated(nonce):
            return {"fact": "not_created", "nonce": nonce}
        case WasUnanswered(nonce):
            return {"fact": "unanswered", "nonce": nonce}
        case WasStray(number, original):
            return {"fact": "stray", "number": number, "original": original}
        case WasAnswered(nonce):
            return {"fact": "answered", "nonce": nonce}
        case WasChanged(change, number, nonce, is_seen):
            word = "seen_changed" if is_seen else "changed"
            return {"fact": word, "number": number, "nonce": nonce, "change": change.value}
        case WasRecalled(number):
            return {"fact": "recalled", "number": number}
        case WasNoted(text):
            return {"fact": "noted", "note": quote(text, MAX_NOTE)}
        case WasLooked(there, deleted):
            return {"fact": "looked", "there": there, "deleted": deleted}
        case _:
            assert_never(fact)
