"""The intake: what is heard is kept, also by a worker that stops."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import anyio
import pytest

from monarch.core.delivery import Stream
from monarch.ports import Hearing, StoreError
from monarch.stages.intake import Intake
from monarch.stages.support.backlog import MOST
from tests.contracts.doubles.ear import MemoryEar
from tests.contracts.doubles.flaky import Flaky, failing
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
        self._is_ending = False

    async def unsubscribe(self) -> None:
        """See `ports.Ear.unsubscribe`."""
        self._is_ending = True

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
                if self._is_ending:
                    return
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
        self.inbox = Flaky(house.world.inbox("replica-1"), "inbox")
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
    return [fields[b"payload"] for fields in house.store.entries(Stream.REQUESTS).values()]


async def test_what_is_heard_is_appended_as_it_is(house: House) -> None:
    """Intake does not look into the message."""
    await Listening(house, FakeEar(b"{}", None, b"\xff\x00not json")).run()

    assert appended(house) == [b"{}", b"\xff\x00not json"]


@pytest.mark.parametrize("side", ["before", "after"])
async def test_an_append_without_an_answer_is_repeated_until_it_is_done(
    house: House, side: str
) -> None:
    """And appended once, whether it took effect or not.

    In which order two of one batch are sent is the event loop's: the contract holds it on asyncio, and Trio shuffles.
    """
    listening = Listening(house, FakeEar(b"one", b"two"))
    setattr(listening.inbox, side, failing("inbox.mirror", AWAY, 1, 2, 3))

    await listening.run()

    assert sorted(appended(house)) == [b"one", b"two"]
    assert listening.inbox.calls["inbox.mirror"] >= 4


async def test_a_broken_subscription_is_made_again_and_the_gap_told(house: House) -> None:
    """Messages may have been lost for as long as no intake was subscribed."""
    listening = Listening(house, FakeEar(b"one", AWAY, b"two"))

    await listening.run()

    assert appended(house) == [b"one", b"two"]
    assert listening.ear.subscriptions == 2
    (gap,) = house.told("subscription.interrupted")
    assert 0 < gap["seconds"] <= 5


async def test_a_subscription_that_was_never_broken_has_no_gap(house: House) -> None:
    """Silence is no gap."""
    listening = Listening(house, FakeEar(None, None, None))

    await listening.run()

    assert "subscription.interrupted" not in house.events
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


# ------------------------------------------------------------------------------------------- stopping


async def test_a_worker_that_stops_appends_all_that_it_has_heard(house: House) -> None:
    """Valkey is slow to answer, a burst has just arrived, and the worker has to stop."""
    heard = [b"%d" % number for number in range(700)]
    listening = Listening(house, FakeEar(*heard))
    listening.inbox.before = failing("inbox.mirror", AWAY, 1, 2, 3)

    await listening.run()

    # Those that are sent together go in whatever order the loop sends them.
    assert sorted(appended(house)) == sorted(heard)
    assert "messages.dropped" not in house.events


async def test_what_is_published_until_a_worker_has_unsubscribed_is_heard(house: House) -> None:
    """The server confirms that behind whatever was published before: all of it is on its way."""
    ear = MemoryEar(house.channel, "replica-1")
    inbox = house.world.inbox("replica-1")
    intake = Intake(ear, inbox, house.telemetry, house.clock, dice)
    draining = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run, draining)
        await house.channel.until_subscribed(1)
        for number in range(50):
            assert house.channel.publish(b"%d" % number) == 1
        draining.set()

    assert sorted(appended(house)) == sorted(b"%d" % number for number in range(50))


async def test_what_cannot_be_appended_in_time_is_counted_and_told(house: House) -> None:
    """Valkey is away for good; the worker has to be gone within 10 s."""
    listening = Listening(house, FakeEar(*[b"message"] * 300))
    listening.inbox.before = failing("inbox.mirror", AWAY, *range(1, 1000))
    began = anyio.current_time()

    await listening.run()

    assert [line["n"] for line in house.told("messages.dropped")] == [300]
    assert anyio.current_time() - began < 8


async def test_messages_that_come_faster_than_they_can_be_appended_are_told(house: House) -> None:
    """They wait in the socket, and Valkey cuts off who leaves too much unread."""
    listening = Listening(house, FakeEar(*[b"message"] * 3000))
    listening.inbox.before = failing("inbox.mirror", AWAY, *range(1, 10))

    await listening.run()

    assert house.told("hearing.behind")[0]["waiting"] == MOST
    assert len(appended(house)) == 3000
