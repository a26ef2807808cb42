"""`ports.Plans` in memory."""

import anyio

from monarch.core.ids import RequestId
from monarch.core.plan import Plan
from tests.contracts.doubles.store import MemoryStore


class MemoryPlans:
    """The plans of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans.read`."""
        await anyio.lowlevel.checkpoint()
        return self._store.plans.get(request)
