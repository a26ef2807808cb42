"""Reads single addresses of GitHub, a few times if need be.

A read changes nothing, so it may be repeated: at most three times in all, where no answer came or one
that blames the server. A limit is never answered with another call. (A write never comes here.)
"""

from dataclasses import dataclass

import anyio
import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_result,
    stop_after_attempt,
    wait_random_exponential,
)

from monarch.adapters.github.outcomes import read_failure
from monarch.adapters.github.paging import Foreign, resolve
from monarch.adapters.http_send import Failure, HeldBack, NeverLeft, NoAnswer, send_once
from monarch.core.outcome import Transient
from monarch.core.reply import Reply

TRIES = 3
MAX_HOPS = 5
"""How many redirects in a row are followed; a repository that was renamed takes one."""

Answer = Reply | Failure


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a read may take, in seconds.

    Attributes:
        try_s: for one try; GitHub itself gives up after 10 s.
        all_s: for all tries together, and the waits between them.
        wait_s: the first wait is random below this, the second below its double.
    """

    try_s: float = 10.0
    all_s: float = 20.0
    wait_s: float = 0.5


class Reader:
    """Sends GETs over `client`, which follows no redirects."""

    def __init__(self, client: httpx.AsyncClient, patience: Patience) -> None:
        self._client = client
        self._patience = patience

    async def get(self, url: httpx.URL) -> Answer:
        """Read one address; redirects are answers like any other."""
        with anyio.move_on_after(self._patience.all_s):
            return await self._retrying()(self._once, url)
        return NoAnswer(f"no answer within {self._patience.all_s:g} s")

    async def follow(self, url: httpx.URL) -> Answer:
        """Read one address and what it redirects to, as long as that is the same host."""
        answer = await self.get(url)
        for _ in range(MAX_HOPS):
            if not (isinstance(answer, Reply) and answer.status in _REDIRECTS):
                return answer
            target = resolve(answer.headers.get("location", ""), url)
            if isinstance(target, Foreign):
                return NoAnswer(f"the redirect was not followed: {target.reason}")
            url, answer = target, await self.get(target)
        return answer

    async def _once(self, url: httpx.URL) -> Answer:
        answer = await send_once(self._client, "GET", url, deadline_s=self._patience.try_s)
        return NeverLeft("held back") if isinstance(answer, HeldBack) else answer

    def _retrying(self) -> AsyncRetrying:
        """Make a new one for each read: tenacity keeps a call's state in it."""
        return AsyncRetrying(
            sleep=anyio.sleep,
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=self._patience.wait_s),
            retry=retry_if_result(_may_pass),
            retry_error_callback=_last,
        )


_REDIRECTS = frozenset({301, 302, 307, 308})
_FAULTS = range(500, 600)


def _may_pass(answer: Answer) -> bool:
    """Whether another try makes sense at once: no answer, or the server's own fault."""
    if not isinstance(answer, Reply):
        return True
    return answer.status in _FAULTS and isinstance(read_failure(answer), Transient)


def _last(state: RetryCallState) -> Answer:
    """Give the last answer back instead of tenacity's error."""
    if state.outcome is None:
        return NoAnswer("not tried")
    answer: Answer = state.outcome.result()
    return answer
