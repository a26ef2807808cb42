"""A wish to write as the document that permit.lua reads, and what its answer means. Pure.

The head of permit.lua says what each field is for. What is `None` is not sent.
"""

from collections.abc import Mapping
from typing import NamedTuple, cast

from monarch.adapters.valkey.codec import document
from monarch.core.budget.ceilings import KEPT_BACK, Ceilings, Pace
from monarch.core.budget.line import turn_of
from monarch.core.delivery import MigrationEntry, Token
from monarch.core.target.permission import (
    AlreadyCreated,
    Cancelled,
    GateClosed,
    Granted,
    Intention,
    Lost,
    MustReconcile,
    Permission,
    Quiet,
    Wait,
    Wish,
)
from monarch.core.target.step import Intended
from monarch.core.timing import LONGEST_LIFE_MS

Answer = list[object]
Fields = Mapping[str, object]


class Answered(NamedTuple):
    """An answer of permit.lua.

    `is_due`: what was learned of the limits is due for a review. `memory` is what the server shows of its memory,
    `None` where it shows nothing.
    """

    permission: Permission
    is_due: bool = False
    memory: bytes | None = None


def limits(ceilings: Ceilings, pace: Pace) -> Fields:
    """The fields that are the same for every write of a worker."""
    return {
        "per_minute": ceilings.per_minute,
        "per_hour": ceilings.per_hour,
        "interval_ms": ceilings.interval_ms,
        "at_once": ceilings.at_once,
        "points": ceilings.points,
        "minute_ms": pace.minute_ms,
        "hour_ms": pace.hour_ms,
        "margin_ms": pace.margin_ms,
        "slot_ms": pace.slot_ms,
        "poll_ms": pace.poll_ms,
        "late_ms": pace.late_ms,
        "in_place_ms": pace.in_place_ms,
        "in_turn_ms": pace.in_turn_ms,
        "kept_back": KEPT_BACK,
        "longest_life_ms": LONGEST_LIFE_MS,
    }


def asked(
    token: Token, entry: MigrationEntry, wish: Wish, nonce: str, seen: str, limits: Fields
) -> bytes:
    """The document.

    Args:
        nonce: names the write.
        seen: what this process has seen of the memory.
        limits: see `limits`.
    """
    return document(
        {
            "consumer": token.consumer,
            "entry": token.entry,
            "count": token.count,
            "migration": entry.migration,
            "turn": turn_of(entry),
            "ticket": None if wish.ticket is None else str(wish.ticket),
            "epoch": wish.epoch,
            "reconciled": wish.reconciled,
            "nonce": nonce,
            "life_ms": wish.life_ms,
            "seen": seen,
            **_change(wish.intention),
            **limits,
        }
    )


def _change(intention: Intention | None) -> Fields:
    if intention is None:
        return {}
    pending = f"pending:{intention.ticket}"
    return {"pending": pending, "change": f"{intention.change.value} #{intention.number}"}


def answered(answer: object, wish: Wish, nonce: str) -> Answered:
    """What permit.lua says to the wish under this nonce."""
    match cast("Answer", answer):
        case [b"granted", int(now), int(is_due), bytes(memory)]:
            return Answered(Granted(nonce, now, now + wish.life_ms), bool(is_due), memory)
        case [b"wait", int(ms), int(is_due), int(in_place)]:
            return Answered(Wait(ms / 1000, in_place=bool(in_place)), bool(is_due))
        case [b"created", int(number)]:
            return Answered(AlreadyCreated(number))
        case [b"reconcile", int(at), bytes(before)]:
            return Answered(MustReconcile(Intended(at, before.decode())))
        case other:
            return Answered(denied(other))


def denied(answer: Answer) -> Lost | Quiet | GateClosed | Cancelled:
    """Why nothing may be done, as permit.lua and take.lua say it."""
    match answer:
        case [b"lost"]:
            return Lost()
        case [b"quiet", int(ms)]:
            return Quiet(ms / 1000)
        case [b"gate", int(ms), bytes(cause)]:
            return GateClosed(ms / 1000, cause.decode("utf-8", "replace"))
        case [b"cancelled", bytes(by)]:
            return Cancelled(by.decode("utf-8", "replace"))
        case _:
            raise AssertionError(answer)
