"""The frozen tickets: `ports.Plans`."""

from collections.abc import Awaitable, Callable

from anyio import to_thread
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.codec import decode_plan
from monarch.adapters.valkey.keys import Keys
from monarch.core.ids import RequestId
from monarch.core.plan import Plan


class ValkeyPlans:
    """`ports.Plans`."""

    def __init__(
        self,
        client: Valkey,
        keys: Keys,
        aside: Callable[[Callable[[], Plan | None]], Awaitable[Plan | None]] = to_thread.run_sync,
    ) -> None:
        """`aside` does what takes long beside the event loop."""
        self._client = client
        self._keys = keys
        self._aside = aside

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans.read`."""
        key = self._keys.plan(request)
        with classified(f"reading the plan in {key}"):
            packed = await self._client.get(key)
        # Unpacking can give megabytes, so it does not run on the event loop.
        return None if packed is None else await self._aside(lambda: decode_plan(packed))
