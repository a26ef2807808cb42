"""GitHub takes what we sign with, and the store takes down what a worker found of that."""

from monarch.core.outcome import ReadFailure


class TakenSigning:
    """`ports.Signing` of a good token."""

    async def check(self) -> ReadFailure | None:
        """See `ports.Signing.check`."""
        return None


class MemoryRefusals:
    """`ports.Refusals`; it is always this worker's turn."""

    def __init__(self) -> None:
        self.noted: list[str | None] = []

    async def turn(self) -> bool:
        """See `ports.Refusals.turn`."""
        return True

    async def note(self, reason: str | None) -> None:
        """See `ports.Refusals.note`."""
        self.noted.append(reason)
