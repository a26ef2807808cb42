"""One installation of the App: its token, renewed before it ends.

```
no token ──minted──▶ good ──its end is near──▶ renewed by one caller, while the others go on with the old one
   ▲                  │
   └──── refused ─────┘   a 401: dropped at once, whenever it was meant to end
```

GitHub says when a token ends, in its own time; the date of the same answer turns that into a duration, which our clock
then measures, so no clock has to agree with GitHub's.

A refused token says little: it may have been revoked, or have ended early. The installation is closed only when a fresh
token is refused as well, or none is given out: for a minute no caller asks again. Only this installation's budget and
targets are affected.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio

from monarch.adapters.github.auth.app import AppCaller
from monarch.adapters.github.auth.app_wire import InstallationFacts, read_token
from monarch.adapters.github.auth.passes import Pass
from monarch.adapters.github.outcomes import Answer, read_failure, unreached, unreadable
from monarch.core.advice import Advice
from monarch.core.github.reply import Reply, time_s
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Scope
from monarch.core.target.permission import Credential
from monarch.ports import Clock

RENEW_S: Final = 300.0
"""How long before its end a token is renewed, in seconds; and up to `JITTER_S` earlier, so that a fleet spreads."""
JITTER_S: Final = 60.0

FRESH_S: Final = 60.0
"""If a token that replaced a refused one is refused within this many seconds, the token is not the cause."""

CLOSED_S: Final = 60.0
TRANSIENT_S: Final = 5.0
"""How long a failure is believed before the next try, in seconds."""

_CREATED: Final = 201
_MISSING: Final = 404


class InstallationGone:
    """The installation no longer exists."""


@dataclass(frozen=True, slots=True)
class _Token:
    """Times are seconds of our clock; `replaces_refused`: it was asked for because another token was refused."""

    pass_: Pass
    minted_at: float
    renew_at: float
    ends_at: float
    replaces_refused: bool


class Installation:
    """Hands out passes in the name of one installation."""

    def __init__(
        self,
        facts: InstallationFacts,
        caller: AppCaller,
        clock: Clock,
        dice: Callable[[], float],
    ) -> None:
        """`dice` gives numbers in [0, 1)."""
        self._facts = facts
        self._caller = caller
        self._clock = clock
        self._dice = dice
        self._minting = anyio.Lock()
        self._token: _Token | None = None
        self._refused_at: float | None = None
        self._closed: tuple[float, ReadFailure] | None = None

    @property
    def id(self) -> int:
        """GitHub's number of the installation."""
        return self._facts.id

    async def pass_(self) -> Pass | ReadFailure | InstallationGone:
        """A pass that is good for a while; callers at the same time ask GitHub for only one token."""
        token = self._good()
        if token is not None and (not self._is_due(token) or self._minting.locked()):
            return token.pass_
        async with self._minting:
            token = self._good()
            if token is not None and not self._is_due(token):
                return token.pass_
            minted = self._known_failure() or await self._mint()
        return token.pass_ if token is not None and not isinstance(minted, Pass) else minted

    def credential(self, used: Pass) -> Credential:
        """Who pays for a call with that pass, and under which name copies appear."""
        return Credential(self._account, used.fingerprint, f"{self._facts.slug}[bot]")

    def refused(self, used: Pass) -> bool:
        """See `Passes.refused`."""
        token, now = self._token, self._clock.now()
        if token is None or token.pass_.token != used.token:
            return True
        self._token, self._refused_at = None, now
        if not (token.replaces_refused and now - token.minted_at < FRESH_S):
            return True
        self._close(CLOSED_S, self._keeps_refusing())
        return False

    @property
    def _account(self) -> str:
        return f"installation:{self._facts.id}"

    def _good(self) -> _Token | None:
        token = self._token
        return token if token is not None and self._clock.now() < token.ends_at else None

    def _is_due(self, token: _Token) -> bool:
        return self._clock.now() >= token.renew_at

    # ------------------------------------------------------------------------------------------- minting

    async def _mint(self) -> Pass | ReadFailure | InstallationGone:
        began = self._clock.now()
        answer = await self._caller.call("POST", f"app/installations/{self.id:d}/access_tokens")
        if isinstance(answer, Reply) and answer.status == _MISSING:
            self._token = None
            return InstallationGone()
        token = self._read(answer, began)
        if not isinstance(token, _Token):
            self._close(_kept_s(token), token)
            return token
        self._token, self._closed = token, None
        return token.pass_

    def _read(self, answer: Answer, began: float) -> _Token | ReadFailure:
        if not isinstance(answer, Reply):
            return unreached(answer)
        if answer.status != _CREATED:
            return read_failure(answer)
        given = read_token(answer.body)
        if given is None:
            return unreadable(answer)
        date_s = time_s(answer.headers.get("date", ""))
        lasts_s = given.ends_at_s - (self._caller.now_s() if date_s is None else date_s)
        early_s = min(RENEW_S + JITTER_S * self._dice(), lasts_s / 2)
        return _Token(
            Pass(given.token, self._account, self.id),
            began,
            began + lasts_s - early_s,
            began + lasts_s,
            self._refused_at is not None and began - self._refused_at < FRESH_S,
        )

    def _known_failure(self) -> ReadFailure | None:
        if self._closed is None or self._clock.now() >= self._closed[0]:
            return None
        return self._closed[1]

    def _close(self, wait_s: float, failure: ReadFailure) -> None:
        self._closed = (self._clock.now() + wait_s, failure)

    def _keeps_refusing(self) -> Permanent:
        return Permanent(
            Scope.CREDENTIAL,
            Code.CREDENTIAL,
            f"GitHub refuses even fresh tokens of the App's installation on {self._facts.owner}",
            advice=Advice(
                "see in the settings of that owner that the App is installed and not suspended",
                replay=False,
            ),
        )


def _kept_s(failure: ReadFailure) -> float:
    match failure:
        case Permanent():
            return CLOSED_S
        case RateLimited(_, wait_s):
            return CLOSED_S if wait_s is None else min(wait_s, CLOSED_S)
        case _:
            return TRANSIENT_S
