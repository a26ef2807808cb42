"""Ledger and target locks: `ports.Ledger`, which writes are permitted by.

Permissions are fenced, facts are not: `take` and `permit` ask whether the delivery is still held, `record` does not.
Each is one script; the argument why no ticket is copied twice stands at the head of permit.lua.
"""

from collections.abc import Callable
from typing import assert_never, cast

from monarch.adapters.valkey.budget import ValkeyBudget, gates
from monarch.adapters.valkey.client.seen import Seen
from monarch.adapters.valkey.codec import decode_ledger
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.later import decode_later
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.budget.ceilings import KEPT_BACK
from monarch.core.budget.turns import turn_of
from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.ids import Epoch, RequestId, TargetId, TicketId
from monarch.core.redact import quote
from monarch.core.report.summary import MAX_NOTE
from monarch.core.target.permission import (
    AlreadyCreated,
    Busy,
    Cancelled,
    Credential,
    Fact,
    GateClosed,
    GivesWay,
    Granted,
    Intention,
    Lost,
    MustReconcile,
    Permission,
    Quiet,
    Recorded,
    Taken,
    Taking,
    Wait,
    WasAnswered,
    WasChanged,
    WasCreated,
    WasFound,
    WasLooked,
    WasNotCreated,
    WasNoted,
    WasRefused,
    WasStray,
    WasUnanswered,
)
from monarch.core.target.step import Intended
from monarch.core.timing import LONGEST_LIFE_MS, PERMISSION_LIFE_MS

Answer = list[object]

_TOO_LONG = 19
"""So many digits are no id of GitHub's."""


class ValkeyLedger:
    """`ports.Ledger`.

    Args:
        lease_ms: how long a target's lock holds without a renewal.
        retention_ms: how long a ledger is kept after its last write.
        budget: what is shared by all that writes under one account.
        nonce: makes a name that no other write has.
        seen: what this process has seen of the memory.
    """

    def __init__(
        self,
        scripts: Scripts,
        keys: Keys,
        budget: ValkeyBudget,
        nonce: Callable[[], str],
        seen: Seen,
        *,
        lease_ms: int,
        retention_ms: int,
    ) -> None:
        self._scripts = scripts
        self._keys = keys
        self._budget = budget
        self._nonce = nonce
        self._seen = seen
        self._lease_ms = lease_ms
        self._retention_ms = retention_ms

    async def take(self, delivery: Delivery, target: TargetId, credential: Credential) -> Taking:
        """See `ports.Ledger.take`."""
        token, about = delivery.token, _migration(delivery)
        migration = about.migration
        keys = [
            self._keys.stream(Stream.MIGRATIONS),
            self._keys.target(target),
            self._keys.ledger(target),
            *gates(self._keys, credential),
            self._keys.migration(migration),
            self._keys.request(about.request),
        ]
        answer = await self._scripts.call(
            "take",
            keys,
            token.consumer,
            token.entry,
            token.count,
            migration,
            self._lease_ms,
            target,
            self._seen.word,
            self._retention_ms,
        )
        return _taken(cast("Answer", answer))

    async def target_of(self, delivery: Delivery) -> TargetId | None:
        """See `ports.Ledger.target_of`."""
        keys = [self._keys.migration(_migration(delivery).migration)]
        known = await self._scripts.call("target_of", keys)
        digits = known if isinstance(known, bytes) else b""
        return TargetId(int(digits)) if digits.isdigit() and len(digits) < _TOO_LONG else None

    async def permit(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        epoch: Epoch,
        reconciled: str | None,
        life_ms: int = PERMISSION_LIFE_MS,
        intention: Intention | None = None,
    ) -> Permission:
        """See `ports.Ledger.permit`."""
        asked = (delivery, target, ticket, credential, epoch, reconciled, life_ms, intention)
        answer, is_due = await self._permit(*asked)
        if is_due and await self._budget.review(credential.account) and isinstance(answer, Wait):
            answer, _ = await self._permit(*asked)
        return answer

    async def _permit(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        epoch: Epoch,
        reconciled: str | None,
        life_ms: int,
        intention: Intention | None,
    ) -> tuple[Permission, bool]:
        """The script's answer, and whether what was learned is due to be looked at again."""
        token, about, nonce = delivery.token, _migration(delivery), self._nonce()
        ceilings, pace = self._budget.ceilings, self._budget.pace
        answer = await self._scripts.call(
            "permit",
            self._permit_keys(about.request, target, credential),
            token.consumer,
            token.entry,
            token.count,
            about.migration,
            "" if ticket is None else ticket,
            epoch,
            reconciled or "",
            nonce,
            ceilings.per_minute,
            ceilings.per_hour,
            ceilings.interval_ms,
            ceilings.at_once,
            ceilings.points,
            pace.minute_ms,
            pace.hour_ms,
            pace.margin_ms,
            pace.slot_ms,
            pace.poll_ms,
            KEPT_BACK,
            life_ms,
            LONGEST_LIFE_MS,
            self._seen.word,
            turn_of(about),
            pace.late_ms,
            pace.in_place_ms,
            pace.in_turn_ms,
            *_wish(intention),
        )
        return self._permission(cast("Answer", answer), nonce, life_ms)

    def _permit_keys(
        self, request: RequestId, target: TargetId, credential: Credential
    ) -> list[str]:
        return [
            self._keys.stream(Stream.MIGRATIONS),
            self._keys.target(target),
            self._keys.ledger(target),
            *gates(self._keys, credential),
            self._keys.budget(credential.account),
            self._keys.slots(credential.account),
            self._keys.request(request),
            self._keys.learned(credential.account),
            self._keys.points(credential.account),
            self._keys.primary(credential.account),
            self._keys.turns(credential.account),
            self._keys.asks(credential.account),
        ]

    def _permission(self, answer: Answer, nonce: str, life_ms: int) -> tuple[Permission, bool]:
        match answer:
            case [b"granted", int(now), int(is_due), bytes(memory)]:
                self._seen.shown(memory)
                return Granted(nonce, now, now + life_ms), bool(is_due)
            case [b"wait", int(ms), int(is_due), int(in_place)]:
                return Wait(ms / 1000, in_place=bool(in_place)), bool(is_due)
            case _:
                return _refusal(answer), False

    async def record(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        fact: Fact,
    ) -> Recorded:
        """See `ports.Ledger.record`."""
        entry = _migration(delivery)
        account = credential.account
        word, number, nonce, reason = _words(fact)
        issue = fact.issue if isinstance(fact, WasCreated | WasFound) else 0
        keys = [
            self._keys.ledger(target),
            self._keys.slots(account),
            self._keys.gate(account),
            self._keys.faults(account),
            self._keys.migration(entry.migration),
            self._keys.request(entry.request),
            self._keys.budget(account),
            self._keys.turns(account),
            self._keys.asks(account),
        ]
        stray = await self._scripts.call(
            "record",
            keys,
            word,
            "" if ticket is None else ticket,
            number,
            nonce,
            entry.run,
            reason,
            entry.migration,
            entry.request,
            delivery.token.entry,
            delivery.token.count,
            target,
            self._retention_ms,
            self._budget.pace.faults_ms,
            issue,
            turn_of(entry),
            self._budget.pace.returns_ms,
            self._budget.pace.late_ms,
        )
        return Recorded(cast("int", stray) or None)

    async def now_ms(self) -> int:
        """See `ports.Ledger.now_ms`."""
        return cast("int", await self._scripts.call("clock", ()))


