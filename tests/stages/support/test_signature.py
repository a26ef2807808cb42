"""The watch over what we sign with, on a virtual clock."""

from collections.abc import Sequence

import anyio

from monarch.core.outcome import Code, Permanent, ReadFailure, Scope, Transient
from monarch.ports import StoreError
from monarch.stages.support.signature import EVERY_S, SignatureWatch
from tests.stages.house import House, pass_time

REFUSED = Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "the token is expired")
UNREACHED = Transient("GitHub does not answer")


class FakeSigning:
    """GitHub answers like this, the last of it for ever."""

    def __init__(self, *answers: str | ReadFailure) -> None:
        self._answers = answers
        self.asked = 0

    async def check(self) -> str | ReadFailure:
        """See `ports.Signing.check`."""
        self.asked += 1
        return self._answers[min(self.asked, len(self._answers)) - 1]


class FakeRefusals:
    """Takes down what is noted; it is this worker's turn as these say, and then for ever."""

    def __init__(self, *turns: bool | StoreError) -> None:
        self._turns: Sequence[bool | StoreError] = turns
        self._taken = 0
        self.noted: list[str | None] = []
        self.accounts: list[str] = []

    async def turn(self) -> bool:
        """See `ports.Refusals.turn`."""
        self._taken += 1
        turn = self._turns[self._taken - 1] if self._taken <= len(self._turns) else True
        if isinstance(turn, StoreError):
            raise turn
        return turn

    async def note(self, reason: str | None, account: str = "") -> None:
        """See `ports.Refusals.note`."""
        self.noted.append(reason)
        self.accounts.append(account)


async def watched(house: House, signing: FakeSigning, refusals: FakeRefusals, for_s: float) -> None:
    """Watch for this time."""
    draining = anyio.Event()
    watch = SignatureWatch(signing, refusals, house.telemetry)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run, draining)
        await pass_time(for_s)
        draining.set()


async def test_a_token_that_is_wrong_from_the_start_is_told_at_once(house: House) -> None:
    """Before any work meets it, as an error, and each minute until it is mended."""
    signing, refusals = FakeSigning(REFUSED, REFUSED, "user:7"), FakeRefusals()

    await watched(house, signing, refusals, 2.5 * EVERY_S)

    assert refusals.noted == ["the token is expired", "the token is expired", None]
    assert refusals.accounts == ["", "", "user:7"]
    told = house.told("credential.refused")
    assert [line["log_level"] for line in told] == ["error", "error"]


async def test_what_says_nothing_of_the_credential_is_not_noted(house: House) -> None:
    """GitHub out of reach is no refusal, and the end of none."""
    refusals = FakeRefusals()

    await watched(house, FakeSigning(UNREACHED), refusals, 1.5 * EVERY_S)

    assert refusals.noted == []


async def test_a_worker_asks_when_it_is_its_turn(house: House) -> None:
    """Of a fleet one asks; and a Valkey that is away ends nothing."""
    signing = FakeSigning("user:7")
    refusals = FakeRefusals(False, StoreError("away"), True)

    await watched(house, signing, refusals, 4.5 * EVERY_S)

    assert signing.asked == 4
    assert house.told("valkey.unavailable")
