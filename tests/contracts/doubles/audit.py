"""What a `MemoryStore` does about work that somebody removed from where it stood."""

from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, MigrationId, RequestId
from monarch.ports import Audited
from tests.contracts.doubles.store import MemoryStore


def audit(store: MemoryStore) -> Audited:
    """Look through all open requests."""
    restored = given_up = 0
    for request, known in list(store.requests.items()):
        state = known["state"]
        entry = known.get("entry", request)
        if state == "queued" and not _stands(store, Stream.REQUESTS, entry, request):
            _give_up(store, request, entry)
            given_up += 1
        if state == "running":
            restored += sum(_put_back(store, request, m) for m in _lost(store, request))
        restored += _notify_again(store, request)
    return Audited(restored, given_up)


def entry_removed(store: MemoryStore, stream: Stream, entry: str) -> None:
    """An entry that is pending and gone: what it carried goes back, where that is known."""
    owner = _owner_of(store, stream, entry)
    if owner is None:
        store.bury(stream, entry, "entry_trimmed", "this entry was removed")
    elif isinstance(owner, tuple):
        store.queue(*owner)
    elif stream is Stream.REQUESTS:
        _give_up(store, owner, entry)
    else:
        store.notify(CohortId(owner))


def _owner_of(
    store: MemoryStore, stream: Stream, entry: str
) -> RequestId | tuple[RequestId, MigrationId] | None:
    if stream is Stream.MIGRATIONS:
        owned = ((r, m) for r, left in store.unsettled.items() for m in left)
        return next((o for o in owned if store.migrations[o[1]].get("entry") == entry), None)
    if stream is Stream.NOTICES:
        found = (c for c, card in store.cards.items() if card.get("notice_entry") == entry)
        return next(map(RequestId, found), None)
    return next((r for r, known in store.requests.items() if known.get("entry") == entry), None)


def _stands(store: MemoryStore, stream: Stream, entry: str, request: RequestId) -> bool:
    return entry in store.streams[stream].entries or any(
        p.stream is stream and p.request == request and p.migration is None
        for p in store.parked.values()
    )


def _lost(store: MemoryStore, request: RequestId) -> list[MigrationId]:
    here = store.streams[Stream.MIGRATIONS].entries
    parked = {p.migration for p in store.parked.values()}
    left = sorted(store.unsettled.get(request, set()))
    return [m for m in left if store.migrations[m].get("entry") not in here and m not in parked]


def _put_back(store: MemoryStore, request: RequestId, migration: MigrationId) -> bool:
    store.queue(request, migration, store.migrations[migration].get("attempts", "0"))
    return True


def _give_up(store: MemoryStore, request: RequestId, entry: str) -> None:
    reason = "its entry was removed from the stream before it was planned; send the message again"
    store.bury(Stream.REQUESTS, entry, "entry_trimmed", reason, request=request)
    ended = str(store.now_ms())
    store.requests[request] |= {"state": "dead", "reason": reason, "ended_ms": ended}
    store.request_changed(request)


def _notify_again(store: MemoryStore, request: RequestId) -> bool:
    cohort = CohortId(store.requests[request].get("card", ""))
    card = store.cards.get(cohort, {})
    if not card.get("channel") or "notice_error" in card:
        return False
    untold = not store.has_open(cohort) and card.get("ended_version") != card["version"]
    if card.get("notice_due") != "1" and not untold:
        return False
    if _stands(store, Stream.NOTICES, card.get("notice_entry", ""), RequestId(cohort)):
        return False
    store.notify(cohort)
    return True
