"""Adds the numbers of tickets to events: scripts know GitHub's id, people know the number."""

from collections.abc import Mapping, Sequence
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.codec import decode_plan
from monarch.adapters.valkey.keys import Keys
from monarch.core.ids import RequestId

_KEPT: Final = 50
"""For how many requests to keep the numbers for later events."""

NUMBER: Final = "ticket_number"


class Numbering:
    """Reads each plan once; the numbers of a plan that is gone are unknown."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._known: dict[str, Mapping[str, str]] = {}

    async def numbered(self, all_fields: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        """The same fields, with `ticket_number` added where there is a ticket whose number is known."""
        return [{**fields, **await self._number(fields)} for fields in all_fields]

    async def _number(self, fields: Mapping[str, str]) -> dict[str, str]:
        ticket = fields.get("ticket", "")
        request = fields.get("request") or fields.get("migration", "").partition(":")[0]
        if not (ticket and request):
            return {}
        if request not in self._known:
            self._known = dict(
                [*self._known.items(), (request, await self._read(request))][-_KEPT:]
            )
        number = self._known[request].get(ticket)
        return {NUMBER: number} if number else {}

    async def _read(self, request: str) -> Mapping[str, str]:
        pipe = self._client.pipeline(transaction=False)
        pipe.get(self._keys.plan(RequestId(request)))
        (packed,) = await answers_of(pipe, "reading a plan")
        plan = decode_plan(packed) if packed else None
        return {} if plan is None else {str(one.id): str(one.number) for one in plan.tickets}
