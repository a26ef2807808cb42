"""Reads single addresses of GitHub, a few times if need be.

A read changes nothing, so it may be repeated: three tries at most, if no answer came or one that blames the server.
A limit is never answered with another call. (A write to a repository never comes here; asking for a token does, since
a second token does no harm.)

A meter, if there is one, counts each try: reading has limits, too, which a fleet shares. A try may have to wait for its
turn, which does not count as part of its time.
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

from monarch.adapters.github.auth.passes import Pass
from monarch.adapters.github.outcomes import read_failure
from monarch.adapters.github.paging import Foreign, resolve
from monarch.adapters.http_send import (
    Failure,
    HeldBack,
    NeverLeft,
    NoAnswer,
    TooLarge,
    send_once,
)
from monarch.core.github.limits import primary_standing
from monarch.core.github.reply import Reply
from monarch.core.outcome import Transient
from monarch.ports import Meter

TRIES = 3
MAX_HOPS = 5
"""How many redirects in a row are followed; a renamed repository takes one."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a read may take, in seconds.

    Attributes:
        try_s: for one try; GitHub itself gives up after 10 s.
        all_s: for all tries together, including the waits between them.
        wait_s: the first wait is random below this, the second below its double.
    """

    try_s: float = 10.0
    all_s: float = 20.0
    wait_s: float = 0.5


class Reader:
    """Sends what may be repeated through `client`, which follows no redirects."""

    def __init__(
        self, client: httpx.AsyncClient, patience: Patience, meter: Meter | None = None
    ) -> None:
        self._client = client
        self._patience = patience
        self._meter = meter

    async def get(
        self, url: httpx.URL, signed: Pass, method: str = "GET", tag: str = ""
    ) -> Reply | Failure:
        """Read one address; redirects are answers like any other.

        `tag` is an earlier answer's `ETag`: while that answer is current, this one is an empty 304.
        """
        await self._admit(signed)
        answer: Reply | Failure = NoAnswer(f"no answer within {self._patience.all_s:g} s")
        with anyio.move_on_after(self._patience.all_s):
            answer = await self._retrying(signed)(self._once, url, signed, method, tag)
        await self._tell(signed, answer)
        return answer

    async def follow(self, url: httpx.URL, signed: Pass, method: str = "GET") -> Reply | Failure:
        """Read one address and what it redirects to, as long as that is at the same origin."""
        answer = await self.get(url, signed, method)
        for _ in range(MAX_HOPS):
            if not (isinstance(answer, Reply) and answer.status in _REDIRECTS):
                return answer
            target = resolve(answer.headers.get("location", ""), url)
            if isinstance(target, Foreign):
                return NoAnswer(f"the redirect was not followed: {target.reason}")
            url, answer = target, await self.get(target, signed, method)
        return answer

    async def _once(self, url: httpx.URL, signed: Pass, method: str, tag: str) -> Reply | Failure:
        headers = {**signed.headers, **({"If-None-Match": tag} if tag else {})}
        answer = await send_once(
            self._client, method, url, deadline_s=self._patience.try_s, headers=headers
        )
        return NeverLeft("held back") if isinstance(answer, HeldBack) else answer

    async def _admit(self, signed: Pass) -> None:
        if self._meter is not None and signed.account is not None:
            await self._meter.admit(signed.account)

    async def _tell(self, signed: Pass, answer: Reply | Failure) -> None:
        standing = primary_standing(answer) if isinstance(answer, Reply) else None
        if self._meter is not None and signed.account is not None and standing is not None:
            await self._meter.standing(signed.account, standing.remaining, standing.reset_in_s)

    def _retrying(self, signed: Pass) -> AsyncRetrying:
        """A new object for each read: tenacity keeps a call's state in it."""

        async def pause(seconds: float) -> None:
            await anyio.sleep(seconds)
            await self._admit(signed)

        return AsyncRetrying(
            sleep=pause,
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=self._patience.wait_s),
            retry=retry_if_result(_may_pass),
            retry_error_callback=_last,
        )


_REDIRECTS = frozenset({301, 302, 307, 308})
_FAULTS = range(500, 600)


def _may_pass(answer: Reply | Failure) -> bool:
    """Whether another try makes sense at once: no answer came, or the fault is the server's."""
    if not isinstance(answer, Reply):
        return not isinstance(answer, TooLarge)
    return answer.status in _FAULTS and isinstance(read_failure(answer), Transient)


def _last(state: RetryCallState) -> Reply | Failure:
    """Return the last answer instead of raising tenacity's error."""
    if state.outcome is None:
        return NoAnswer("not tried")
    answer: Reply | Failure = state.outcome.result()
    return answer
