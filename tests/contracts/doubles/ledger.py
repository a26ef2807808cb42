"""`ports.Ledger` and `ports.Budget` in memory."""

import itertools
from typing import assert_never

import anyio

from monarch.core.budget import Ceilings
from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.ids import Epoch, TargetId, TicketId
from monarch.core.permission import (
    AlreadyCreated,
    Busy,
    Cancelled,
    Credential,
    Fact,
    GateClosed,
    Granted,
    Lost,
    MustReconcile,
    Permission,
    Quiet,
    Recorded,
    Taken,
    Taking,
    Wait,
    WasAnswered,
    WasCreated,
    WasFound,
    WasNotCreated,
    WasNoted,
    WasRefused,
    WasStray,
    WasUnanswered,
)
from monarch.core.quote import quote
from monarch.core.step import CreatedAs, Intended, Refused, UnreadableRecord
from monarch.core.summary import MAX_NOTE
from monarch.ports import StoreRefused
from tests.contracts.doubles.store import Account, Lock, MemoryStore

SLOT_MS = 15_000
NOTES_KEPT = 20
WINDOWS_MS = (60_000, 3_600_000)


class MemoryLedger:
    """The ledger of a `MemoryStore`; `ceilings` are what its budget may not exceed."""

    def __init__(
        self,
        store: MemoryStore,
        ceilings: Ceilings | None = None,
        *,
        lease_s: float = 20.0,
    ) -> None:
        self._store = store
        self._ceilings = ceilings or Ceilings()
        self._lease_ms = round(lease_s * 1000)

    async def take(self, delivery: Delivery, target: TargetId, credential: Credential) -> Taking:
        """See `ports.Ledger.take`."""
        await anyio.lowlevel.checkpoint()
        store, now = self._store, self._store.now_ms()
        if not store.holds(delivery.token):
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
        store.migrations.setdefault(migration, {}).update(state="running", reason="")
        return Taken(dict(store.ledgers.get(target, {})), now, store.epoch)

    async def permit(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        epoch: Epoch,
        reconciled: str | None,
    ) -> Permission:
        """See `ports.Ledger.permit`."""
        await anyio.lowlevel.checkpoint()
        store, now = self._store, self._store.now_ms()
        lock = store.lock_of(target)
        if not store.holds(delivery.token) or lock is None or lock.token != delivery.token:
            return Lost()
        called_off = _called_off(store, delivery)
        if called_off is not None:
            return called_off
        if store.epoch != epoch:
            return Quiet(max(0, store.quiet_until_ms - now) / 1000)
        known = None if ticket is None else self._known(target, ticket, reconciled)
        if known is not None:
            return known
        account = store.account(credential.account)
        refused = closed_gate(store, credential) or _wait(account, self._ceilings, now)
        if refused is not None:
            return refused
        nonce = f"nonce-{next(_nonces)}"
        account.writes[nonce], account.slots[nonce] = now, now + SLOT_MS
        account.sent_ms = now
        if account.closed_until_ms is not None:
            account.probe, account.probe_until_ms = nonce, now + SLOT_MS
        if ticket is not None:
            store.ledgers.setdefault(target, {})[ticket] = Intended(now, nonce)
        return Granted(nonce, now)

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
        known["progress_entry"] = delivery.token.entry
        known["progress_count"] = str(delivery.token.count)
        account.ended(getattr(fact, "nonce", ""))
        match fact:
            case WasAnswered():
                account.answered(self._store.now_ms())
            case WasNoted(text):
                self._note(entry, quote(text, MAX_NOTE))
            case WasNotCreated(nonce):
                account.writes.pop(nonce, None)
            case WasUnanswered():
                self._unanswered(account, target)
        recorded = (
            Recorded() if ticket is None else self._step(entry, target, ticket, account, fact)
        )
        self._store.changed()
        return recorded

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
            case WasCreated(number):
                account.answered(now)
                if isinstance(record, CreatedAs) and record.number != number:
                    return self._stray(entry, number)
                if not isinstance(record, CreatedAs):
                    records[ticket] = CreatedAs(number, now)
                    _count(known, "copied")
            case WasFound(number):
                if isinstance(record, Intended):
                    _count(known, "copied")
                if not isinstance(record, CreatedAs):
                    records[ticket] = CreatedAs(number, now)
            case WasRefused(nonce, run, reason):
                account.answered(now)
                if record is None or (isinstance(record, Intended) and record.nonce == nonce):
                    records[ticket] = Refused(run, now, reason)
                    _count(known, "refused")
            case WasNotCreated(nonce):
                if isinstance(record, Intended) and record.nonce == nonce:
                    del records[ticket]
            case WasStray(number):
                return self._stray(entry, number)
            case WasUnanswered() | WasAnswered() | WasNoted():
                pass
            case _:
                assert_never(fact)
        return Recorded()

    def _unanswered(self, account: Account, target: TargetId) -> None:
        account.faults.add(target)
        if len(account.faults) > 1:
            account.faults.clear()
            why = "GitHub did not answer writes to two targets"
            account.close(self._store.now_ms(), 15_000, why)

    def _note(self, entry: MigrationEntry, text: str) -> None:
        known = self._store.migrations[entry.migration]
        notes = known.get("notes", "").splitlines()
        if text in notes or len(notes) > NOTES_KEPT:
            return
        more = "there is more of this; the log has it all"
        known["notes"] = "\n".join([*notes, text if len(notes) < NOTES_KEPT else more])
        if entry.request in self._store.requests:
            self._store.request_changed(entry.request)

    def _stray(self, entry: MigrationEntry, number: int) -> Recorded:
        known = self._store.migrations[entry.migration]
        strays = known.get("strays", "").split()
        request = self._store.requests.get(entry.request)
        if str(number) not in strays:
            known["strays"] = " ".join([*strays, str(number)])
            if known.get("state") == "done":
                reason = f"issue #{number} is a second copy: close it, then replay this"
                known |= {"state": "dead", "code": "strays_found", "reason": reason}
                named = {"request": entry.request, "migration": entry.migration}
                self._store.bury(Stream.MIGRATIONS, "", "strays_found", reason, **named)
            if request is not None:
                if request["state"] == "done":
                    request["state"] = "failed"
                request.pop("final_said", None)
                request.pop("final_open", None)
                self._store.request_changed(entry.request)
        return Recorded(stray=number)


