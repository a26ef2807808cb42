"""Ledger and target locks: `ports.Ledger`, which permits writes.

Permissions are fenced, facts are not: `take` and `permit` ask whether the delivery is still held, `record` does not.
Each is one script; the argument why no ticket is copied twice is at the head of permit.lua.
"""

from collections.abc import Callable
from typing import cast

from monarch.adapters.valkey.budget import ValkeyBudget, gates
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.codec import decode_ledger
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger import facts, permission
from monarch.adapters.valkey.ledger.later import decode_later
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.entry_ids import entry_ms
from monarch.core.ids import Epoch, RequestId, TargetId, TicketId
from monarch.core.target.permission import (
    Busy,
    Credential,
    Fact,
    GivesWay,
    Origin,
    Permission,
    Recorded,
    Taken,
    Taking,
    Wait,
    Wish,
)

Answer = permission.Answer

_TOO_LONG = 19
"""A number with this many digits is not an id of GitHub's."""


class ValkeyLedger:
    """`ports.Ledger`.

    Args:
        lease_ms: how long a target's lock holds without a renewal.
        retention_ms: how long a ledger is kept after its last write.
        budget: the budget that all writes under one account share.
        nonce: makes a name that no other write has.
        seen: what this process has seen of the memory.
    """

    def __init__(
        self,
        scripts: Scripts,
        keys: Keys,
        budget: ValkeyBudget,
        nonce: Callable[[], str],
        seen: NewestMemory,
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
        self._wish_limits = permission.limits(budget.ceilings, budget.pace)
        self._fact_limits = facts.limits(budget.pace, retention_ms)

    async def take(
        self, delivery: Delivery, target: TargetId, credential: Credential, name: str = ""
    ) -> Taking:
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
            name,
        )
        return _taken(cast("Answer", answer))

    async def origin(self, delivery: Delivery) -> Origin:
        """See `ports.Ledger.origin`."""
        about = _migration(delivery)
        keys = [self._keys.migration(about.migration), self._keys.request(about.request)]
        answer = cast("Answer", await self._scripts.call("origin", keys))
        target, planned_ms, act_ms = map(_whole, answer)
        asked_ms = entry_ms(about.request)
        return Origin(
            None if target is None else TargetId(target),
            asked_ms if planned_ms is None else min(asked_ms, planned_ms),
            act_ms,
        )

    async def permit(
        self, delivery: Delivery, target: TargetId, credential: Credential, wish: Wish
    ) -> Permission:
        """See `ports.Ledger.permit`."""
        answer = await self._permit(delivery, target, credential, wish)
        if answer.is_due and await self._budget.review(credential.account):
            # A grant is not asked for twice: its intent is on record.
            waits = isinstance(answer.permission, Wait)
            answer = await self._permit(delivery, target, credential, wish) if waits else answer
        return answer.permission

    async def _permit(
        self, delivery: Delivery, target: TargetId, credential: Credential, wish: Wish
    ) -> permission.Answered:
        entry, nonce = _migration(delivery), self._nonce()
        keys = self._permit_keys(entry.request, target, credential)
        document = permission.asked(
            delivery.token, entry, wish, nonce, self._seen.word, self._wish_limits
        )
        answer = permission.answered(
            await self._scripts.call("permit", keys, document), wish, nonce
        )
        if answer.memory is not None:
            self._seen.shown(answer.memory)
        return answer

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

    async def record(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        fact: Fact,
    ) -> Recorded:
        """See `ports.Ledger.record`."""
        entry, account = _migration(delivery), credential.account
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
        document = facts.encoded(delivery.token, entry, target, ticket, fact, self._fact_limits)
        stray = await self._scripts.call("record", keys, document)
        return Recorded(cast("int", stray) or None)

    async def now_ms(self) -> int:
        """See `ports.Ledger.now_ms`."""
        return cast("int", await self._scripts.call("clock", ()))


def _whole(raw: object) -> int | None:
    digits = raw if isinstance(raw, bytes) else b""
    return int(digits) if digits.isdigit() and len(digits) < _TOO_LONG else None


def _migration(delivery: Delivery) -> MigrationEntry:
    if not isinstance(delivery.entry, MigrationEntry):
        message = f"expected a migration, not {delivery.entry!r}"
        raise TypeError(message)
    return delivery.entry


def _taken(answer: Answer) -> Taking:
    match answer:
        case [b"busy"]:
            return Busy()
        case [b"turn", int(ms)]:
            return GivesWay(ms / 1000)
        case [b"taken", int(now), bytes(epoch), list(flat)]:
            later = decode_later(flat, now)
            return Taken(decode_ledger(flat, now), now, Epoch(epoch.decode()), later)
        case _:
            return permission.denied(answer)
