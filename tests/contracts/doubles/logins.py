"""`ports.Logins` in memory."""

import anyio

from monarch.core.logins import KEPT, Known, Us, us_of
from monarch.core.permission import Credential
from monarch.core.ticket import Author
from tests.contracts.doubles.store import MemoryStore


class MemoryLogins:
    """The accounts of a `MemoryStore`, the one that was seen last at the end."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def introduce(self, credential: Credential, author: Author | None = None) -> Us:
        """See `ports.Logins.introduce`."""
        await anyio.lowlevel.checkpoint()
        who, known = author or credential.author, self._store.logins
        if who is not None:
            field = str(who.id or who.login.lower())
            known.pop(field, None)
            known[field] = Known(who, credential.account)
            if who.id:
                known.pop(who.login.lower(), None)
            for oldest in [*known][:-KEPT]:
                del known[oldest]
        return us_of((*known.values(),), credential)

    async def us(self, credential: Credential) -> Us:
        """See `ValkeyLogins.us`."""
        await anyio.lowlevel.checkpoint()
        return us_of((*self._store.logins.values(),), credential)