def _called_off(store: MemoryStore, delivery: Delivery) -> Cancelled | None:
    by = store.requests.get(_entry(delivery).request, {}).get("cancelled_by")
    return None if by is None else Cancelled(by)


class MemoryBudget:
    """The gates of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def gate(self, credential: Credential) -> GateClosed | None:
        """See `ports.Budget.gate`."""
        await anyio.lowlevel.checkpoint()
        return closed_gate(self._store, credential)

    async def close(self, credential: Credential, wait_s: float | None, cause: str) -> GateClosed:
        """See `ports.Budget.close`."""
        return await self._close(credential.account, credential, wait_s, cause)

    async def close_token(self, credential: Credential, wait_s: float, cause: str) -> GateClosed:
        """See `ports.Budget.close_token`."""
        return await self._close(f"token:{credential.fingerprint}", credential, wait_s, cause)

    async def _close(
        self, name: str, credential: Credential, wait_s: float | None, cause: str
    ) -> GateClosed:
        await anyio.lowlevel.checkpoint()
        wait_ms = None if wait_s is None else round(wait_s * 1000)
        self._store.account(name).close(self._store.now_ms(), wait_ms, cause)
        return closed_gate(self._store, credential) or GateClosed(0, cause)


def closed_gate(store: MemoryStore, credential: Credential) -> GateClosed | None:
    """The gate that stays closed longest; `None` where both are open."""
    gates = store.account(credential.account), store.account(f"token:{credential.fingerprint}")
    now = store.now_ms()
    longest = max(gates, key=lambda gate: gate.wait_ms(now))
    wait_ms = longest.wait_ms(now)
    return GateClosed(wait_ms / 1000, longest.cause) if wait_ms else None


_nonces = itertools.count(1)


def _wait(account: Account, ceilings: Ceilings, now: int) -> Wait | None:
    """What the budget says; `None`: there is room."""
    if account.closed_until_ms is not None and account.probe_until_ms > now:
        return Wait(1.0)
    account.slots = {nonce: until for nonce, until in account.slots.items() if until > now}
    waits = [_window_wait(account, *window, now) for window in _windows(ceilings)]
    if account.sent_ms is not None and ceilings.interval_ms:
        waits.append(account.sent_ms + ceilings.interval_ms - now)
    if ceilings.at_once and len(account.slots) >= ceilings.at_once:
        waits.append(100)
    wait_ms = max(waits, default=0)
    return Wait(wait_ms / 1000) if wait_ms > 0 else None


def _windows(ceilings: Ceilings) -> list[tuple[int, int]]:
    both = zip(WINDOWS_MS, (ceilings.per_minute, ceilings.per_hour), strict=True)
    return [(span, ceiling) for span, ceiling in both if ceiling]


def _window_wait(account: Account, span: int, ceiling: int, now: int) -> int:
    recent = sorted(at for at in account.writes.values() if at > now - span)
    return recent[-ceiling] + span - now if len(recent) >= ceiling else 0


def _count(fields: dict[str, str], name: str) -> None:
    fields[name] = str(int(fields.get(name, "0")) + 1)


def _entry(delivery: Delivery) -> MigrationEntry:
    if not isinstance(delivery.entry, MigrationEntry):
        message = f"expected a migration, not {delivery.entry!r}"
        raise TypeError(message)
    return delivery.entry
