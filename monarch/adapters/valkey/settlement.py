"""A verdict as the arguments of the settle script. Pure: everything is decided before anything is sent."""

from collections.abc import Mapping
from typing import Final, NamedTuple, assert_never

from monarch.adapters.valkey.codec import document, encode_plan
from monarch.adapters.valkey.left import encode_left
from monarch.core.budget.line import padded
from monarch.core.delivery import (
    Delivery,
    FormerNoticeEntry,
    MigrationEntry,
    NoticeEntry,
    RequestEntry,
    Stream,
)
from monarch.core.portions.details import portion_details
from monarch.core.portions.message import Portion
from monarch.core.verdict import (
    Acted,
    Dead,
    Done,
    Handback,
    Migrated,
    Planned,
    RefusedTarget,
    Result,
    Retry,
    Said,
    Skipped,
    Snooze,
    Verdict,
)


class Settling(NamedTuple):
    """The script's last three arguments: the verdict's word, its document (JSON), the packed plan or nothing."""

    verdict: str
    document: bytes
    plan: bytes


def settling(delivery: Delivery, verdict: Verdict, retention_ms: int) -> Settling:
    """The arguments that carry this verdict out."""
    word, fields, plan = _verdict(delivery, verdict)
    return Settling(word, document({**_subject(delivery, retention_ms), **fields}), plan)


FAILED: Final = "retry"
"""What parked work waits for that has failed; any other waits as one of `Waits` says."""

NAMED: Final = "named"
"""The detail with the targets that a message names, in lines."""

Words = tuple[str, dict[str, object], bytes]


def _verdict(delivery: Delivery, verdict: Verdict) -> Words:
    match verdict:
        case Done(result):
            return _done(result)
        case Retry(reason, delay_s, details, broken):
            parked = _parked(delivery, reason, delay_s, FAILED, details)
            counted = {"attempts": delivery.attempts + 1, "broken": broken or None}
            return "retry", {**parked, **counted}, b""
        case Snooze(reason, delay_s, waits_for, kind, details):
            parked = _parked(delivery, reason, delay_s, kind.value, details)
            return "snooze", {**parked, "waits_for": _text(waits_for)}, b""
        case Dead(code, _, details):
            fields: dict[str, object] = {
                "code": code.value,
                "reason": verdict.letter,
                "attempts": delivery.attempts,
                "deliveries": delivery.token.count,
                "broken": verdict.broken or None,
                **_details(details),
            }
            return "dead", fields, b""
        case Handback(_, rests, is_newer, broken):
            return "handback", {"rests": rests, "newer": is_newer, "broken": broken}, b""
        case _:
            assert_never(verdict)


def _parked(
    delivery: Delivery, reason: str, delay_s: float, waits: str, details: Mapping[str, str]
) -> dict[str, object]:
    return {
        "waits": waits,
        "reason": reason,
        "delay_ms": _ms(delay_s),
        "member": park_member(delivery),
        **_details(details),
    }


def _details(details: Mapping[str, str]) -> dict[str, object]:
    """What the request keeps, and separately the targets that it names: there may be hundreds of them."""
    kept = {field: value for field, value in details.items() if field != NAMED}
    return {"details": kept, NAMED: details.get(NAMED, "").splitlines()}


def _done(result: Result) -> Words:
    match result:
        case Planned(plan, beside=beside):
            found = {
                "tickets": len(plan.tickets),
                "writes_before": beside.before,
                "writes_after": beside.after,
                "left_out": "\n".join(plan.left_out) or None,
            }
            return "planned", _asked(result, plan.source) | found, encode_plan(plan)
        case Skipped(source):
            return "skipped", _asked(result, source), b""
        case Migrated(_, tickets, deleted):
            return "migrated", {"tickets": tickets, "deleted": deleted}, b""
        case Acted(act, count, left):
            lines = "\n".join(encode_left(one) for one in left)
            return "acted", {"act": act.value, "changed": count, "left": lines}, b""
        case Said():
            return "said", {}, b""
        case _:
            assert_never(result)


def _asked(result: Planned | Skipped, source: str) -> dict[str, object]:
    """What was asked for, as the planner understood it."""
    return {
        "source": source,
        "source_id": _text(result.source_id),
        "channel": result.channel,
        "asked": len(result.targets) + len(result.refused),
        "targets": result.targets,
        "refused": _refused(result.refused),
        "details": _kept(source, result.channel, result.portion),
        NAMED: _named(result.targets, result.refused),
    }


def _kept(source: str, channel: str | None, portion: Portion) -> dict[str, str]:
    """What the request keeps of its message."""
    return {"source": source, "channel": channel or "", **portion_details(portion)}


def _named(targets: tuple[str, ...], refused: tuple[RefusedTarget, ...]) -> list[str]:
    return [*targets, *(each.target for each in refused)]


def _refused(targets: tuple[RefusedTarget, ...]) -> list[dict[str, str]]:
    return [{"target": r.target, "code": r.code.value, "reason": r.letter} for r in targets]


def _subject(delivery: Delivery, retention_ms: int) -> dict[str, object]:
    match delivery.entry:
        case MigrationEntry() as entry:
            subject: dict[str, object] = {"request": entry.request, "migration": entry.migration}
        case NoticeEntry(cohort):
            # The request that began the cohort has its name, so that people find its letter.
            subject = {"request": cohort, "card": cohort}
        case RequestEntry(request) | FormerNoticeEntry(request):
            subject = {"request": request}
        case _:
            # It cannot be read, so its entry names it.
            subject = {"request": delivery.token.entry}
    return {**subject, "content": delivery.content, "retention_ms": retention_ms}


def park_member(delivery: Delivery) -> str:
    """The name of a parked entry. Ties of the due time are promoted in the order of these names.

    So the oldest request goes first, and its targets in their order. Numbers are padded for that. Two notices of one
    cohort have one name: one telling is enough, because a notice carries no text.
    """
    stream = delivery.token.stream
    match delivery.entry:
        case MigrationEntry(request, target, order, _):
            return member_of_migration(request, order, target)
        case NoticeEntry(cohort):
            return member_of_notice(cohort)
        case RequestEntry(request) | FormerNoticeEntry(request):
            return member_of_request(request, stream)
        case _:
            return f"{member_of_request(delivery.token.entry, stream)}:{delivery.token.entry}"


def member_of_request(request: str, stream: Stream) -> str:
    """The name of a parked request, or of a parked notice about it."""
    return f"{padded(request)}:{stream.value}"


def member_of_notice(cohort: str) -> str:
    """The name of a parked notice about a cohort."""
    return f"{member_of_request(cohort, Stream.NOTICES)}:card"


def member_of_migration(request: str, order: int, target: str) -> str:
    """The name of a parked migration."""
    return f"{member_of_request(request, Stream.MIGRATIONS)}:{order:04d}:{target}"


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
