"""`ports.Ledger` and `ports.Budget` in memory."""

import itertools
from dataclasses import replace
from typing import Any, assert_never

import anyio

from monarch.adapters.valkey.client.seen import Seen
from monarch.adapters.valkey.scripts.words import WRITTEN
from monarch.core.after.acts import Change
from monarch.core.after.later import NOTHING, Pending, Recalled
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.budget.turns import turn_of
from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.ids import Epoch, MigrationId, RequestId, TargetId, TicketId
from monarch.core.redact import quote
from monarch.core.report.summary import MAX_NOTE
from monarch.core.target.permission import (
    AlreadyCreated,
    Busy,
    Cancelled,
    Credential,
    Fact,
    GateClosed,
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
from monarch.core.target.step import CreatedAs, Intended, Refused, UnreadableRecord
from monarch.core.timing import PERMISSION_LIFE_MS
from monarch.ports import StoreRefused
from scripts.budget_machine.account import OUT_OF_CALLS, Account
from tests.contracts.doubles.store import Lock, MemoryStore

NOTES_KEPT = 20


class MemoryLedger:
    """The ledger of a `MemoryStore`; `ceilings` are what its budget may not exceed."""

    def __init__(
        self,
        store: MemoryStore,
        ceilings: Ceilings | None = None,
        pace: Pace | None = None,
        *,
        seen: Seen | None = None,
        lease_s: float = 20.0,
    ) -> None:
        self._store = store
        self._seen = seen or Seen()
        self._ceilings = ceilings or Ceilings()
        self._pace = pace or Pace()
        self._lease_ms = round(lease_s * 1000)

    async def take(self, delivery: Delivery, target: TargetId, credential: Credential) -> Taking:
        """See `ports.Ledger.take`."""
        await anyio.lowlevel.checkpoint()
        store, now = self._store, self._store.now_ms()
        store.meet(self._seen.word)
        if not store.still_holds(delivery.token):
            return Lost()
        called_off = _called_off(store, delivery)
        if called_off is not None:
            return called_off
        if store.quiet_until_ms > now:
            return Quiet((store.quiet_until_ms - now) / 1000)
        closed = closed_gate(store, credential)
        if closed is not None:
            return closed
        migration, lock = _entry(delivery).migration, store.lock_of(target)
        if lock is not None and lock.migration != migration:
            return Busy()
        store.locks[target] = Lock(delivery.token, migration, now + self._lease_ms)
        store.latest[target] = migration
        known = store.migrations.setdefault(migration, {})
        if known.get("target_id", str(target)) != str(target):
            for told in ("copied", "present", "deleted", "refused", "strays", "notes"):
                known.pop(told, None)
        known.update(state="running", reason="", target_id=str(target))
        later = dict(store.later.get(target, {}))
        return Taken(dict(store.ledgers.get(target, {})), now, store.epoch, later)

    async def target_of(self, delivery: Delivery) -> TargetId | None:
        """See `ports.Ledger.target_of`."""
        await anyio.lowlevel.checkpoint()
        known = self._store.migrations.get(_entry(delivery).migration, {})
        return TargetId(int(known["target_id"])) if "target_id" in known else None

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
        await anyio.lowlevel.checkpoint()
        store, now = self._store, self._store.now_ms()
        lock = store.lock_of(target)
        store.meet(self._seen.word)
        if not store.still_holds(delivery.token) or lock is None or lock.token != delivery.token:
            return Lost()
        called_off = _called_off(store, delivery)
        if called_off is not None:
            return called_off
        if store.epoch != epoch:
            return Quiet(max(0, store.quiet_until_ms - now) / 1000)
        known = None if ticket is None else self._known(target, ticket, reconciled)
        if known is not None:
            return known
        wished = None if intention is None else intention.ticket
        pending = self._pending(target, wished)
        if pending is not None and pending.nonce != reconciled:
            return MustReconcile(Intended(pending.at_ms, pending.nonce))
        account = store.account(credential.account)
        refused = closed_gate(store, credential)
        if refused is not None:
            return refused
        calls_ms = account.calls_wait_ms(now)
        if calls_ms:
            return GateClosed(calls_ms / 1000, OUT_OF_CALLS)
        nonce = f"nonce-{next(_nonces)}"
        waits = account.permit(nonce, self._ceilings, self._pace, now, turn_of(_entry(delivery)))
        if waits is not None:
            return Wait(waits.wait_ms / 1000, waits.in_place)
        if ticket is not None:
            store.ledgers.setdefault(target, {})[ticket] = Intended(now + life_ms, nonce)
        if intention is not None:
            its = Pending(intention.change, intention.number, now + life_ms, nonce)
            self._set_later(target, intention.ticket, pending=its)
        store.permits.permit(nonce)
        self._seen.shown(store.permits.word().encode())
        return Granted(nonce, now, now + life_ms)

    def _pending(self, target: TargetId, ticket: TicketId | None) -> Pending | None:
        later = self._store.later.get(target, {}).get(ticket or TicketId(0))
        return None if later is None else later.pending

    def _set_later(self, target: TargetId, ticket: TicketId, **changes: Any) -> None:
        of_target = self._store.later.setdefault(target, {})
        of_target[ticket] = replace(of_target.get(ticket, NOTHING), **changes)

    def _known(
        self, target: TargetId, ticket: TicketId, reconciled: str | None
    ) -> AlreadyCreated | MustReconcile | None:
        """What the ledger has against writing this ticket; `None`: nothing."""
        match self._store.ledgers.get(target, {}).get(ticket):
            case CreatedAs(number) if reconciled != f"#{number}":
                return AlreadyCreated(number)
            case Intended(_, nonce) as record if nonce != reconciled:
                return MustReconcile(record)
            case UnreadableRecord(text):
                raise StoreRefused(text)
        return None

    async def record(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        fact: Fact,
    ) -> Recorded:
        """See `ports.Ledger.record`."""
        await anyio.lowlevel.checkpoint()
        entry, account = _entry(delivery), self._store.account(credential.account)
        known = self._store.migrations.setdefault(entry.migration, {})
        if not isinstance(fact, WasLooked):
            known["progress_entry"] = delivery.token.entry
            known["progress_count"] = str(delivery.token.count)
        account.ended(getattr(fact, "nonce", ""))
        pending = self._pending(target, ticket)
        if ticket is not None and pending is not None and not isinstance(fact, WasUnanswered):
            self._settle_change(entry, target, ticket, pending, fact)
        if isinstance(fact, WasCreated | WasRefused | WasAnswered | WasChanged):
            account.returns(turn_of(entry), self._pace, self._store.now_ms())
        match fact:
            case WasAnswered() | WasChanged(is_seen=False):
                account.answered(self._store.now_ms())
            case WasNoted(text):
                self._note(entry, quote(text, MAX_NOTE))
            case WasNotCreated(nonce):
                account.withdraw(nonce)
            case WasUnanswered():
                self._unanswered(account, target)
            case WasLooked():
                self._looked(delivery, target, fact)
        recorded = (
            Recorded() if ticket is None else self._step(entry, target, ticket, account, fact)
        )
        self._store.changed()
        return recorded

    async def now_ms(self) -> int:
        """See `ports.Ledger.now_ms`."""
        await anyio.lowlevel.checkpoint()
        return self._store.now_ms()

    def _step(
        self,
        entry: MigrationEntry,
        target: TargetId,
        ticket: TicketId,
        account: Account,
        fact: Fact,
    ) -> Recorded:
        """What the fact means for its ticket."""
        known = self._store.migrations[entry.migration]
        records = self._store.ledgers.setdefault(target, {})
        record, now = records.get(ticket), self._store.now_ms()
        match fact:
            case WasCreated(number, _, issue):
                account.answered(now)
                if isinstance(record, CreatedAs) and record.number != number:
                    return self._stray(entry, target, number)
                if not isinstance(record, CreatedAs):
                    records[ticket] = CreatedAs(number, now, issue)
                    self._copied(entry, was_counted=False)
            case WasFound(number, issue):
                if isinstance(record, Intended):
                    self._copied(entry, was_counted=True)
                if not isinstance(record, CreatedAs):
                    records[ticket] = CreatedAs(number, now, issue)
            case WasRefused(nonce, run, reason):
                account.answered(now)
                if record is None or (isinstance(record, Intended) and record.nonce == nonce):
                    records[ticket] = Refused(run, now, reason)
                    _count(known, "refused")
            case WasNotCreated(nonce):
                if isinstance(record, Intended) and record.nonce == nonce:
                    del records[ticket]
            case WasStray() if not isinstance(record, Intended):
                is_kept = isinstance(record, CreatedAs) and record.number == fact.number
                return self._stray(entry, target, fact.original if is_kept else fact.number)
            case WasUnanswered() | WasAnswered() | WasNoted() | WasLooked() | WasStray():
                pass
            case WasChanged():
                pass
            case _:
                assert_never(fact)
        return Recorded()

    def _settle_change(
        self,
        entry: MigrationEntry,
        target: TargetId,
        ticket: TicketId,
        pending: Pending,
        fact: Fact,
    ) -> None:
        if getattr(fact, "nonce", "") != pending.nonce:
            return
        self._set_later(target, ticket, pending=None)
        if isinstance(fact, WasChanged):
            recall = Recalled(fact.number, self._store.now_ms(), fact.change is Change.REOPEN)
            self._set_later(target, ticket, recall=recall)
            _count(self._store.migrations[entry.migration], "changed")

    def _looked(self, delivery: Delivery, target: TargetId, looked: WasLooked) -> None:
        lock, known = (
            self._store.lock_of(target),
            self._store.migrations[_entry(delivery).migration],
        )
        if lock is None or lock.token != delivery.token:
            return
        copied = min(int(known.get("copied", "0")), looked.there)
        known |= {"copied": str(copied), "present": str(looked.there - copied)}
        known["deleted"] = str(looked.deleted)

    def _copied(self, entry: MigrationEntry, *, was_counted: bool) -> None:
        known = self._store.migrations[entry.migration]
        _count(known, "copied")
        there, present = int(known["copied"]), int(known.get("present", "0"))
        total = self._store.requests.get(entry.request, {}).get("tickets", str(there + present))
        if present and (was_counted or there + present > int(total)):
            known["present"] = str(present - 1)

    def _unanswered(self, account: Account, target: TargetId) -> None:
        account.faults.add(target)
        if len(account.faults) > 1:
            account.faults.clear()
            why = "GitHub did not answer writes to two targets"
            account.close(self._store.now_ms(), self._pace.faults_ms, why)

    def _note(self, entry: MigrationEntry, text: str) -> None:
        known = self._store.migrations[entry.migration]
        notes = known.get("notes", "").splitlines()
        if text in notes or len(notes) > NOTES_KEPT:
            return
        more = "there is more of this; the log has it all"
        known["notes"] = "\n".join([*notes, text if len(notes) < NOTES_KEPT else more])
        if entry.request in self._store.requests:
            self._store.request_changed(entry.request)

    def _stray(self, entry: MigrationEntry, target: TargetId, number: int) -> Recorded:
        store = self._store
        migration = self._reported_on(entry, target)
        if migration is None:
            reason = WRITTEN["stray"] % number
            named = {"request": entry.request, "migration": entry.migration}
            store.bury(Stream.MIGRATIONS, "", "strays_found", reason, **named)
            return Recorded(stray=number)
        known, request = store.migrations[migration], request_of(migration)
        strays = known.get("strays", "").split()
        if str(number) in strays:
            return Recorded(stray=number)
        known["strays"] = " ".join([*strays, str(number)])
        if known.get("state") == "done":
            reason = WRITTEN["stray"] % number
            known |= {"state": "dead", "code": "strays_found", "reason": reason}
            named = {"request": request, "migration": migration}
            store.bury(Stream.MIGRATIONS, "", "strays_found", reason, **named)
        fields = store.requests[request]
        fields["state"] = "failed" if fields["state"] == "done" else fields["state"]
        fields.pop("final_said", None)
        fields.pop("final_open", None)
        store.request_changed(request)
        return Recorded(stray=number)

    def _reported_on(self, entry: MigrationEntry, target: TargetId) -> MigrationId | None:
        """Its own migration, or where nobody knows its request the one that took the target last."""
        if entry.request in self._store.requests:
            return entry.migration
        latest = self._store.latest.get(target)
        return latest if latest and request_of(latest) in self._store.requests else None


def request_of(migration: MigrationId) -> RequestId:
    """The request that a migration belongs to."""
    return RequestId(migration.partition(":")[0])


def _called_off(store: MemoryStore, delivery: Delivery) -> Cancelled | None:
    by = store.requests.get(_entry(delivery).request, {}).get("cancelled_by")
    return None if by is None else Cancelled(by)


class MemoryBudget:
    """The gates of a `MemoryStore`."""

    def __init__(
        self, store: MemoryStore, ceilings: Ceilings | None = None, pace: Pace | None = None
    ) -> None:
        self._store = store
        self._ceilings = ceilings or Ceilings()
        self._pace = pace or Pace()

    async def gate(self, credential: Credential) -> GateClosed | None:
        """See `ports.Budget.gate`."""
        await anyio.lowlevel.checkpoint()
        return closed_gate(self._store, credential)

    async def close(
        self, credential: Credential, wait_s: float | None, cause: str, refused: str | None = None
    ) -> GateClosed:
        """See `ports.Budget.close`."""
        await anyio.lowlevel.checkpoint()
        account, now = self._store.account(credential.account), self._store.now_ms()
        wait_ms = None if wait_s is None else round(wait_s * 1000)
        if refused is not None:
            closed_ms = account.refused(refused, wait_ms, cause, self._ceilings, self._pace, now)
            if closed_ms is not None:
                return GateClosed(closed_ms / 1000, cause)
        if wait_ms is None:
            wait_ms = account.doubled_ms(self._pace, now)
        account.close(now, wait_ms, cause)
        return closed_gate(self._store, credential) or GateClosed(0, cause)

    async def close_token(self, credential: Credential, wait_s: float, cause: str) -> GateClosed:
        """See `ports.Budget.close_token`."""
        await anyio.lowlevel.checkpoint()
        gate = self._store.account(f"token:{credential.fingerprint}")
        gate.close(self._store.now_ms(), round(wait_s * 1000), cause)
        return closed_gate(self._store, credential) or GateClosed(0, cause)


def closed_gate(store: MemoryStore, credential: Credential) -> GateClosed | None:
    """The gate that stays closed longest; `None` where both are open."""
    gates = store.account(credential.account), store.account(f"token:{credential.fingerprint}")
    now = store.now_ms()
    longest = max(gates, key=lambda gate: gate.wait_ms(now))
    wait_ms = longest.wait_ms(now)
    return GateClosed(wait_ms / 1000, longest.cause) if wait_ms else None


_nonces = itertools.count(1)


def _count(fields: dict[str, str], name: str) -> None:
    fields[name] = str(int(fields.get(name, "0")) + 1)


def _entry(delivery: Delivery) -> MigrationEntry:
    if not isinstance(delivery.entry, MigrationEntry):
        message = f"expected a migration, not {delivery.entry!r}"
        raise TypeError(message)
    return delivery.entry
