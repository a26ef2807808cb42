"""`ports.Hands` in memory."""

from collections.abc import Collection, Mapping, Sequence

import anyio

from monarch.core.after.acts import Act
from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, MigrationId, RequestId, TicketId, migration_id
from monarch.core.report.summary import ENDS, State
from monarch.ports import Begun, Cancelling, Healing, NotCancelled, Paused, Replayed
from monarch.ports.hands import NotPutFirst, PutFirst
from tests.contracts.doubles.store import MemoryStore

_OF_AN_ACT = ("acted", "acted_by", "acted_ms", "changed", "left")
"""What an act leaves of itself."""

_OF_ONE_RUN = ("code", "ended_ms", "refused", "strays", "progress_entry", "progress_count")
"""What a migration's next run begins without."""


class MemoryHands:
    """What people do to the work of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def pause(self, by: str) -> Paused:
        """See `ports.Hands.pause`."""
        await anyio.lowlevel.checkpoint()
        if self._store.paused_by:
            return Paused(changed=False, by=self._store.paused_by)
        self._store.paused_by = by or "somebody"
        self._tell_all()
        return Paused(changed=True, by=self._store.paused_by)

    async def resume(self, by: str) -> Paused:
        """See `ports.Hands.resume`."""
        await anyio.lowlevel.checkpoint()
        before, self._store.paused_by = self._store.paused_by, ""
        if before:
            self._tell_all()
        return Paused(changed=bool(before), by=before)

    def _tell_all(self) -> None:
        for request, known in self._store.requests.items():
            if State(known["state"]) not in ENDS:
                self._store.request_changed(request)
        self._store.changed()

    async def first(self, request: RequestId, by: str) -> PutFirst | NotPutFirst:
        """See `ports.Hands.first`. That its writes go first is tried on the real store alone."""
        await anyio.lowlevel.checkpoint()
        known = self._store.requests.get(request)
        if known is None:
            return NotPutFirst(f"no request {request} is known", is_unknown=True)
        if State(known["state"]) in ENDS:
            return NotPutFirst(f"request {request} has ended: it is {known['state']}")
        if "cancelled_by" in known:
            return NotPutFirst(f"request {request} was cancelled by {known['cancelled_by']}")
        if "first_by" in known:
            return PutFirst(known["first_by"], changed=False)
        known["first_by"] = by
        self._store.request_changed(request)
        self._store.changed()
        return PutFirst(by)

    async def cancel(self, request: RequestId, by: str) -> Cancelling | NotCancelled:
        """See `ports.Hands.cancel`."""
        await anyio.lowlevel.checkpoint()
        store = self._store
        if request not in store.requests and request in store.streams[Stream.REQUESTS].entries:
            store.requests[request] = {"state": "queued", "run": "1", "entry": request}
        known = store.requests.get(request)
        if known is None:
            return NotCancelled(f"no request {request} is known")
        if State(known["state"]) in ENDS:
            return NotCancelled(f"request {request} has ended: it is {known['state']}")
        if "cancelled_by" in known:
            return NotCancelled(f"request {request} was cancelled by {known['cancelled_by']}")
        known["cancelled_by"] = by
        mine = [
            member
            for member, p in store.parked.items()
            if p.request == request and p.stream is not Stream.NOTICES
        ]
        for member in mine:
            store.promote(member)
        store.request_changed(request)
        store.changed()
        return Cancelling(len(store.unsettled.get(request, set())))

    async def replay(self, letters: Sequence[str], by: str) -> tuple[Replayed, ...]:
        """See `ports.Hands.replay`."""
        await anyio.lowlevel.checkpoint()
        told = tuple(self._replay(letter) for letter in letters)
        self._store.changed()
        return told

    def _replay(self, letter: str) -> Replayed:
        found = next((one for one in self._store.dead if one["id"] == letter), None)
        if found is None:
            return Replayed(letter, "", "it is no dead letter any more: replayed or dropped")
        if not found["request"]:
            return Replayed(letter, "", "nothing is left of it but its id")
        request, migration = RequestId(found["request"]), MigrationId(found["migration"])
        stream = Stream.MIGRATIONS if migration else Stream(found["stream"])
        refused = self._into(stream, request, migration, found)
        if refused:
            return Replayed(letter, "", refused)
        self._store.dead.remove(found)
        return Replayed(letter, migration or request)

    def _into(
        self, stream: Stream, request: RequestId, migration: MigrationId, letter: dict[str, str]
    ) -> str:
        if stream is Stream.REQUESTS:
            return self._replay_request(request, letter)
        if request not in self._store.requests:
            return f"request {request} is not known any more; send the message again"
        if stream is Stream.NOTICES:
            cohort = self._store.join(request)
            self._forgive(cohort)
            if self._store.cards[cohort].get("notice_due") != "1":
                self._store.notify(cohort)
            return ""
        return self._replay_migration(request, migration, letter)

    def _replay_request(self, request: RequestId, letter: dict[str, str]) -> str:
        if "cut" in letter:
            return "its message was too long to be kept, and wrong; send a right one"
        if letter["code"] == "entry_trimmed":
            return "its message went with its entry; send the message again"
        known = self._store.requests.get(request, {})
        if known and known["state"] not in {"dead", "cancelled"}:
            return f"request {request} is {known['state']}"
        self._reopen(request)
        fields = {b"v": b"1", b"payload": letter["payload"].encode(), b"request": request.encode()}
        entry = self._store.append(Stream.REQUESTS, fields)
        self._store.requests[request] |= {"state": "queued", "entry": entry}
        self._store.request_changed(request)
        return ""

    def _replay_migration(
        self, request: RequestId, migration: MigrationId, letter: dict[str, str]
    ) -> str:
        store = self._store
        known = store.migrations.get(migration, {})
        if letter["code"] == "bad_target":
            return "its target can be no repository; send a message that names the right one"
        if request not in store.plans or "target" not in known:
            return "its plan is not known any more; send the message again"
        if known["state"] not in {"dead", "cancelled"}:
            return f"{migration} is {known['state']}"
        if "cancelled_by" in store.requests[request] and store.unsettled.get(request):
            return "its request is still being cancelled; try again when it has ended"
        self._reopen(request)
        self._queue_again(request, migration)
        store.request_changed(request)
        return ""

    def _forgive(self, cohort: CohortId) -> None:
        """Slack is told again, although it refused."""
        for over in ("notice_error", "refused"):
            self._store.cards.get(cohort, {}).pop(over, None)

    def _queue_again(self, request: RequestId, migration: MigrationId) -> None:
        known = self._store.migrations[migration]
        known["run"] = str(int(known.get("run", "0")) + 1)
        known |= {"order": known.get("order", "0"), "reason": "", "attempts": "0"}
        known.pop("code", None)
        for gone in (*_OF_ONE_RUN, *(() if {"heal", "act"} & known.keys() else ("notes",))):
            known.pop(gone, None)
        for gone in () if "act" in known else _OF_AN_ACT:
            known.pop(gone, None)
        self._store.queue(request, migration)
        self._store.unsettled.setdefault(request, set()).add(migration)

    def _reopen(self, request: RequestId) -> None:
        known = self._store.requests.setdefault(request, {"state": "queued", "run": "1"})
        if State(known["state"]) not in ENDS:
            return
        known |= {"state": "running", "run": str(int(known["run"]) + 1)}
        for gone in (
            "ended_ms",
            "code",
            "reason",
            "cancelled_by",
        ):
            known.pop(gone, None)
        self._forgive(CohortId(known.get("card", "")))

    async def drop(self, letters: Sequence[str], by: str) -> int:
        """See `ports.Hands.drop`."""
        await anyio.lowlevel.checkpoint()
        kept = [one for one in self._store.dead if one["id"] not in letters]
        dropped = len(self._store.dead) - len(kept)
        self._store.dead[:] = kept
        return dropped

    async def begin(
        self, request: RequestId, act: Act, targets: Sequence[str], by: str
    ) -> tuple[Begun, ...]:
        """See `ports.Hands.begin`."""
        await anyio.lowlevel.checkpoint()
        told = []
        for target in targets:
            refused = self._begin(request, act, target, by)
            migration = "" if refused else migration_id(request, target)
            told.append(Begun(target, migration, refused))
        self._store.changed()
        return tuple(told)

    def _begin(self, request: RequestId, act: Act, target: str, by: str) -> str:
        """Of a migration that is done; what is lent of others the real thing shows."""
        store, migration = self._store, migration_id(request, target)
        known = store.migrations.get(migration, {})
        if known.get("act") == act.value and known["state"] not in {"done", "dead", "cancelled"}:
            return ""
        if known.get("state") != "done":
            return f"its migration is {known.get('state', 'not known')}"
        self._reopen(request)
        for gone in _OF_AN_ACT:
            known.pop(gone, None)
        others = [one for one in store.requests if one != request and one in store.plans]
        bases = " ".join(sorted(others, reverse=True)[:10])
        known |= {"act": act.value, "act_by": by, "bases": bases}
        self._queue_again(request, migration)
        store.request_changed(request)
        return ""

    async def heal(
        self, request: RequestId, missing: Mapping[str, Collection[TicketId]], by: str
    ) -> tuple[Healing, ...]:
        """See `ports.Hands.heal`."""
        await anyio.lowlevel.checkpoint()
        state = State(self._store.requests.get(request, {}).get("state", "queued"))
        told = []
        for target, tickets in missing.items():
            refused = self._heal(request, state, target, tickets)
            migration = "" if refused else migration_id(request, target)
            told.append(Healing(target, migration, refused))
        self._store.changed()
        return tuple(told)

    def _heal(
        self, request: RequestId, state: State, target: str, tickets: Collection[TicketId]
    ) -> str:
        store, migration = self._store, migration_id(request, target)
        known, heal = store.migrations.get(migration, {}), " ".join(map(str, sorted(tickets)))
        its_state = known.get("state", "")
        if not heal:
            return "no ticket is named"
        if known.get("heal") == heal and its_state not in {"done", "dead", "cancelled"}:
            return ""
        if request not in store.requests:
            return f"no request {request} is known"
        if state is State.CANCELLED:
            return f"request {request} is cancelled; replay it first"
        if state not in ENDS:
            return f"request {request} is {state}; heal it once it has ended"
        if request not in store.plans:
            return "its plan is not known any more; submit it again"
        if "target" not in known:
            return f"request {request} has no target {target}"
        if known.get("code") in {"bad_target", "target_is_source"}:
            return "it can never be a target, so neither healing nor a replay helps"
        if its_state != "done":
            return f"its migration is {its_state}; replay it first"
        self._reopen(request)
        known["heal"] = heal
        self._count_without(request, migration, len(tickets))
        self._queue_again(request, migration)
        store.request_changed(request)
        return ""

    def _count_without(self, request: RequestId, migration: MigrationId, missing: int) -> None:
        """So many copies are there, without those that are missing."""
        known, total = self._store.migrations[migration], self._store.requests[request]["tickets"]
        copied, present = int(known.get("copied", "0")), int(known.get("present", "0"))
        there = max(0, min(copied + present, int(total) - missing))
        known["present"] = str(min(present, there))
        known["copied"] = str(there - min(present, there))
        known["deleted"] = str(max(0, int(known.get("deleted", "0")) - missing))
