"""The owners of repositories, for the sweep for missed ones."""

from typing import Protocol

from monarch.core.missed.sighting import Newest, NotModified
from monarch.core.outcome import Found, ReadFailure


class Owners(Protocol):
    """What belongs to an organisation or to a person."""

    async def newest(
        self, owner: str, until_ms: int, tag: str = ""
    ) -> Found[Newest] | NotModified | ReadFailure:
        """The repositories of `owner` that were created at `until_ms` (milliseconds since 1970) or later.

        One read for each hundred of them. `NotModified` if the newest page still has this `tag`. A person's private
        repositories are not shown.
        """
