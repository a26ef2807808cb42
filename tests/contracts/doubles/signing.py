"""GitHub takes what we sign with."""

from monarch.core.outcome import ReadFailure


class TakenSigning:
    """`ports.Signing` of a good token."""

    async def check(self) -> str | ReadFailure:
        """See `ports.Signing.check`."""
        return ""
