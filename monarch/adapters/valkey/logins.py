"""Our accounts at GitHub: `ports.Logins`."""

from collections.abc import Iterable, Mapping
from typing import cast

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.target.logins import KEPT, KnownAccount, Us, us_of
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author

_PARTS = 4


class ValkeyLogins:
    """`ports.Logins`, over one hash."""

    def __init__(self, scripts: Scripts, keys: Keys) -> None:
        self._scripts = scripts
        self._keys = keys

    async def introduce(self, credential: Credential, author: Author | None = None) -> Us:
        """See `ports.Logins.introduce`."""
        return await self._ask("record", credential, author or credential.author)

    async def us(self, credential: Credential) -> Us:
        """See `ports.Logins.us`."""
        return await self._ask("ask", credential, None)

    async def _ask(self, what: str, credential: Credential, author: Author | None) -> Us:
        who = author or Author("")
        answer = await self._scripts.call(
            "introduce",
            [self._keys.logins],
            what,
            who.id,
            who.login,
            int(who.is_bot),
            credential.account,
            KEPT,
        )
        return us_of(_known(cast("list[bytes]", answer)), credential)


def login_of_each(kept: Mapping[bytes, bytes]) -> dict[str, str]:
    """Our accounts on record (`logins`) by what their budget is kept under: their logins, the newest where two share one."""
    flat = [part for pair in kept.items() for part in pair]
    return {one.credential: one.author.login for one in reversed(_known(flat)) if one.author.login}


def _known(flat: list[bytes]) -> tuple[KnownAccount, ...]:
    """The accounts on record, the newest first; an unreadable one is left out."""
    texts = [each.decode("utf-8", "replace") for each in flat]
    rows = [(name, parts.split(" ")) for name, parts in zip(texts[::2], texts[1::2], strict=True)]
    return tuple(_each(sorted(rows, key=lambda row: row[1][0], reverse=True)))


def _each(rows: Iterable[tuple[str, list[str]]]) -> Iterable[KnownAccount]:
    for name, parts in rows:
        if len(parts) == _PARTS:
            _, is_bot, account, login = parts
            number = int(name) if name.isascii() and name.isdigit() else 0
            yield KnownAccount(Author(login, number, is_bot == "1"), account)
