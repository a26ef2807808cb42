"""The newest repositories of an owner, read from the newest backwards.

Organisations and persons have different addresses, and nothing says which of them an owner is; so the address that has
answered is remembered. According to GitHub's description no list shows what a repository was made from: that is read at
its own address.
"""

from typing import Final
from urllib.parse import quote

import httpx

from monarch.adapters.github.addresses import url_of
from monarch.adapters.github.auth.signed import SignedReader
from monarch.adapters.github.outcomes import Answer, read_outcome
from monarch.adapters.github.paging import Foreign, next_page
from monarch.adapters.github.wire import read_listed
from monarch.core.github.reply import Reply
from monarch.core.missed.sighting import Listed, Newest, NotModified, name_within
from monarch.core.outcome import Code, Found, Permanent, ReadFailure, Scope, Transient

MAX_PAGES: Final = 100
"""Ten thousand repositories in one window; older ones are not read."""

_QUERY: Final = "sort=created&direction=desc&per_page=100"
_KINDS: Final = ("orgs", "users")
_NOT_MODIFIED: Final = 304


class Owned:
    """Lists the repositories of an owner."""

    def __init__(self, reader: SignedReader, base: httpx.URL) -> None:
        self._reader = reader
        self._base = base
        self._kinds: dict[str, str] = {}

    async def newest(
        self, owner: str, until_ms: int, tag: str = ""
    ) -> Found[Newest] | NotModified | ReadFailure:
        """See `ports.Owners.newest`."""
        known = self._kinds.get(owner.lower())
        found: Found[Newest] | NotModified | ReadFailure | None = None
        for kind in (known,) if known else _KINDS:
            found = await self._of_kind(kind, owner, until_ms, tag)
            if not (isinstance(found, Permanent) and found.code is Code.NOT_FOUND):
                self._kinds[owner.lower()] = kind
                return found
        self._kinds.pop(owner.lower(), None)
        reason = f"GitHub knows no organisation and no user {owner}, or our account may not see it"
        return Permanent(Scope.REPOSITORY, Code.NOT_FOUND, reason)

    async def _of_kind(
        self, kind: str, owner: str, until_ms: int, tag: str
    ) -> Found[Newest] | NotModified | ReadFailure:
        url = url_of(self._base, f"{kind}/{quote(owner, safe='')}/repos?{_QUERY}")
        found: list[Listed] = []
        first_tag = ""
        for page in range(1, MAX_PAGES + 1):
            answer = await self._reader.get(name_within(owner), url, tag if page == 1 else "")
            if page == 1 and isinstance(answer, Reply):
                first_tag = answer.headers.get("etag", "")
                if answer.status == _NOT_MODIFIED:
                    return NotModified()
            shown = read_outcome(answer, read_listed)
            if not isinstance(shown, Found):
                return shown
            found.extend(shown.value)
            following = _following(answer, url, shown.value, until_ms)
            if isinstance(following, Transient):
                return following
            if following is None:
                break
            url = following
        wanted = {one.id: one for one in found if one.created_ms >= until_ms}
        return Found(Newest(tuple(wanted.values()), first_tag, page))


def _following(
    answer: Answer, here: httpx.URL, shown: tuple[Listed, ...], until_ms: int
) -> httpx.URL | Transient | None:
    """The next page; `None` if nothing on it can be wanted."""
    if not isinstance(answer, Reply):
        return None
    if any(one.created_ms < until_ms for one in shown):
        return None
    following = next_page(answer.headers, here)
    if isinstance(following, Foreign):
        return Transient(f"the next page was not read: {following.reason}")
    return following
