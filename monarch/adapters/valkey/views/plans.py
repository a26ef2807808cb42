"""The frozen tickets: `ports.Plans`."""

from anyio import to_thread
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.codec import decode_plan
from monarch.adapters.valkey.keys import Keys
from monarch.core.ids import RequestId
from monarch.core.plan import Plan


class ValkeyPlans:
    """`ports.Plans`."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans.read`."""
        with classified("reading a plan"):
            packed = await self._client.get(self._keys.plan(request))
        # Megabytes can come out of it: not on the event loop.
        return None if packed is None else await to_thread.run_sync(decode_plan, packed)
