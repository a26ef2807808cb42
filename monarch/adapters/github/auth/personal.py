"""A personal access token: one for every repository, on the budget of the user that it belongs to."""

from dataclasses import replace
from typing import Final

import httpx

from monarch.adapters.github.addresses import url_of
from monarch.adapters.github.auth.passes import Pass, is_token
from monarch.adapters.github.outcomes import Answer, read_outcome
from monarch.adapters.github.retries import Reader
from monarch.adapters.github.shapes import User
from monarch.adapters.github.wire import read_user
from monarch.core.github.reply import Reply, read_reply
from monarch.core.outcome import Found, Permanent, ReadFailure, Scope
from monarch.core.target.permission import Credential
from monarch.ports import Clock

REFUSAL_KEPT_S: Final = 10.0
"""How long a refused token is not tried again, in seconds: otherwise all waiting callers would ask at once."""

_FORBIDDEN: Final = 403


class PersonalToken:
    """Says who the token's user is, once it is known, and signs in its name."""

    def __init__(self, token: str, reader: Reader, base: httpx.URL, clock: Clock) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            ValueError: the token cannot stand in a header.
        """
        if not is_token(token):
            raise ValueError("the token for GitHub is empty or has characters that no token has")
        self._pass = Pass(token)
        self._reader = reader
        self._url = url_of(base, "user")
        self._clock = clock
        self._credential: Credential | None = None
        self._refusal: tuple[float, Permanent] | None = None

    @property
    def pass_(self) -> Pass:
        """The pass, the same for every repository."""
        return self._pass

    async def credential(self) -> Found[Credential] | ReadFailure:
        """Whose token it is. Remembered once known; after a failure asked again, after a refusal not before `REFUSAL_KEPT_S`."""
        return await self._ask() if self._credential is None else Found(self._credential)

    async def check(self) -> str | ReadFailure:
        """The account that the token is of, or why GitHub does not take it now, whatever is remembered."""
        who = await self._ask()
        return who.value.account if isinstance(who, Found) else who

    async def _ask(self) -> Found[Credential] | ReadFailure:
        if self._refusal is not None and self._clock.now() < self._refusal[0]:
            return self._refusal[1]
        who = _read_account(await self._reader.get(self._url, self._pass), self._pass)
        if not isinstance(who, Found):
            return self._kept(who)
        self._credential = who.value
        self._pass = replace(self._pass, account=who.value.account)
        return who

    def _kept(self, failure: ReadFailure) -> ReadFailure:
        if isinstance(failure, Permanent) and failure.scope is Scope.CREDENTIAL:
            self._refusal = (self._clock.now() + REFUSAL_KEPT_S, failure)
        return failure


def _read_account(answer: Answer, used: Pass) -> Found[Credential] | ReadFailure:
    """Say whose budget is used. An installation may not ask who it is: then its token stands for it."""
    if is_integration(answer):
        return Found(Credential(f"token:{used.fingerprint}", used.fingerprint))
    user: Found[User] | ReadFailure = read_outcome(answer, read_user)
    if not isinstance(user, Found):
        return user
    who = user.value
    return Found(Credential(f"user:{who.id}", used.fingerprint, who.login, who.id))


def is_integration(answer: Answer) -> bool:
    """Whether `GET /user` was refused because the token is an installation's, which cannot say who it is."""
    if not (isinstance(answer, Reply) and answer.status == _FORBIDDEN):
        return False
    return read_reply(answer, writing=False).has("resource not accessible by integration")
