"""Who we are at GitHub, shared by the fleet."""

from typing import Protocol

from monarch.core.target.logins import Us
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author


class Logins(Protocol):
    """Our accounts at GitHub, present and former. Only they show later which issues are ours."""

    async def us(self, credential: Credential) -> Us:
        """Say who we are and were, for the holder of this credential.

        Raises:
            StoreError: Valkey cannot be asked.
        """

    async def introduce(self, credential: Credential, author: Author | None = None) -> Us:
        """Put on record whom this credential writes as, and say who we are and were.

        Call this before anything is written with the credential: the record is as old as the intent, so a worker that
        finds the intent knows the account. `author` is the user of a 201 that was written with it; `None`: as far as the
        credential itself says it.

        Raises:
            StoreError: Valkey cannot be asked.
        """
