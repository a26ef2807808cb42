"""Batches of messages on their way into the stream, on a real Valkey that lets only a part of them in."""

from hashlib import sha256

import pytest

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.inbox import ValkeyInbox
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.delivery import Stream
from monarch.ports import Hearing, StoreError
from monarch.sandbox.valkey import EmbeddedValkey


async def test_what_was_let_in_before_the_memory_ran_out_is_not_appended_again_when_it_is_back(
    server: EmbeddedValkey, request: pytest.FixtureRequest
) -> None:
    """It lasted for longer than a hearing is remembered; the whole batch is tried again all the same."""
    first, second = Hearing("ear:1", b"first"), Hearing("ear:2", b"second")
    async with connected(server.url, "tests", connections=4) as client:
        keys = Keys(request.node.name)
        inbox = ValkeyInbox(Scripts(client, keys.prefix), keys, "ear", lambda: 0)
        in_the_way = keys.inbox(hash_of(second))
        await client.set(in_the_way, "x")
        with pytest.raises(StoreError):
            await inbox.mirror([first, second])
        await client.delete(in_the_way, keys.inbox(hash_of(first)))

        told = await inbox.mirror([first, second])

        entries = await client.xrange(keys.stream(Stream.REQUESTS))
        assert [fields[b"payload"] for _, fields in entries] == [b"first", b"second"]
        assert [entry.decode() for entry, _ in entries] == list(told)


def hash_of(hearing: Hearing) -> str:
    """What Valkey knows its bytes by."""
    return sha256(hearing.payload).hexdigest()


@pytest.mark.parametrize("name", ["known", "open", "hearing"])
async def test_a_message_is_appended_once_although_a_key_behind_the_append_is_broken(
    server: EmbeddedValkey, request: pytest.FixtureRequest, name: str
) -> None:
    """The append was done and failed, so each repetition appended the message again."""
    hearing = Hearing("ear:1", b"only")
    async with connected(server.url, "tests", connections=4) as client:
        keys = Keys(f"{request.node.name}")
        inbox = ValkeyInbox(Scripts(client, keys.prefix), keys, "ear", lambda: 0)
        await client.set(keys.prefix + name, "text")
        for _ in range(3):
            with pytest.raises(StoreError, match=f"{name} is a string and should be a"):
                await inbox.mirror([hearing])
        await client.delete(keys.prefix + name)

        (told,) = await inbox.mirror([hearing])

        ((entry, _),) = await client.xrange(keys.stream(Stream.REQUESTS))
        assert entry.decode() == told
