"""`ports.Plans` and `ports.Requests` in memory."""

import anyio

from monarch.adapters.valkey.views.request import request_view
from monarch.core.delivery import Delivery
from monarch.core.ids import RequestId, migration_id
from monarch.core.plan import Plan
from monarch.core.target.permission import Busy
from monarch.ports import Kind, Posted, Saying
from tests.contracts.doubles.store import MemoryStore

SAYING_MS = 15_000


class MemoryPlans:
    """The plans of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans.read`."""
        await anyio.lowlevel.checkpoint()
        return self._store.plans.get(request)


class MemoryRequests:
    """How the requests of a `MemoryStore` stand."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def begin_saying(self, delivery: Delivery, request: RequestId) -> Saying | Busy | None:
        """See `ports.Requests.begin_saying`."""
        await anyio.lowlevel.checkpoint()
        store, now = self._store, self._store.now_ms()
        holder = store.sayings.get(request)
        busy = holder is not None and holder[1] > now and holder[0] != delivery.token
        if busy or not store.still_holds(delivery.token):
            return Busy()
        known = store.requests.get(request)
        if known is None:
            return None
        store.sayings[request] = (delivery.token, now + SAYING_MS)
        known["notice_due"] = "0"
        migrations = [
            store.migrations.get(migration_id(request, target), {})
            for target in store.targets.get(request, [])
        ]
        return Saying(
            view=request_view(request, known, migrations, store.paused_by),
            said_version=int(known.get("said_version", "0")),
            progress=_progress(known),
            progress_open="progress_open" in known,
            final_said=known.get("final_said") == known["run"],
            final_open=known.get("final_open") == known["run"],
            is_refused="notice_refused" in known,
        )

    async def sending(self, request: RequestId, kind: Kind) -> None:
        """See `ports.Requests.sending`."""
        await anyio.lowlevel.checkpoint()
        known = self._store.requests[request]
        known[f"{kind}_open"] = known["run"]

    async def said(
        self, request: RequestId, kind: Kind, version: int, posted: Posted | None
    ) -> None:
        """See `ports.Requests.said`."""
        await anyio.lowlevel.checkpoint()
        known = self._store.requests[request]
        known.pop(f"{kind}_open", None)
        known.pop("notice_error", None)
        now = int(known["version"])
        before = min(int(known.get("said_version", "0")), now)
        known["said_version"] = str(version if before < version <= now else before)
        if kind == "final" and version == now:
            known["final_said"] = known["run"]
        if kind == "progress" and posted:
            known["progress_ts"], known["progress_channel"] = posted.ts, posted.channel
        overwrote = kind == "progress" and version < before
        if overwrote and known.get("channel") and known.get("notice_due") != "1":
            self._store.notify(request)

    async def gone(self, request: RequestId) -> None:
        """See `ports.Requests.gone`."""
        await anyio.lowlevel.checkpoint()
        known = self._store.requests[request]
        known.pop("progress_ts", None)
        known.pop("progress_channel", None)
        known["progress_open"] = known["run"]

    async def not_sent(self, request: RequestId, kind: Kind) -> None:
        """See `ports.Requests.not_sent`."""
        await anyio.lowlevel.checkpoint()
        self._store.requests[request].pop(f"{kind}_open", None)

    async def end_saying(self, delivery: Delivery, request: RequestId) -> None:
        """See `ports.Requests.end_saying`."""
        await anyio.lowlevel.checkpoint()
        holder = self._store.sayings.get(request)
        if holder is not None and holder[0] == delivery.token:
            del self._store.sayings[request]


def _progress(known: dict[str, str]) -> Posted | None:
    ts = known.get("progress_ts")
    return Posted(ts, known.get("progress_channel", "")) if ts else None
