"""Speaks to GitHub as an App: calls in its own name, signed with its private key.

Each call carries a JSON web token that is made for it (RS256): issued a minute ago, so that a slightly fast clock does
no harm, and ending in less than the ten minutes that GitHub allows. A clock that is further off shows in the date of the
answers, and is corrected.
"""

import json
from dataclasses import dataclass, field
from typing import Final

import httpx

from monarch.adapters.github.addresses import url_of
from monarch.adapters.github.auth.passes import Pass
from monarch.adapters.github.outcomes import Answer, read_outcome
from monarch.adapters.github.retries import Reader
from monarch.core.github.reply import Reply, time_s
from monarch.core.outcome import Found, ReadFailure
from monarch.ports import Clock

ISSUED_AGO_S: Final = 60
VALID_S: Final = 480
"""How long a signature is valid from now on, in seconds. With `ISSUED_AGO_S` it stays under GitHub's ten minutes."""

SKEW_S: Final = 30.0
"""How far off a clock may be before it is corrected, in seconds; an answer's date has whole seconds."""

_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class AppKey:
    """Who an App is: `id` is its app id or its client id, `pem` its private key."""

    id: str
    pem: str = field(repr=False)


class AppCaller:
    """Calls in the name of the App itself. Every one of them may be repeated."""

    def __init__(self, key: AppKey, reader: Reader, base: httpx.URL, clock: Clock) -> None:
        self._key = key
        self._reader = reader
        self._base = base
        self._clock = clock
        self._skew_s = 0.0

    def now_s(self) -> float:
        """GitHub's time, in seconds since 1970, as far as it is known."""
        return self._clock.wall_ms() / 1000 + self._skew_s

    async def call(self, method: str, path: str) -> Answer:
        """Ask; once more if GitHub refused because our clock is wrong."""
        answer = await self._signed(method, path)
        if self._learn_skew(answer) and _is_refused(answer):
            return await self._signed(method, path)
        return answer

    async def check(self) -> ReadFailure | None:
        """Why GitHub does not know the App by its signature; `None`: it does."""
        found = read_outcome(await self.call("GET", "app"), lambda body: body)
        return None if isinstance(found, Found) else found

    async def _signed(self, method: str, path: str) -> Answer:
        return await self._reader.follow(
            url_of(self._base, path), Pass(self._token()), method=method
        )

    def _token(self) -> str:
        # Imported here, since it loads a cryptography library, and most installations have no App.
        from jwt.api_jws import encode  # noqa: PLC0415 - see above

        now_s = int(self.now_s())
        # GitHub has refused an app id in quotation marks ("'Issuer' claim ('iss') must be an Integer"), and PyJWT's own
        # claims refuse a number; so the claims are written here, and PyJWT only signs.
        issuer = int(self._key.id) if self._key.id.isdecimal() else self._key.id
        claims = {"iat": now_s - ISSUED_AGO_S, "exp": now_s + VALID_S, "iss": issuer}
        return encode(
            json.dumps(claims).encode(), self._key.pem, algorithm="RS256", headers={"typ": "JWT"}
        )

    def _learn_skew(self, answer: Answer) -> bool:
        """Learn GitHub's time, and return whether ours was wrong."""
        date_s = time_s(answer.headers.get("date", "")) if isinstance(answer, Reply) else None
        if date_s is None or abs(date_s - self.now_s()) <= SKEW_S:
            return False
        self._skew_s += date_s - self.now_s()
        return True


def _is_refused(answer: Answer) -> bool:
    return isinstance(answer, Reply) and answer.status == _UNAUTHORIZED