def _migration(delivery: Delivery) -> MigrationEntry:
    if not isinstance(delivery.entry, MigrationEntry):
        message = f"expected a migration, not {delivery.entry!r}"
        raise TypeError(message)
    return delivery.entry


def _taken(answer: Answer) -> Taking:
    match answer:
        case [b"lost"]:
            return Lost()
        case [b"quiet", int(ms)]:
            return Quiet(ms / 1000)
        case [b"gate", int(ms), bytes(cause)]:
            return GateClosed(ms / 1000, cause.decode("utf-8", "replace"))
        case [b"busy"]:
            return Busy()
        case [b"turn", int(ms)]:
            return GivesWay(ms / 1000)
        case [b"cancelled", bytes(by)]:
            return Cancelled(by.decode("utf-8", "replace"))
        case [b"taken", int(now), bytes(epoch), list(flat)]:
            later = decode_later(flat, now)
            return Taken(decode_ledger(flat, now), now, Epoch(epoch.decode()), later)
        case _:
            raise AssertionError(answer)


def _refusal(answer: Answer) -> Permission:
    match answer:
        case [b"lost"]:
            return Lost()
        case [b"quiet", int(ms)]:
            return Quiet(ms / 1000)
        case [b"gate", int(ms), bytes(cause)]:
            return GateClosed(ms / 1000, cause.decode("utf-8", "replace"))
        case [b"created", int(number)]:
            return AlreadyCreated(number)
        case [b"reconcile", int(at), bytes(before)]:
            return MustReconcile(Intended(at, before.decode()))
        case [b"cancelled", bytes(by)]:
            return Cancelled(by.decode("utf-8", "replace"))
        case _:
            raise AssertionError(answer)


def _wish(intention: Intention | None) -> tuple[str, str]:
    """The ledger's field for a change that is pending, and what it says."""
    if intention is None:
        return "", ""
    return f"pending:{intention.ticket}", f"{intention.change.value} #{intention.number}"


def _words(fact: Fact) -> tuple[str, str | int, str, str]:
    """The script's word, number, nonce and reason (or note, or a second number)."""
    match fact:
        case WasCreated(number, nonce, _):
            return "created", number, nonce, ""
        case WasFound(number, _):
            return "found", number, "", ""
        case WasRefused(nonce, _, reason):
            return "refused", "", nonce, reason
        case WasNotCreated(nonce):
            return "not_created", "", nonce, ""
        case WasUnanswered(nonce):
            return "unanswered", "", nonce, ""
        case WasStray(number, original):
            return "stray", number, "", str(original)
        case WasAnswered(nonce):
            return "answered", "", nonce, ""
        case WasChanged(change, number, nonce, is_seen):
            return "seen_changed" if is_seen else "changed", number, nonce, change.value
        case WasNoted(text):
            return "noted", "", "", quote(text, MAX_NOTE)
        case WasLooked(there, deleted):
            return "looked", there, "", str(deleted)
        case _:
            assert_never(fact)
