"""`ports.Cards` in memory."""

import anyio

from monarch.adapters.valkey.cards import telling_of
from monarch.adapters.valkey.views.request import cohort_view, request_view
from monarch.core.card.telling import Telling
from monarch.core.card.view import CohortView
from monarch.core.delivery import Delivery
from monarch.core.ids import CohortId, RequestId, migration_id
from monarch.core.report.summary import RequestView
from monarch.core.target.permission import Busy
from monarch.ports import Posted
from tests.contracts.doubles.store import MemoryStore

SAYING_MS = 15_000


class MemoryCards:
    """What Slack knows of the cohorts of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def begin(self, delivery: Delivery, cohort: CohortId) -> Telling | Busy | None:
        """See `ports.Cards.begin`."""
        await anyio.lowlevel.checkpoint()
        store, now = self._store, self._store.now_ms()
        holder = store.sayings.get(cohort)
        busy = holder is not None and holder[1] > now and holder[0] != delivery.token
        if busy or not store.still_holds(delivery.token):
            return Busy()
        card = store.cards.get(cohort)
        if card is None:
            return None
        store.sayings[cohort] = (delivery.token, now + SAYING_MS)
        card["notice_due"] = "0"
        return telling_of(self.view(cohort), card, now)

    def view(self, cohort: CohortId) -> CohortView:
        """How it stands."""
        store = self._store
        views = [self._view(one) for one in store.cohorts[cohort] if one in store.requests]
        return cohort_view(cohort, store.cards[cohort], views)

    def _view(self, request: RequestId) -> RequestView:
        store = self._store
        migrations = [
            store.migrations.get(migration_id(request, target), {})
            for target in store.targets.get(request, [])
        ]
        return request_view(request, store.requests[request], migrations, store.paused_by)

    async def sending(self, cohort: CohortId, what: str, names: tuple[str, ...] = ()) -> None:
        """See `ports.Cards.sending`."""
        await anyio.lowlevel.checkpoint()
        card = self._store.cards[cohort]
        if what.startswith("reply:"):
            card[what] = "\n".join(("- - -", *names))
        else:
            card[f"{what}_open"] = "1"

    async def said(
        self,
        cohort: CohortId,
        what: str,
        version: int,
        posted: Posted | None,
        digest: str = "",
        names: tuple[str, ...] = (),
    ) -> None:
        """See `ports.Cards.said`."""
        await anyio.lowlevel.checkpoint()
        card = self._store.cards[cohort]
        for over in ("notice_error", "refused", f"{what}_open"):
            card.pop(over, None)
        now = int(card["version"])
        field = "ended_version" if what == "ending" else "said_version"
        before = min(int(card.get(field, "0")), now)
        if what in {"card", "ending"} and before < version <= now:
            card[field] = str(version)
        if what == "ending":
            card["endings"] = str(int(card.get("endings", "0")) + 1)
        elif posted and what == "card":
            card |= {"card_ts": posted.ts, "card_channel": posted.channel, "card_digest": digest}
            card["edited_ms"] = str(self._store.now_ms())
            self._put_right(cohort, version, before)
        elif posted:
            card[what] = "\n".join((f"{posted.ts} {posted.channel} {digest}", *names))

    def _put_right(self, cohort: CohortId, version: int, before: int) -> None:
        """An older word has overwritten a newer one, or came when nobody waited for it any more."""
        if version < before:
            self._store.cards[cohort]["said_version"] = str(version)
        elif version >= int(self._store.cards[cohort]["version"]):
            return
        if self._store.cards[cohort].get("notice_due") != "1":
            self._store.notify(cohort)

    async def not_sent(self, cohort: CohortId, what: str) -> None:
        """See `ports.Cards.not_sent`."""
        await anyio.lowlevel.checkpoint()
        card = self._store.cards[cohort]
        card.pop(what if what.startswith("reply:") else f"{what}_open", None)

    async def gone(self, cohort: CohortId, what: str, *, deleted: bool) -> None:
        """See `ports.Cards.gone`."""
        await anyio.lowlevel.checkpoint()
        card = self._store.cards[cohort]
        if what.startswith("reply:"):
            card[what] = "- - -"
        elif not deleted:
            card["frozen"] = "1"
        else:
            for over in ("card_ts", "card_channel", "card_digest", "card_open"):
                card.pop(over, None)
            card["dropped" if "reposted" in card else "reposted"] = "1"

    async def end(self, delivery: Delivery, cohort: CohortId) -> None:
        """See `ports.Cards.end`."""
        await anyio.lowlevel.checkpoint()
        holder = self._store.sayings.get(cohort)
        if holder is not None and holder[0] == delivery.token:
            del self._store.sayings[cohort]

    async def adopt(self, delivery: Delivery, request: RequestId) -> Busy | None:
        """See `ports.Cards.adopt`; here no older code has told of anything."""
        await anyio.lowlevel.checkpoint()
        if not self._store.still_holds(delivery.token):
            return Busy()
        if "source" in self._store.requests.get(request, {}):
            self._store.card_changed(self._store.join(request))
        return None
