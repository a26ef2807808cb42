"""The subscription, and the canary that shows whether it still hears."""

from collections.abc import AsyncIterator, Awaitable
from typing import cast

import pytest
from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub

from monarch.adapters.valkey import subscriber as ear_module
from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.subscriber import CANARIES_MISSED, CANARY_EVERY_S, ValkeyEar
from monarch.ports import Hearing, StoreError
from monarch.sandbox.valkey import EmbeddedValkey

CHANNEL = "channel-of-the-ear"


class Ears:
    """An ear with a clock that the test winds."""

    def __init__(self, subscriber: Valkey, speaker: Valkey) -> None:
        self.now = 0.0
        self.speaker = speaker
        self.ear = ValkeyEar(
            subscriber, speaker, Keys("ear"), CHANNEL, "replica-1", lambda: self.now
        )

    async def publish(self, *messages: bytes) -> None:
        """A publisher speaks."""
        for message in messages:
            await self.speaker.publish(CHANNEL, message)


@pytest.fixture
async def ears(server: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ears]:
    """An ear that is not subscribed yet, and says at once that nothing was said."""
    monkeypatch.setattr(ear_module, "_LISTEN_S", 0.2)
    subscriber, speaker = connect(server.url, "ear"), connect(server.url, "speaker")
    yield Ears(subscriber, speaker)
    await subscriber.aclose()
    await speaker.aclose()


async def next_message(hearings: AsyncIterator[Hearing | None]) -> Hearing:
    """What is heard next, silence left out."""
    async for hearing in hearings:
        if hearing is not None:
            return hearing
    raise AssertionError


async def test_what_is_published_is_heard_in_order_and_under_ids_of_its_own(ears: Ears) -> None:
    """Bytes as they are, and no two hearings of one name."""
    async with ears.ear.listen() as hearings:
        await ears.publish(b"one", b"\xff\x00", b"one")
        heard = [await next_message(hearings) for _ in range(3)]

    assert [h.payload for h in heard] == [b"one", b"\xff\x00", b"one"]
    assert len({h.id for h in heard}) == 3


async def test_silence_is_heard_as_being_alive(ears: Ears) -> None:
    """Nothing comes, and the ear says so."""
    async with ears.ear.listen() as hearings:
        assert await anext(hearings) is None


async def test_it_knows_since_when_it_hears(ears: Ears) -> None:
    """By the server's clock."""
    async with ears.ear.listen():
        pass

    seconds, _ = await ears.speaker.time()
    assert abs(ears.ear.subscribed_ms / 1000 - int(seconds)) < 5


async def test_a_canary_keeps_the_subscription_alive(ears: Ears) -> None:
    """An hour of silence is no reason to give it up."""
    async with ears.ear.listen() as hearings:
        for _ in range(8):
            await anext(hearings)
            ears.now += CANARY_EVERY_S / 2


async def test_a_subscription_without_its_canaries_is_dead(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a black hole nothing comes, and nothing fails."""
    async with ears.ear.listen() as hearings:
        await ears.publish(b"behind the hole")
        _winding(ears, monkeypatch, CANARY_EVERY_S, vain=1_000)
        with pytest.raises(StoreError, match="no canary was heard for 20 s"):
            await next_message(hearings)


async def test_what_was_published_to_a_frozen_worker_is_heard_when_it_thaws(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was frozen for half a minute, found no canary, and threw away the messages that waited in the socket."""
    async with ears.ear.listen() as hearings:
        await anext(hearings)
        await ears.publish(b"one", b"two")
        _winding(ears, monkeypatch, 30.0, vain=1)
        heard = [await next_message(hearings) for _ in range(2)]
        for _ in range(CANARIES_MISSED + 1):
            assert await anext(hearings) is None

    assert [(h.payload, h.late_ms) for h in heard] == [(b"one", 30_000), (b"two", 30_000)]


def _winding(ears: Ears, monkeypatch: pytest.MonkeyPatch, seconds: float, vain: int) -> None:
    """From now on each listening in vain lasts so long, and the first so many end without reading what waits."""
    real, left = PubSub.get_message, [None] * vain

    async def get_message(self: PubSub, **options: float) -> object:
        found = left.pop() if left else await real(self, **options)  # type: ignore[arg-type]  # as they came
        if found is None:
            ears.now += seconds
        return found

    monkeypatch.setattr(PubSub, "get_message", get_message)


async def test_a_subscription_that_is_cut_off_says_so(ears: Ears) -> None:
    """So that it is made again."""
    async with ears.ear.listen() as hearings:
        await anext(hearings)
        await ears.speaker.client_kill_filter(_type="pubsub")

        with pytest.raises(StoreError):
            await next_message(hearings)


async def test_a_gap_in_hearing_is_kept_from_when_to_when(ears: Ears) -> None:
    """From the last moment at which it certainly heard; the first subscription ends none."""
    hearing, gap = Keys("ear").hearing, "gap:replica-1"
    async with ears.ear.listen() as hearings:
        await ears.publish(b"one")
        await next_message(hearings)
        first = await cast("Awaitable[bytes | None]", ears.speaker.hget(hearing, gap))
    ears.now += 13
    async with ears.ear.listen():
        kept = await cast("Awaitable[bytes]", ears.speaker.hget(hearing, gap))

    assert first is None
    since_ms, until_ms = map(int, kept.split())
    assert (until_ms - since_ms, until_ms) == (13_000, ears.ear.subscribed_ms)


async def test_messages_that_came_while_one_was_being_appended_are_all_heard(ears: Ears) -> None:
    """Valkey was out of memory for a minute: the other seven of a cohort wait in the socket, and none is dropped."""
    async with ears.ear.listen() as hearings:
        await ears.publish(b"one", b"two", b"three")
        heard = [await next_message(hearings)]
        ears.now += 60
        heard += [await next_message(hearings) for _ in range(2)]

    assert [h.payload for h in heard] == [b"one", b"two", b"three"]


async def test_what_was_published_before_it_unsubscribed_is_heard_to_the_last(ears: Ears) -> None:
    """A worker stops in the middle of a burst; what comes after that is for the others."""
    async with ears.ear.listen() as hearings:
        await ears.publish(*(b"%d" % number for number in range(500)))
        first = await next_message(hearings)
        await ears.ear.unsubscribe()
        await ears.publish(b"too late")
        heard = [first, *[one async for one in hearings if one is not None]]

    assert [one.payload for one in heard] == [b"%d" % number for number in range(500)]


async def test_who_stops_while_it_subscribes_hears_out_what_comes_with_it(ears: Ears) -> None:
    """And then no more."""
    await ears.ear.unsubscribe()
    async with ears.ear.listen() as hearings:
        assert [one async for one in hearings if one is not None] == []
