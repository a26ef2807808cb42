"""What is known of each ticket in each target: from the ledger, and from what a person last had read. Nothing here writes.

Two round trips for a page of rows. Plans are frozen, so the needed parts are remembered: the same plan is not unpacked for
each request of a cohort, nor for each look at it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from anyio import to_thread
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.codec import decode_ledger, decode_plan
from monarch.adapters.valkey.kept.verifications import decode_look
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger.later import decode_later
from monarch.adapters.valkey.views.raw import text, whole
from monarch.core.ids import RequestId, TargetId, migration_id
from monarch.ports.holdings import Holding, TicketLine

REMEMBERED: Final = 64
"""How many different plans to remember, each as the numbers and titles of its tickets."""

LONGEST_TITLE: Final = 120
"""How many characters of a title to remember."""

Tickets = tuple[TicketLine, ...]


class Matrices:
    """Reads rows. Both methods raise `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._plans: OrderedDict[bytes, Tickets] = OrderedDict()
        self._digests: OrderedDict[RequestId, bytes] = OrderedDict()

    async def tickets(self, requests: Sequence[RequestId]) -> Mapping[RequestId, Tickets]:
        """The tickets of their plans, in order; a request without a plan is left out."""
        unknown = [one for one in requests if one not in self._digests]
        if unknown:
            pipe = self._client.pipeline(transaction=False)
            for one in unknown:
                pipe.get(self._keys.plan(one))
            packed = await answers_of(pipe, "reading plans")
            for one, raw in zip(unknown, packed, strict=True):
                if raw:
                    await self._remember(one, raw)
        known = ((one, self._plans.get(self._digests.get(one, b""))) for one in requests)
        return {one: found for one, found in known if found is not None}

    async def _remember(self, request: RequestId, packed: bytes) -> None:
        digest = hashlib.sha256(packed).digest()
        if digest not in self._plans:
            # Unpacking can give megabytes, so it does not run on the event loop.
            self._plans[digest] = await to_thread.run_sync(_tickets_of, packed)
        self._digests[request] = digest
        while len(self._digests) > REMEMBERED * 10:
            self._digests.popitem(last=False)
        while len(self._plans) > REMEMBERED:
            gone, _ = self._plans.popitem(last=False)
            for one in [one for one, of in self._digests.items() if of == gone]:
                del self._digests[one]

    async def holdings(self, rows: Sequence[tuple[RequestId, str]]) -> tuple[Holding, ...]:
        """What is known of each of these targets of these requests, in their order."""
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        for request, target in rows:
            name = migration_id(request, target)
            pipe.hmget(self._keys.migration(name), ["target_id", "ended_ms"])
            pipe.get(self._keys.verified(name))
        (seconds, micros), *answers = await answers_of(pipe, "reading targets")
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        facts = [[whole(text(one)) for one in hashes] for hashes in answers[::2]]
        ledgers = await self._ledgers([target_id for target_id, _ in facts])
        looks = [decode_look(raw) for raw in answers[1::2]]
        return tuple(
            Holding(
                request,
                target,
                ended_ms,
                decode_ledger(flat, now_ms),
                look,
                decode_later(flat, now_ms),
            )
            for (request, target), (_, ended_ms), flat, look in zip(
                rows, facts, ledgers, looks, strict=True
            )
        )

    async def _ledgers(self, targets: Sequence[int | None]) -> list[list[bytes]]:
        """The ledgers of these; empty for a target that was never found."""
        pipe = self._client.pipeline(transaction=False)
        known = [target for target in targets if target is not None]
        for target in known:
            pipe.hgetall(self._keys.ledger(TargetId(target)))
        answers = await answers_of(pipe, "reading ledgers") if known else []
        found: dict[int, Mapping[bytes, bytes]] = dict(zip(known, answers, strict=True))
        return [
            [part for pair in found.get(target or 0, {}).items() for part in pair]
            for target in targets
        ]


def _tickets_of(packed: bytes) -> Tickets:
    plan = decode_plan(packed)
    return tuple(
        TicketLine(one.id, one.number, one.title[:LONGEST_TITLE])
        for one in (plan.tickets if plan else ())
    )
