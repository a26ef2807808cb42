"""Signed reads.

A read that is refused for its pass (401) is repeated once with another pass, if there is one: a token of an App may end,
or be revoked, in the middle of a crossing.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from monarch.adapters.github.auth.passes import Pass, Passes
from monarch.adapters.github.outcomes import Answer
from monarch.adapters.github.retries import Reader
from monarch.adapters.http_send import Failure
from monarch.core.github.reply import Reply

_UNAUTHORIZED: Final = 401


class SignedReader:
    """Reads signed by `passes`, by the name of the repository that they are about."""

    def __init__(self, reader: Reader, passes: Passes) -> None:
        self._reader = reader
        self._passes = passes

    async def get(self, name: str, url: httpx.URL, tag: str = "") -> Answer:
        """Read one address; redirects are answers like any other. `tag` as in `Reader.get`."""
        return await self._signed(name, lambda signed: self._reader.get(url, signed, tag=tag))

    async def follow(self, name: str, url: httpx.URL) -> Answer:
        """Read one address, and what it redirects to."""
        return await self._signed(name, lambda signed: self._reader.follow(url, signed))

    async def is_by_app(self, name: str) -> bool:
        """Whether an App signs."""
        signed = await self._passes.pass_for(name)
        return isinstance(signed, Pass) and signed.installation is not None

    async def _signed(
        self, name: str, call: Callable[[Pass], Awaitable[Reply | Failure]]
    ) -> Answer:
        signed = await self._passes.pass_for(name)
        if not isinstance(signed, Pass):
            return signed
        answer = await call(signed)
        if not (_is_refused(answer) and self._passes.refused(signed)):
            return answer
        again = await self._passes.pass_for(name)
        if not isinstance(again, Pass):
            return again
        answer = await call(again)
        if _is_refused(answer):
            self._passes.refused(again)
        return answer


def _is_refused(answer: Answer) -> bool:
    return isinstance(answer, Reply) and answer.status == _UNAUTHORIZED
