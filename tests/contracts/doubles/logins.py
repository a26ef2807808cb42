"""`ports.Logins` in memory."""

import anyio

from monarch.core.target.logins import KEPT, Known, Us, us_of
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author
from tests.contracts.doubles.store import MemoryStore


class MemoryLogins:
    """The accounts of a `MemoryStore`, the one that was seen last at the end."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def introduce(self, credential: Credential, author: Author | None = None) -> Us:
        """See `ports.Logins.introduce`."""
        await anyio.lowlevel.checkpoint()
        who, known = author or credential.author or Author(""), self._store.logins
        if who.login or not self._is_named(credential):
            field = str(who.id) if who.id else who.login.lower() or f"?{credential.account}"
            known.pop(field, None)
            known[field] = Known(who, credential.account)
            if who.id:
                known.pop(who.login.lower(), None)
                known.pop(f"?{credential.account}", None)
            for oldest in [*known][:-KEPT]:
                del known[oldest]
        return us_of((*known.values(),), credential)

    async def us(self, credential: Credential) -> Us:
        """See `ports.Logins.us`."""
        await anyio.lowlevel.checkpoint()
        return us_of((*self._store.logins.values(),), credential)

    def _is_named(self, credential: Credential) -> bool:
        known = self._store.logins.values()
        return any(each.author.id and each.credential == credential.account for each in known)
