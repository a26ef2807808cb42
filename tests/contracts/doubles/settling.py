"""What each verdict does to a `MemoryStore`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from monarch.adapters.valkey.left import encode_left
from monarch.adapters.valkey.scripts.words import WRITTEN
from monarch.adapters.valkey.settlement import park_member
from monarch.core.after.acts import Act
from monarch.core.after.touch import Left
from monarch.core.delivery import (
    Delivery,
    FormerNoticeEntry,
    MigrationEntry,
    NoticeEntry,
    RequestEntry,
    Stream,
    Token,
)
from monarch.core.ids import MigrationId, RequestId, TargetId, migration_id
from monarch.core.outcome import Code
from monarch.core.portions.details import portion_details
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
    Waits,
    called_off,
)
from tests.contracts.doubles.store import MemoryStore, Parked


class Settlement:
    """Carries out one verdict about one delivery that is still held."""

    def __init__(self, store: MemoryStore, delivery: Delivery) -> None:
        self._store = store
        self._delivery = delivery
        entry = delivery.entry
        self._migration: MigrationId | None = None
        if isinstance(entry, MigrationEntry):
            self._request, self._migration = entry.request, entry.migration
        elif isinstance(entry, RequestEntry | FormerNoticeEntry):
            self._request = entry.request
        elif isinstance(entry, NoticeEntry):
            self._request = RequestId(entry.cohort)
        else:
            self._request = RequestId(delivery.token.entry)
            self._find_migration(delivery.token)

    def _find_migration(self, token: Token) -> None:
        """It cannot be read, but may be on record."""
        for request, left in self._store.unsettled.items():
            for migration in left:
                if self._store.migrations[migration].get("entry") == token.entry:
                    self._request, self._migration = request, migration

    def carry_out(self, verdict: Verdict) -> None:
        """Do all that follows from it."""
        if self._is_impostor and not isinstance(verdict, Handback):
            self._bury_impostor()
            return
        match self._unless_cancelled(verdict):
            case Done(Migrated()) if self._strays():
                numbers = ", ".join(f"#{one}" for one in self._strays())
                self._die(Dead(Code.STRAYS, WRITTEN["strays"] % numbers))
                self._store.acknowledge(self._delivery)
            case Done(result):
                self._done(result)
                self._store.acknowledge(self._delivery)
            case Retry(reason, delay_s, details):
                self._park(reason, delay_s, None, self._delivery.attempts + 1, details)
                if self._card is not None:
                    self._card["notice_due"] = "1"
            case Snooze(reason, delay_s, waits_for, kind, details):
                self._park(reason, delay_s, waits_for, self._delivery.attempts, details)
                self._note_wait(kind)
            case Dead() as dead:
                self._die(dead)
                self._store.acknowledge(self._delivery)
            case Handback(_, rests):
                self._hand_back(rests=rests)
            case _ as never:
                assert_never(never)
        self._release_target()

    @property
    def _is_impostor(self) -> bool:
        """Whether this entry names a request that another entry is."""
        token, known = self._delivery.token, self._store.requests.get(self._request)
        if token.stream is not Stream.REQUESTS or known is None:
            return False
        return token.entry not in {self._request, known.get("entry", self._request)}

    def _bury_impostor(self) -> None:
        named, self._request = self._request, RequestId(self._delivery.token.entry)
        raw = self._store.streams[Stream.REQUESTS].entries.get(self._request, {})
        fields = {k.decode(): v.decode("utf-8", "replace") for k, v in raw.items()}
        reason = f"its field `request` names request {named}, which is another entry: append it without that field"
        self._bury("", Code.UNREADABLE.value, reason, fields)
        self._store.acknowledge(self._delivery)

    def _unless_cancelled(self, verdict: Verdict) -> Verdict:
        """What would go on ends here, where a person has called the request off."""
        by = self._store.requests.get(self._request, {}).get("cancelled_by")
        if by is None or self._delivery.token.stream is Stream.NOTICES:
            return verdict
        dead = called_off(by)
        match verdict:
            case Retry(_, _, details) | Snooze(_, _, _, _, details):
                return replace(dead, details=details)
            case Done(Planned(plan, channel)):
                return replace(dead, details={"source": plan.source, "channel": channel or ""})
            case _:
                return verdict

    # ------------------------------------------------------------------------------------------- results

    def _done(self, result: Result) -> None:
        match result:
            case Planned():
                self._plan(result)
            case Skipped(source, channel, _, refused, _, portion):
                self._note("skipped", source, channel)
                self._store.requests[self._request] |= portion_details(portion)
                self._store.requests[self._request]["tickets"] = "0"
                for one in refused:
                    self._refuse(one)
                self._store.targets[self._request] = [one.target for one in refused]
                self._store.request_changed(self._request)
            case Migrated(_, tickets, deleted):
                self._migrated(tickets, deleted)
            case Acted(act, changed, left):
                self._acted(act, changed, left)
            case Said():
                return
            case _:
                assert_never(result)

    def _plan(self, planned: Planned) -> None:
        self._note("running", planned.plan.source, planned.channel)
        store, request = self._store, self._request
        store.requests[request] |= portion_details(planned.portion)
        for over in ("reason", "waits"):
            store.requests[request].pop(over, None)
        store.plans[request] = planned.plan
        store.requests[request]["tickets"] = str(len(planned.plan.tickets))
        store.requests[request]["left_out"] = "\n".join(planned.plan.left_out)
        for order, target in enumerate(planned.targets):
            self._plan_target(order, target)
        for refused in planned.refused:
            self._refuse(refused)
        store.targets[request] = [*planned.targets, *(r.target for r in planned.refused)]
        if not planned.targets:
            store.requests[request]["state"] = "failed"
        store.request_changed(request)

    def _plan_target(self, order: int, target: str) -> None:
        migration = migration_id(self._request, target)
        known = {"target": target, "order": str(order), "run": "1"}
        asked = self._store.requests[self._request]
        if "act" in asked:
            known |= {"act": asked["act"], "bases": asked["bases"], "act_by": asked["by"]}
        self._store.migrations[migration] = known
        self._store.unsettled.setdefault(self._request, set()).add(migration)
        self._store.queue(self._request, migration)

    def _refuse(self, refused: RefusedTarget) -> None:
        migration = migration_id(self._request, refused.target)
        self._store.migrations[migration] = {
            "state": "dead",
            "target": refused.target,
            "reason": refused.letter,
        }
        self._bury(migration, refused.code.value, refused.letter, {"target": refused.target})

    def _migrated(self, tickets: int, deleted: int) -> None:
        known = self._migration_fields()
        known.pop("heal", None)
        there = tickets - deleted
        copied = min(int(known.get("copied", "0")), there)
        known |= {"state": "done", "reason": "", "copied": str(copied)}
        known |= {"present": str(there - copied), "deleted": str(deleted)}
        self._end_migration()

    def _acted(self, act: Act, changed: int, left: tuple[Left, ...]) -> None:
        known = self._migration_fields()
        known |= {"state": "done", "reason": "", "acted": act.value, "changed": str(changed)}
        known |= {"acted_by": known.pop("act_by", ""), "left": "\n".join(map(encode_left, left))}
        del known["act"]
        self._end_migration()

    def _end_migration(self) -> None:
        store, request = self._store, self._request
        if request not in store.requests:
            return
        left = store.unsettled.get(request, set())
        left.discard(self._migration or MigrationId(""))
        if not left:
            states = {
                store.migrations[migration_id(request, target)]["state"]
                for target in store.targets[request]
            }
            ended = "cancelled" if "cancelled" in states else "failed"
            store.requests[request]["state"] = "done" if states == {"done"} else ended
            store.requests[request]["ended_ms"] = str(store.now_ms())
        store.request_changed(request)

    # ------------------------------------------------------------------------------------ other verdicts

    def _park(
        self,
        reason: str,
        delay_s: float,
        waits_for: TargetId | None,
        attempts: int,
        details: Mapping[str, str],
    ) -> None:
        store, token = self._store, self._delivery.token
        if token.stream is Stream.REQUESTS:
            if self._request not in store.requests:
                self._note("queued", "", "")
            store.requests[self._request] |= {**details, "reason": reason}
        fields = dict(store.streams[token.stream].entries.get(token.entry, {}))
        fields |= {b"attempts": str(attempts).encode()}
        if not isinstance(self._delivery.entry, NoticeEntry):
            fields |= {b"request": self._request.encode()}
        due_ms = store.now_ms() + max(0, round(delay_s * 1000))
        if waits_for is not None and store.lock_of(waits_for) is None:
            due_ms = store.now_ms()
        parked = Parked(due_ms, token.stream, fields, self._request, self._migration, waits_for)
        store.parked[park_member(self._delivery)] = parked
        if self._migration is not None:
            known = self._migration_fields()
            known.update(state="parked", reason=reason, attempts=str(attempts))
        store.acknowledge(self._delivery)

    def _note_wait(self, kind: Waits) -> None:
        """The channel is told once that GitHub refuses the credential, or that a request waits for its date."""
        is_request = self._delivery.token.stream is Stream.REQUESTS
        known = self._store.requests.get(self._request, {}) if is_request else {}
        if self._migration is not None:
            known = self._migration_fields()
        before, known["waits"] = known.get("waits"), kind.value
        if self._card is not None and kind is not Waits.ENDING:
            self._card["notice_due"] = "1"
        if (
            kind in {Waits.CREDENTIAL, Waits.DATE}
            and before != kind.value
            and self._request in self._store.requests
        ):
            self._store.request_changed(self._request)

    def _die(self, dead: Dead) -> None:
        token, store = self._delivery.token, self._store
        raw = store.streams[token.stream].entries.get(token.entry, {})
        fields = {k.decode(): v.decode("utf-8", "replace") for k, v in raw.items()}
        is_refused = self._card is not None and dead.code is Code.SLACK_REFUSED
        if not (is_refused and "refused" in (self._card or {})):
            self._bury(self._migration or "", dead.code.value, dead.letter, fields)
        state = "cancelled" if dead.code is Code.CANCELLED else "dead"
        if token.stream is Stream.REQUESTS:
            self._note(state, dead.details.get("source", ""), dead.details.get("channel", ""))
            store.requests[self._request] |= {"reason": dead.letter, "code": dead.code.value}
            store.request_changed(self._request)
        elif self._migration is not None:
            known = self._migration_fields()
            known.update(state=state, reason=dead.letter, code=dead.code.value)
            self._end_migration()
        elif self._card is not None:
            self._card.update(notice_due="0", notice_error=dead.letter)
            if dead.code is Code.SLACK_REFUSED:
                self._card["refused"] = "1"

    def _bury(self, migration: str, code: str, reason: str, fields: dict[str, str]) -> None:
        token = self._delivery.token
        self._store.bury(
            token.stream,
            token.entry,
            code,
            reason,
            request=self._request,
            migration=migration,
            payload=fields.get("payload") or json.dumps(fields),
            attempts=str(self._delivery.attempts),
        )

    def _hand_back(self, *, rests: bool) -> None:
        token = self._delivery.token
        pending = self._store.streams[token.stream].pending[token.entry]
        pending.hand_back(self._store.now_ms(), rests=rests)
        if self._migration is not None:
            self._migration_fields()["state"] = "queued"

    def _release_target(self) -> None:
        store = self._store
        for target, lock in list(store.locks.items()):
            if lock.token != self._delivery.token:
                continue
            del store.locks[target]
            waiting = sorted(m for m, p in store.parked.items() if p.waits_for == target)
            if waiting:
                store.promote(waiting[0])

    # -------------------------------------------------------------------------------------- small parts

    def _note(self, state: str, source: str, channel: str | None) -> None:
        known = self._store.requests.setdefault(
            self._request, {"run": "1", "appended_ms": self._request.partition("-")[0]}
        )
        known["state"] = state
        known |= {"source": source} if source else {}
        known |= {"channel": channel} if channel else {}
        if state in {"dead", "skipped", "cancelled"}:
            known["ended_ms"] = str(self._store.now_ms())

    @property
    def _card(self) -> dict[str, str] | None:
        """The card that this notice is about."""
        entry = self._delivery.entry
        return self._store.cards.get(entry.cohort) if isinstance(entry, NoticeEntry) else None

    def _strays(self) -> list[str]:
        return self._migration_fields().get("strays", "").split()

    def _migration_fields(self) -> dict[str, str]:
        return self._store.migrations.setdefault(self._migration or MigrationId(""), {})
