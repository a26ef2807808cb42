"""The intake: what is heard is appended before anything else is heard."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import anyio
import pytest

from monarch.core.delivery import Stream
from monarch.ports import Hearing, StoreError
from monarch.stages.intake import Intake
from tests.contracts.doubles.flaky import Flaky, failing
from tests.contracts.doubles.inbox import MemoryInbox
from tests.stages.house import House, dice, pass_time

AWAY = StoreError("Valkey is away")


class FakeEar:
    """A channel on which these things happen: a message, a second of silence (`None`), or a break (an error).

    After the last of them it is silent for ever.
    """

    def __init__(self, *happens: bytes | StoreError | None) -> None:
        self._happens: Sequence[bytes | StoreError | None] = happens
        self._next = 0
        self.subscriptions = 0
        self.silent = anyio.Event()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[Hearing | None]]:
        """See `ports.Ear.listen`."""
        self.subscriptions += 1
        async with aclosing(self._hearings()) as hearings:
            yield hearings

    async def _hearings(self) -> AsyncGenerator[Hearing | None, None]:
        while True:
            await anyio.lowlevel.checkpoint()
            here = self._next
            self._next += 1
            if here >= len(self._happens):
                self.silent.set()
            happens = self._happens[here] if here < len(self._happens) else None
            if isinstance(happens, StoreError):
                await pass_time(3)
                raise happens
            if happens is None:
                await pass_time(1)
            yield None if happens is None else Hearing(f"hearing-{here}", happens)


class Listening:
    """An intake, and what it listens to."""

    def __init__(self, house: House, ear: FakeEar) -> None:
        self.ear = ear
        self.inbox = Flaky(MemoryInbox(house.store, "replica-1"), "inbox")
        self.intake = Intake(ear, self.inbox, house.telemetry, house.clock, dice)
        self.draining = anyio.Event()

    async def run(self) -> None:
        """Until nothing more happens, and the intake has stopped."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.intake.run, self.draining)
            await self.ear.silent.wait()
            self.draining.set()


def appended(house: House) -> list[bytes]:
    """What the stream of requests holds."""
    return [fields[b"payload"] for fields in house.store.streams[Stream.REQUESTS].entries.values()]


async def test_what_is_heard_is_appended_as_it_is(house: House) -> None:
    """Nobody looks into it."""
    await Listening(house, FakeEar(b"{}", None, b"\xff\x00not json")).run()

    assert appended(house) == [b"{}", b"\xff\x00not json"]


@pytest.mark.parametrize("side", ["before", "after"])
async def test_an_append_without_an_answer_is_repeated_until_it_is_done(
    house: House, side: str
) -> None:
    """And appended once, whether it took effect or not."""
    listening = Listening(house, FakeEar(b"one", b"two"))
    setattr(listening.inbox, side, failing("inbox.mirror", AWAY, 1, 2, 3))

    await listening.run()

    assert appended(house) == [b"one", b"two"]
    assert listening.inbox.calls["inbox.mirror"] == 5


async def test_a_broken_subscription_is_made_again_and_the_gap_told(house: House) -> None:
    """How long nobody heard is what may have been lost."""
    listening = Listening(house, FakeEar(b"one", AWAY, b"two"))

    await listening.run()

    assert appended(house) == [b"one", b"two"]
    assert listening.ear.subscriptions == 2
    (gap,) = house.told("hearing.interrupted")
    assert 0 < gap["seconds"] <= 5


async def test_a_subscription_that_was_never_broken_has_no_gap(house: House) -> None:
    """Silence is no gap."""
    listening = Listening(house, FakeEar(None, None, None))

    await listening.run()

    assert "hearing.interrupted" not in house.events
    assert listening.intake.subscribed


async def test_it_says_when_it_does_not_hear(house: House) -> None:
    """Readiness asks for it."""
    listening = Listening(house, FakeEar(AWAY))
    seen = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listening.intake.run, listening.draining)
        await pass_time(3.01)
        seen.append(listening.intake.subscribed)
        await listening.ear.silent.wait()
        seen.append(listening.intake.subscribed)
        listening.draining.set()

    assert seen == [False, True]
