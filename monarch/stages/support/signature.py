"""Watches whether GitHub accepts our credential, so that a refusal is known before work meets it.

A worker asks when it starts, and then one worker of the fleet asks once a minute. The answer is kept in Valkey for all
readers, and logged: a refusal as an error each time, since it stops everything and only a person can repair it. GitHub
counts refused logins, and after many it rejects good ones, too, so no worker asks more often.
"""

from typing import Final

import anyio

from monarch.core.outcome import Permanent, Scope, said_of
from monarch.ports import Refusals, Signing, StoreError
from monarch.telemetry import Telemetry

EVERY_S: Final = 60.0


class SignatureWatch:
    """Asks whether GitHub accepts the credential, keeps the answer where people see it, and waits."""

    def __init__(self, signing: Signing, refusals: Refusals, telemetry: Telemetry) -> None:
        self._signing = signing
        self._refusals = refusals
        self._telemetry = telemetry

    async def run(self, draining: anyio.Event) -> None:
        """Ask at once and then by turns, until the worker stops."""
        is_first = True
        while not draining.is_set():
            if await self._is_turn() or is_first:
                await self._ask()
            is_first = False
            with anyio.move_on_after(EVERY_S):
                await draining.wait()

    async def _is_turn(self) -> bool:
        try:
            return await self._refusals.turn()
        except StoreError as error:
            self._tell(error)
            return False

    async def _ask(self) -> None:
        match await self._signing.check():
            case str(account):
                await self._note(None, account)
            case Permanent(scope=Scope.CREDENTIAL) as refused:
                self._telemetry.credential_refused(reason=said_of(refused))
                await self._note(said_of(refused))
            case _:
                # This says nothing about the credential; work that needs GitHub reports it.
                return

    async def _note(self, reason: str | None, account: str = "") -> None:
        try:
            await self._refusals.note(reason, account)
        except StoreError as error:
            self._tell(error)

    def _tell(self, error: StoreError) -> None:
        """Report that Valkey is away; the next try is in a minute."""
        self._telemetry.store_trouble(where="watching the credential", error=error)
