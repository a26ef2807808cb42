"""Which accounts the fleet writes with."""

from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys

SHOWN_FOR_MS: Final = 2 * 86_400_000
"""An account that has not been used to write for longer is not shown, in milliseconds."""


class Accounts:
    """Reads the list that permit.lua and gate.lua keep."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def known(self, now_ms: int) -> tuple[str, ...]:
        """Accounts that write, or had a gate closed; a refused token has its own, named `token:<fingerprint>`.

        Of users only the one that was in use last: a fleet signs as one, and what its former account has to wait for holds
        up no one. A worker notes its account when it starts.
        """
        pipe = self._client.pipeline(transaction=False)
        pipe.zrangebyscore(self._keys.accounts, now_ms - SHOWN_FOR_MS, "+inf")
        (found,) = await answers_of(pipe, "looking for accounts")
        names = [name.decode("utf-8", "replace") for name in found]
        former = [name for name in names if name.startswith("user:")][:-1]
        return tuple(sorted(set(names) - set(former)))
